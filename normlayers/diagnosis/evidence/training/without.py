"""Trials with something that a model is trained with, and without it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from normlayers.diagnosis.evidence.training.flow import Flow
from normlayers.diagnosis.evidence.training.program import TrainingProgram
from normlayers.diagnosis.evidence.training.trials import GOOD_PROGRESS, Trials, in_words

# Regularizers of a smaller part of the loss at first are not tried without.
SMALL_PENALTY = 0.1
# Nor is clipping that leaves more than this part of a gradient's length.
MUCH_LEFT = 0.01
# Nor are dropouts of no higher rate.
USUAL_DROPOUT = 0.5
# They are tried at the model's rate and at such multiples of it: at one as small as usual, weights
# take more steps than a trial has to lose what they know.
OF_PENALTY, OF_CLIPPING, OF_DROPOUT = (10.0,), (10.0, 100.0), (10.0,)
# What is little of the progress; at a rate that is not the model's, less must be left to count.
LITTLE, NEXT_TO_NOTHING = 0.25, 0.1


@dataclass(frozen=True)
class Without:
    """Two trials.

    Attributes:
        part: of the loss at first, which part regularizers are; of gradients, which part clipping
            leaves; the highest rate of a dropout.
        progress: by how much the loss fell, as a share of what it was; ``-inf`` where it became
            NaN or infinite.
        free: the same without.
        steps: of a trial.
        rate: the learning rate of both.
    """

    part: float
    progress: float
    free: float
    steps: int
    rate: float

    def left(self) -> float:
        """What part of the progress is left; 1 where there is little without, too."""
        is_known = self.free > GOOD_PROGRESS or (self.free > 0 and self.progress == -np.inf)
        return self.progress / self.free if is_known else 1.0

    def is_little(self) -> bool:
        """Whether little of the progress is left."""
        return self.left() <= LITTLE

    def course(self) -> str:
        """What the loss does, in words."""
        return in_words(self.progress)


def without_penalty(trials: Trials, free: TrainingProgram, before: float) -> Without | None:
    """How the loss on the data falls with regularizers; ``None`` where they are little of it.

    Args:
        trials: of the model.
        free: the model's program without regularizers.
        before: the loss at first, regularizers included.
    """
    at_first = trials.first_loss(free)
    share = (before - at_first) / max(abs(before), 1e-12)
    if not share > SMALL_PENALTY:
        return None
    # What begins above the loss of weights that are 0 falls to it without learning anything.
    at_first = min(at_first, trials.first_loss(free, at_zero=True))
    return _tried(trials, free, at_first, share, free, OF_PENALTY)


def without_clipping(
    trials: Trials, unclipped: Callable[[], TrainingProgram], flow: Flow
) -> Without | None:
    """How the loss falls with clipping; ``None`` where gradients are hardly clipped.

    Args:
        trials: of the model.
        unclipped: makes the model's program without clipping.
        flow: of gradients where trials begin.
    """
    known = flow.relative > 0
    if not known.any():
        return None
    left = float(np.median(flow.clipped[known] / flow.relative[known]))
    if left > MUCH_LEFT:
        return None
    return _tried(trials, unclipped(), flow.loss, left, trials.program, OF_CLIPPING)


def without_dropout(trials: Trials, whole: TrainingProgram, before: float) -> Without:
    """How the loss of the whole network falls with dropouts.

    Args:
        trials: of the model.
        whole: the model's program without dropouts.
        before: the loss at first by that program.
    """
    rate = trials.program.drops
    own = _tried(trials, whole, before, rate, whole, faster=())
    # A higher rate only where the model's tells nothing: there as much may well be too much.
    if own.free > GOOD_PROGRESS:
        return own
    return _tried(trials, whole, before, rate, whole, OF_DROPOUT)


def _tried(
    trials: Trials,
    free: TrainingProgram,
    before: float,
    part: float,
    measured_by: TrainingProgram,
    faster: tuple[float, ...],
) -> Without:
    """At the model's rate, or at a higher one where only that tells."""
    program = trials.program

    def at(rate: float) -> Without:
        progress, alone = (
            trials.at(rate, before, by, measured_by).progress for by in (program, free)
        )
        return Without(part, progress, alone, trials.steps, rate)

    own = at(program.rate)
    if own.is_little():
        return own
    for factor in faster:
        found = at(factor * program.rate)
        # Nothing is told of a rate that is not the model's, and too high for it.
        if np.isfinite(found.progress) and found.left() <= NEXT_TO_NOTHING:
            return found
    return own

"""Short trainings of equal length, and how well they end on rows held out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from normlayers.diagnosis.evidence.losses import loss_kind
from normlayers.diagnosis.evidence.outputs import compared
from normlayers.diagnosis.evidence.problem import reason
from normlayers.diagnosis.evidence.training.compiled_loss import make_variables
from normlayers.diagnosis.repair.given import Given, losses_of, whole
from normlayers.diagnosis.repair.own_loss import score_by, tells_alone
from normlayers.diagnosis.repair.plan import Plan
from normlayers.diagnosis.repair.rebuild import as_taken, build, compile_as
from normlayers.diagnosis.repair.target import NONE, Score, score
from normlayers.inference.kept_values import KeptValues
from normlayers.inference.recalibration import recalibrate
from normlayers.tracking.reading.kept_attributes import kept_attributes

Array = npt.NDArray[Any]

# Enough for a small network to show whether it learns; experiment: benchmarks/repair.py.
STEPS = 150
MOST_EPOCHS = 20
ROWS_AT_ONCE = 512
# More rows do not decide better which of two cures helps.
MOST_ROWS = 4_000


@dataclass(frozen=True)
class Split:
    """The rows, some of them held out.

    Attributes:
        x, y: arrays, one an input and one an output.
        held_x, held_y: of the rows held out.
        names: of the inputs, where they came in a dict.
        remark: what was read, where it was not all.
    """

    x: list[Array]
    y: list[Array]
    held_x: list[Array]
    held_y: list[Array]
    names: tuple[str, ...] = ()
    remark: str = ""


def split(
    x: list[Array], y: list[Array], share: float, seed: int, names: tuple[str, ...] = ()
) -> Split:
    """Rows in random order, a share of them held out."""
    rows = np.random.default_rng(seed).permutation(len(x[0]))
    held = max(1, round(share * len(rows)))
    if held == len(rows):
        raise ValueError(
            f"validation_split must leave rows to train on. Received: validation_split={share} of "
            f"{held} rows."
        )
    held_out, train = rows[:held][:MOST_ROWS], rows[held:]
    return Split(
        [part[train] for part in x],
        [part[train] for part in y],
        [part[held_out] for part in x],
        [part[held_out] for part in y],
        names,
    )


def epochs_for(rows: int, batch_size: int) -> int:
    """How many passes make a short training."""
    steps = max(1, -(-min(rows, MOST_ROWS) // batch_size))
    return int(np.clip(round(STEPS / steps), 1, MOST_EPOCHS))


class ShortTraining:
    """A plan's model, trained from the same start at one learning rate or another.

    Of a model that had been trained before, the start is kept where training makes it worse; of any
    where training ends in nothing that can be scored.
    ``failure`` is what training it raised, ``""`` where it ran to its end.

    Args:
        plan: of the model.
        given: what it is made of.
        rows: to train and to score with.
        epochs: passes over the rows; ``None``: what ``epochs_for`` says of the plan's batches.
        seed: of weights that start afresh, and of the order of the rows.
    """

    def __init__(
        self, plan: Plan, given: Given, rows: Split, epochs: int | None, seed: int
    ) -> None:
        keras.utils.set_random_seed(seed)
        self.plan = plan
        self.model = build(plan, given)
        self.model.optimizer.build(self.model.trainable_variables)
        self.failure = ""
        self.epochs = epochs or epochs_for(len(rows.x[0]), plan.batch_size)
        self._given, self._rows, self._seed = given, rows, seed
        self._variables = [*self.model.variables, *self.model.optimizer.variables]
        self._start = KeptValues(self._variables)
        self._has_variables = False

    def run(self, rate: float | None) -> Score:
        """Train from the start; ``model`` is the trained one after it."""
        self._start.give_back()
        if rate is not None:
            self.model.optimizer.learning_rate = rate
        keras.utils.set_random_seed(self._seed)
        start, kept, self.failure = NONE, self._start, ""
        try:
            if self._given.trained:
                start = self._score()
                kept = KeptValues(self._variables)
            self._train()
            score = self._score()
        except Exception as error:  # training that fails is no good, whatever it raises
            score, self.failure = NONE, reason(error)
        if start > score or score == NONE:
            kept.give_back()
        return max(start, score)

    def _score(self) -> Score:
        if self.plan.recalibrates:
            recalibrate(self.model, self._to_recalibrate(), verbose=False)
        return scored(self.model, self._given, self._rows)

    def _to_recalibrate(self) -> Any:
        x = as_taken(self.model, self._rows.x)
        if not isinstance(x, list | tuple):
            return x
        # A list would be one of batches.
        return {own.name: part for own, part in zip(self.model.inputs, x, strict=True)}

    def _train(self) -> None:
        """Step by step: ``fit`` takes many times as long where processors are shared."""
        rows, size = self._rows, self.plan.batch_size
        for batch in batches(len(rows.x[0]), size, self.epochs, self._seed):
            x, y = ([_tensor(part[batch]) for part in parts] for parts in (rows.x, rows.y))
            taken, labels = as_taken(self.model, x), self.labels(y)
            if not self._has_variables:
                make_variables(self.model, labels, partial(_called, self.model, taken))
                self._has_variables = True
            self.model.train_on_batch(taken, labels)

    def forget_labels(self) -> None:
        """Let labels come as they may; Keras keeps which outputs those of the first are of."""
        if isinstance(self.model.loss, dict):
            compile_as(self.model, self.plan, self._given, self.model.optimizer)

    def labels(self, y: list[Any]) -> Any:
        """As losses take them: by name where they are so; then none of outputs without one."""
        if not isinstance(self.model.loss, dict):
            return whole(y)
        return {self._given.output_names[number]: y[number] for number in self._given.learned}


def batches(rows: int, size: int, epochs: int, seed: int) -> Iterator[Array]:
    """The rows of each step, in another random order in each pass.

    Only whole batches, where there is one: another length would be compiled anew.
    """
    random = np.random.default_rng(seed)
    for _ in range(epochs):
        order = random.permutation(rows)[:MOST_ROWS]
        for start in range(0, max(1, len(order) - size + 1), size):
            yield order[start : start + size]


def scored(model: keras.Model, given: Given, rows: Split) -> Score:
    """How well a model predicts the rows held out; the mean over the outputs that are trained."""
    try:
        outputs = predicted(model, rows.held_x, given)
    except Exception:  # a model that cannot be run is no good, whatever it raises
        return NONE
    if model in (given.model, given.built):  # which may have no loss yet
        losses = list(given.plan().losses)
    else:
        losses = losses_of(model, given.output_names)
    found = []
    for number in given.learned:
        target, loss, values = given.targets[number], losses[number], outputs[number]
        y = compared(rows.held_y[number], values.shape)
        if tells_alone(given, number):
            found.append(score_by(given.losses[number], y, values))
            continue
        known = loss_kind(loss)
        logits = known is not None and known.from_logits
        centred = logits or (known is not None and known.kind == "hinge")
        found.append(score(target, y, values, 0.0 if centred else 0.5, logits))
    return Score(
        float(np.mean([one.quality for one in found])),
        float(np.mean([one.metric for one in found])),
    )


def predicted(model: keras.Model, x: list[Array], given: Given) -> list[Array]:
    """A model's outputs for rows; the model stays as it is."""
    batches = []
    # The given model too is run, whose seeds and counters are to stay as they are.
    with kept_attributes(model), keras.StatelessScope():
        for start in range(0, len(x[0]), ROWS_AT_ONCE):
            rows = as_taken(model, [part[start : start + ROWS_AT_ONCE] for part in x], given)
            out = model(rows, training=False)
            batches.append([_numpy(tensor) for tensor in keras.tree.flatten(out)])
    return [np.concatenate(parts) for parts in zip(*batches, strict=True)]


def _called(model: keras.Model, rows: Any) -> Any:
    """A model's outputs; the model stays as it is."""
    with kept_attributes(model), keras.StatelessScope():
        return model(rows, training=False)


def _tensor(rows: Array) -> Any:
    """As ``fit`` hands them to losses and metrics, of which some take no arrays of NumPy's."""
    return keras.ops.convert_to_tensor(rows) if rows.dtype.kind in "fiub" else rows


def _numpy(tensor: Any) -> Array:
    return np.asarray(keras.ops.convert_to_numpy(keras.ops.stop_gradient(tensor)))

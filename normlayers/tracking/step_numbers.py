"""Where training is, in the steps that TensorBoard shows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import keras
from keras import ops


class StepNumbers:
    """Counts what has been trained, through one ``fit`` and those that follow.

    Args:
        unit: what steps are: ``"epoch"``, or ``"step"`` for batches.
        every: Keras's epochs, or steps, from one observation to the next.
        passes_per_epoch: passes over the data in what Keras calls an epoch.

    Attributes:
        step: the step that training is at; ``None`` before its first epoch.

    Example:
        >>> numbers = StepNumbers("epoch", every=2)
        >>> numbers.begin_epoch(0, lambda: None)
        True
        >>> numbers.end_epoch(0), numbers.end_epoch(1), numbers.step
        (False, True, 2)
    """

    def __init__(
        self, unit: Literal["epoch", "step"], every: int = 1, passes_per_epoch: int = 1
    ) -> None:
        self.step: int | None = None
        self._in_batches = unit == "step"
        self._every = every
        self._passes = passes_per_epoch
        self._offset = 0  # where training counts anew
        self._epoch_start = 0
        self._steps: int | None = None  # of an epoch
        self._trained: Callable[[], int] = lambda: 0  # in this epoch, as the optimizer counts
        self._reached = 0  # the last step that has been seen
        self._loop_offset: int | None = None
        self._earlier = 0  # the last step of an earlier run

    def begin_training(self) -> None:
        """Expect a first epoch."""
        self.step = None

    def go_on_after(self, last: int) -> None:
        """Number on after the last step of an earlier run."""
        self._earlier = max(self._earlier, last)
        self._reached = max(self._reached, last)

    def of_loop(self, step: int) -> int:
        """The number of a step that a training loop of one's own counts."""
        if self._loop_offset is None:
            self._loop_offset = max(0, self._earlier - step)
        number = step + self._loop_offset
        self._reached = max(self._reached, number)
        return number

    def begin_epoch(
        self, epoch: int, optimizer: Callable[[], Any], steps: int | None = None
    ) -> bool:
        """Note that an epoch begins, and return whether it is the first of this training.

        Args:
            epoch: Keras's number of it.
            optimizer: returns the model's as it is now, which counts the batches; or ``None``.
            steps: how many batches Keras expects in it, where it knows.
        """
        first = self.step is None
        if self.step is None:
            start = epoch * self._passes
            if self._in_batches:
                start = iterations(optimizer())
            # Training that starts counting anew goes on from where it was.
            self._offset = max(0, self._reached - start)
            self.step = start + self._offset
        self._epoch_start, self._steps = self.step, steps
        if self._in_batches and steps is None:
            before = iterations(optimizer())
            self._trained = lambda: iterations(optimizer()) - before
        return first

    def end_batch(self, batch: int) -> bool:
        """Note that a batch of the epoch is done, and return whether an observation is due."""
        if self.step is None:
            return False
        before = self.step
        # Keras counts an execution that the data end in as a whole one.
        self._reach(min(batch + 1, self._steps or batch + 1))
        due = self.step // self._every > before // self._every
        if due and self._steps is None:
            self._recount()
        return self.step // self._every > before // self._every

    def end_epoch(self, epoch: int) -> bool:
        """Note that an epoch is done, and return whether an observation is due."""
        if self._in_batches:
            if self._steps is None:
                self._recount()
            return False
        self.step = (epoch + 1) * self._passes + self._offset
        self._reached = self.step
        return (epoch + 1) % self._every == 0

    def _reach(self, trained: int) -> None:
        self.step = self._reached = self._epoch_start + trained

    def _recount(self) -> None:
        """Correct the step by the optimizer's count: asked rarely, for training waits for it."""
        counted = (self.step or 0) - self._epoch_start
        trained = self._trained()
        if 0 < trained < counted:
            self._reach(trained)


def iterations(optimizer: Any) -> int:
    """How many batches an optimizer has seen; 0 of no optimizer."""
    if optimizer is None:
        return 0
    # A copy, for a variable that is mirrored over devices converts to no number itself.
    return int(ops.convert_to_numpy(ops.copy(optimizer.iterations)))


def whole_step(step: Any) -> int:
    """A step as a number, from a number or a Keras variable such as ``optimizer.iterations``.

    Raises:
        ValueError: it is not a non-negative integer.
    """
    try:
        number = ops.convert_to_numpy(ops.copy(step)) if isinstance(step, keras.Variable) else step
        whole = -1 if isinstance(number, str | bytes) else int(number)
        if whole == number and whole >= 0:
            return whole
    except (TypeError, ValueError, OverflowError):
        pass
    raise ValueError(f"step must be a non-negative integer. Received: step={step!r}")

"""How far training moves a model's weights, and how steep its loss is."""

from __future__ import annotations

import operator
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
from keras import ops

from normlayers.tracking.reading.input_summary import is_matrix
from normlayers.tracking.reading.loss_gradient import LossGradient
from normlayers.tracking.reading.probe import Reading
from normlayers.tracking.tracked_points import TrackedPoints

Array = npt.NDArray[Any]

# Weights beyond as many are not kept from one observation to the next.
WEIGHTS_KEPT = 50_000_000
# A gradient is taken on so many of the points, as long as the activations that a backward pass
# keeps are no more than these values, and on no fewer points than those.
GRADIENT_POINTS, GRADIENT_VALUES, FEWEST_POINTS = 256, 2**24, 8
# Memory for the squares of all weights would be new, page by page, at every observation.
SQUARED_AT_ONCE = 2**16


class TrainingNorms:
    """``gradient_norm`` and ``update_norm`` of a model, from one observation to the next.

    Args:
        model: a built model.
        points: the points it is watched on.

    Attributes:
        remarks: by measure, why it is not measured; known from the first ``read`` on.
    """

    def __init__(self, model: keras.Model, points: TrackedPoints) -> None:
        self.remarks: dict[str, str] = {}
        self._model, self._points = model, points
        self._before: list[tuple[Any, Array]] = []  # weights, and their values when last observed
        self._gradient: LossGradient | None = None
        self._trained: tuple[Any, list[Any]] = (None, [])  # the loss, and the trainable weights
        self._matrices = np.zeros(0, bool)  # which of them are matrices

    def follow_change(self) -> None:
        """Trace the model anew, and try again what could not be measured of it as it was.

        Its weights are compared with those before all the same, if they are of the same shapes.
        """
        self._gradient, self.remarks = None, {}

    def read(self, reading: Reading) -> dict[str, float]:
        """The norms now.

        Args:
            reading: of the model as it is.

        Returns:
            ``update_norm``: ``|w - w'| / |w|`` over all trainable weights ``w`` and those at the
            last observation ``w'``, NaN where some were not trained then, as at the first;
            ``gradient_norm``: length of the loss's
            gradient by all of them; ``gradient_norm_smallest``: of the weight matrix where it is
            shortest. Measures that cannot be had are left out.
        """
        self._follow_compile()
        told: dict[str, float] = {}
        if "update_norm" not in self.remarks:
            told |= self._update()
        if "gradient_norm" not in self.remarks:
            try:
                told |= self._slope(reading)
            except Exception as error:  # a measure less is no reason to stop
                # The first line: Keras's errors go on for pages.
                reason = (str(error).strip() or type(error).__name__).splitlines()[0]
                self._gradient, self.remarks["gradient_norm"] = None, reason
        return told

    def _follow_compile(self) -> None:
        """Follow another loss, and layers that were frozen or unfrozen."""
        (loss, before), trained = self._trained, self._model.trainable_variables
        now = getattr(self._model, "loss", None)
        same = len(before) == len(trained) and all(map(operator.is_, before, trained))
        if loss is not now or not same:
            self._trained = now, list(trained)
            self._matrices = np.array(list(map(is_matrix, trained)), bool)
            self.follow_change()

    def _update(self) -> dict[str, float]:
        variables = self._model.trainable_variables
        if not variables:
            self.remarks["update_norm"] = "the model has no trainable weights"
            return {}
        if sum(int(np.prod(v.shape)) for v in variables) > WEIGHTS_KEPT:
            self.remarks["update_norm"] = f"the model has more than {WEIGHTS_KEPT:,} weights"
            self._before = []
            return {}
        # A backend may go on using what it shows: it is copied, to memory that is there already.
        now = [np.asarray(ops.convert_to_numpy(ops.copy(v))) for v in variables]
        kept = self._kept(variables)
        is_known = bool(kept)
        kept = kept or [np.array(n, "float32") for n in now]
        self._before = list(zip(variables, kept, strict=True))
        if not is_known:
            return {"update_norm": float("nan")}
        for before, after in zip(kept, now, strict=True):
            np.subtract(after, before, out=before, dtype="float32", casting="unsafe")
        moved = _length(kept)
        for before, after in zip(kept, now, strict=True):
            np.copyto(before, after, casting="unsafe")
        size = _length(kept)
        return {"update_norm": moved / size if size else float("nan")}

    def _kept(self, variables: list[Any]) -> list[Array]:
        """Their values at the last observation; none where those of some are not known."""
        known = {id(variable): value for variable, value in self._before}
        found = [known[id(v)] for v in variables if id(v) in known]
        values = [value for _, value in self._before]
        if not found and [v.shape for v in values] == [tuple(v.shape) for v in variables]:
            return values  # of layers that others have taken the places of
        return found if len(found) == len(variables) else []

    def _slope(self, reading: Reading) -> dict[str, float]:
        if self._gradient is None:
            self._gradient = self._gradient_of(reading)
        norms = self._gradient.norms()
        told = {"gradient_norm": _length([norms])}
        if self._matrices.sum() > 1:
            told["gradient_norm_smallest"] = float(norms[self._matrices].min())
        return told

    def _gradient_of(self, reading: Reading) -> LossGradient:
        labels, x = self._points.labels, self._points.x
        if labels is None:
            raise ValueError("the tracker has no classes `y`")
        if not self._model.trainable_variables:
            raise ValueError("the model has no trainable weights")
        values = sum(int(s["counts"].sum()) for s in reading.summaries.values()) // len(labels)
        most = min(len(labels), GRADIENT_POINTS, GRADIENT_VALUES // max(1, values))
        if most < min(len(labels), FEWEST_POINTS):
            raise ValueError(f"its activations are too many, {values:,} a point")
        chosen = np.linspace(0, len(labels) - 1, most).astype(int)
        few = keras.tree.map_structure(lambda part: part[chosen], x)
        return LossGradient(self._model, few, labels[chosen], reading.output[chosen])


def _length(parts: list[Array]) -> float:
    chunks = [
        part.ravel()[start : start + SQUARED_AT_ONCE]
        for part in parts
        for start in range(0, part.size, SQUARED_AT_ONCE)
    ]
    squares = sum(float(np.sum(np.square(chunk), dtype=float)) for chunk in chunks)
    if not 1e-20 < squares < 1e30:  # they may have vanished, or overflowed, in their own type
        squares = sum(float(np.sum(np.square(chunk, dtype=float))) for chunk in chunks)
    return float(np.sqrt(squares))

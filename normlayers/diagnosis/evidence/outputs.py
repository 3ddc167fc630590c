"""Each output of a model, with its loss and its targets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
from keras import ops

from normlayers.diagnosis.evidence.calls import (
    DROPOUTS,
    LINEAR,
    NORMALIZING,
    RESHAPING,
    SCALING,
    Call,
    Graph,
    is_own,
)
from normlayers.diagnosis.evidence.losses import Loss, loss_kind, refusal
from normlayers.diagnosis.evidence.problem import CannotCheckError
from normlayers.diagnosis.evidence.training.own_losses import Tried, tried
from normlayers.inference.graph import output_names

Array = npt.NDArray[Any]


# How far an output may be from a line, as a share of its range, and still be scaled and shifted.
AFFINE = 0.02


@dataclass(frozen=True)
class Rescaled:
    """A factor and an offset for each unit, or one for all of them."""

    factor: tuple[float, ...] = (1.0,)
    offset: tuple[float, ...] = (0.0,)


AS_IT_IS = Rescaled()


@dataclass(frozen=True)
class Output:
    """An output of a model on the data.

    Attributes:
        name: of the output.
        layer: name of the layer that makes it; ``""`` where that is not known.
        activation: the Keras name of that layer's activation; ``""`` where not known.
        before: where it is an activation of its own, the one that it is applied to; else ``""``.
        values: what comes out, shape ``(rows, ..., units)``.
        loss: its loss; ``None`` where the model is not compiled with one.
        targets: in the rows of ``values``, in the form in which losses compare them with these;
            ``None`` without ``y``.
        every_target: of all rows that were read, likewise.
        rescaled: what layers behind the last matrix make of each unit; ``None`` where they do
            more than to scale and shift it.
        refused: why the loss cannot be computed of targets of another shape than ``values``;
            ``""`` where it can.
        tried: what was seen of a loss of somebody's own.
    """

    name: str
    layer: str
    activation: str
    before: str
    values: Array
    loss: Loss | None
    targets: Array | None
    every_target: Array | None
    rescaled: Rescaled | None
    refused: str
    tried: Tried

    @property
    def units(self) -> int:
        """Length of the last axis; 1 where there is none."""
        return int(self.values.shape[-1]) if self.values.ndim > 1 else 1


def outputs_of(
    model: keras.Model, graph: Graph, loss: Any, targets: Any, every_target: Any
) -> list[Output]:
    """Each output with its loss and targets.

    Args:
        model: which was recorded.
        graph: the record.
        loss: as it was compiled with: one, a list or a dict of them, or ``None``.
        targets: of the recorded rows, an array, or a list or a dict of them; or ``None``.
        every_target: of all rows, likewise.

    Raises:
        CannotCheckError: there are several outputs, and targets or losses in another structure.
    """
    names = output_names(model)
    if len(names) != len(graph.outputs):
        names = _own_names(graph)
    losses = _by_output(loss, names, "losses")
    parts = _by_output(targets, names, "targets")
    every = _by_output(every_target, names, "targets")
    found = []
    for number, tensor in enumerate(graph.outputs):
        maker = graph.maker(tensor)
        activated = _maker_of_values(graph, tensor)
        values = np.asarray(ops.convert_to_numpy(ops.cast(tensor, "float32")))
        activation, kind = _activation(activated), loss_kind(losses[number])
        judged = losses[number] if kind is not None and kind.own else None
        found.append(
            Output(
                names[number],
                "" if maker is None else maker.name,
                activation,
                _before(graph, activated),
                values,
                kind,
                _compared(parts[number], values),
                _compared(every[number], values),
                _rescaled(graph, tensor),
                _refused(losses[number], parts[number], tensor),
                tried(judged, parts[number], tuple(tensor.shape), activation),
            )
        )
    return found


def _own_names(graph: Graph) -> list[str]:
    """Names for outputs that the model does not name; of several, keys may be their layers' names
    in another order."""
    makers = [graph.maker(tensor) for tensor in graph.outputs]
    if len(makers) == 1 and makers[0] is not None:
        return [makers[0].name]
    return [f"output {i}" for i in range(len(makers))]


def compared(y: Array, shape: tuple[int | None, ...]) -> Array:
    """Targets in the form in which Keras's losses compare them with an output.

    Where one of the two has an axis more at its end, of length 1, it is the same without it.

    Args:
        y: shape ``(rows, ...)``.
        shape: of the output; its number of rows does not matter, nor do lengths that are ``None``.

    Example:
        >>> compared(np.zeros((9, 7)), (5, 7, 1)).shape, compared(np.zeros((9, 7, 1)), (5, 7)).shape
        ((9, 7, 1), (9, 7))
    """
    if y.ndim > 1 and _fit((*y.shape, 1), shape):
        return y[..., None]
    if y.ndim > 2 and _fit(y.shape, (*shape, 1)):
        return y[..., 0]
    return y


def _fit(targets: tuple[int, ...], outputs: tuple[int | None, ...]) -> bool:
    """Whether all axes but the rows' are as long, as far as is known."""
    pairs = zip(targets[1:], outputs[1:], strict=False)
    return len(targets) == len(outputs) and all(there in (None, here) for here, there in pairs)


def are_ones(values: Array) -> bool:
    """Whether all are 1 but for rounding, as a softmax over an axis of length 1 has it.

    On some processors it is 1 exactly, on others the number before.

    Example:
        >>> are_ones(np.full((4, 1), 1 - 6e-8)), are_ones(np.array([[1.0], [0.9]]))
        (True, False)
    """
    return bool(np.all(np.abs(values - 1) < 0.01))


def known(y: Array) -> Array:
    """The rows of targets, of shape ``(rows, ...)``, in which every one is a number."""
    return y[are_known(y)]


def are_known(y: Array) -> Array:
    """Which rows of targets hold numbers alone, shape ``(rows,)``.

    Args:
        y: shape ``(rows, ...)``.

    Example:
        >>> are_known(np.array([[1.0, np.nan], [2.0, 3.0]])).tolist()
        [False, True]
    """
    return np.asarray(np.isfinite(y).reshape(len(y), -1).all(axis=1))


def _compared(y: Array | None, values: Array) -> Array | None:
    return None if y is None else compared(y, values.shape)


def _refused(loss: Any, y: Array | None, tensor: Any) -> str:
    """Of targets that are numbers: of NaN the loss says nothing of their shape."""
    if loss is None or y is None or y.dtype.kind not in "biuf" or not np.isfinite(y).all():
        return ""
    y, shape = compared(y, tensor.shape), tuple(tensor.shape)
    return "" if shape in (y.shape, (*y.shape, 1)) else refusal(loss, y, tensor)


def in_order(values: Mapping[str, Any], names: list[str]) -> list[Any]:
    """What is kept by outputs' names, in their order; ``None`` where there is nothing.

    Where none of the names is known, as Keras flattens it: so come the outputs of a model that
    gives a dict and does not say what is in it.

    Example:
        >>> in_order({"b": 2, "a": 1}, ["a", "b", "c"]), in_order({"b": 2, "a": 1}, ["output 0"])
        ([1, 2, None], [1, 2])
    """
    if set(values) & set(names):
        return [values.get(name) for name in names]
    return list(keras.tree.flatten(dict(values)))


def _by_output(structure: Any, names: list[str], what: str) -> list[Any]:
    if structure is None:
        return [None] * len(names)
    if isinstance(structure, Mapping):
        known = in_order(structure, names)
    elif isinstance(structure, list | tuple):
        known = list(structure)
    else:
        known = [structure]
    if len(known) == 1 and len(names) > 1 and what == "losses":
        known *= len(names)  # one loss for every output
    if len(known) != len(names):
        raise CannotCheckError(
            f"the model has {len(names)} outputs, and {len(known)} {what} are given"
        )
    return known


def _maker_of_values(graph: Graph, tensor: Any) -> Call | None:
    """The call whose activation decides what values an output has."""
    call = graph.maker(tensor)
    while call is not None and call.activation == "linear" and not call.has_matrix:
        if call.kind not in (*LINEAR, *NORMALIZING, "Activation") or call.kind in SCALING:
            break
        call = graph.maker(call.takes[0]) if call.takes else None
    return call


def _before(graph: Graph, call: Call | None) -> str:
    if call is None or call.has_matrix or not call.takes:
        return ""
    return _activation(graph.before(call, (*DROPOUTS, *RESHAPING)))


def _activation(call: Call | None) -> str:
    if call is None:
        return ""
    known = hasattr(call.layer, "activation") or call.has_matrix or call.heard is not None
    if known and not (is_own(call.layer) and call.activation == "linear"):
        return call.activation  # code of one's own may apply another
    operation = call.kind.lower()
    return operation if operation in ("softmax", "sigmoid", "relu", "tanh") else ""


def _rescaled(graph: Graph, tensor: Any) -> Rescaled | None:
    """How an output follows from the last layer with a matrix, where layers scale it."""
    behind, call = graph.back_to_matrix(tensor)
    scaled = any(
        each.kind not in (*LINEAR, "Activation") or each.kind in SCALING for each in behind
    )
    if not scaled or call is None or tuple(call.gives[0].shape) != tuple(tensor.shape):
        return AS_IT_IS
    before, after = (
        np.asarray(ops.convert_to_numpy(ops.cast(t, "float32")), float).reshape(
            -1, tensor.shape[-1] if len(tensor.shape) > 1 else 1
        )
        for t in (call.gives[0], tensor)
    )
    if not np.isfinite([before.sum(), after.sum()]).all() or not before.std(axis=0).all():
        return AS_IT_IS
    apart = before - before.mean(axis=0)
    factor = (apart * after).mean(axis=0) / before.var(axis=0)
    offset = after.mean(axis=0) - factor * before.mean(axis=0)
    off = np.abs(after - (factor * before + offset)).max(axis=0)
    if not factor.all() or np.any(off > AFFINE * np.ptp(after, axis=0)):
        return None
    return Rescaled(tuple(factor.tolist()), tuple(offset.tolist()))

"""The rows that a diagnosis reads."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from normlayers.diagnosis.evidence.ranks import in_declared_ranks
from normlayers.inference.graph import input_names
from normlayers.statistics.conversion import is_frame, is_missing, refuse_unreadable, to_array

Array = npt.NDArray[Any]

# Of a stream, whose length may be unknown, so many rows are read; of arrays as many as hold this
# many values (all of 10,000 images of 28 x 28).
STREAM_ROWS = 4_096
MOST_VALUES = 2**25
_MADE_UP = re.compile(r"(keras_tensor|input_layer)(_\d+)?(CLONE)?$")


@dataclass(frozen=True)
class Data:
    """Rows of inputs and targets, in memory.

    Attributes:
        x: structure of arrays as the model takes them.
        y: targets, an array or a structure of them; ``None`` where there are none.
        rows: how many were read.
        names: of each input of ``x``, flattened: its name.
        features: names of the columns of frames, by the input's name.
        remark: what was read, where it was not all.
        invalid_weights: how many weights of rows are NaN or infinite.
        batches: of a stream, which ``fit`` does not shuffle, the rows of each batch.
    """

    x: Any
    y: Any
    rows: int
    names: list[str]
    features: dict[str, list[str]] = field(default_factory=dict)
    remark: str = ""
    invalid_weights: int = 0
    batches: tuple[int, ...] = ()

    @property
    def parts(self) -> list[Array]:
        """The inputs, flattened."""
        return keras.tree.flatten(self.x)

    def take(self, indices: Array) -> tuple[Any, Any]:
        """Some rows of the inputs and the targets."""

        def some(part: Array) -> Array:
            return part[indices]

        y = None if self.y is None else keras.tree.map_structure(some, self.y)
        return keras.tree.map_structure(some, self.x), y

    def feature_name(self, name: str, index: int) -> str:
        """A column's name, or its number."""
        columns = self.features.get(name, [])
        return columns[index] if index < len(columns) else str(index)


def read_data(model: keras.Model, x: Any, y: Any = None, weights: Any = None) -> Data:
    """Read inputs and targets, in memory or as a stream.

    Args:
        model: which takes them.
        x: an array, a tensor, a frame, lists, or a list or dict of those for several inputs; or a
            ``tf.data.Dataset``, a ``keras.utils.PyDataset``, a ``DataLoader`` or a generator of
            batches ``x``, ``(x, y)`` or ``(x, y, w)``, of which the first rows are read, those
            of weight 0 left out.
        y: the targets, where ``x`` does not hold them.
        weights: of rows held in memory; those of weight 0 are left out.

    Raises:
        ValueError: there are no rows, or not as many targets as inputs.
        TypeError: they are no numbers.
    """
    weights = _weights(weights)
    remark, invalid = "", not_finite(weights)
    batches: tuple[int, ...] = ()
    if _is_stream(x):
        x, y_of_stream, remark, invalid, batches = _first_rows(x)
        y = y_of_stream if y is None else y
    names, columns = _names(model, x), _columns(x)
    x = in_declared_ranks(model, _structure(model, x))
    parts = keras.tree.flatten(x)
    y = None if y is None else _targets(y)
    targets = [] if y is None else keras.tree.flatten(y)
    _refuse_lengths(parts, targets)
    _refuse_other_than_numbers(parts, targets)
    rows = np.flatnonzero(_counted(_of_rows(weights, len(parts[0])), len(parts[0])))
    if not len(rows):
        raise ValueError("x must have a row of a weight other than 0. Received: weights all of 0.")
    values = sum(int(np.prod(part.shape[1:])) for part in parts)
    most = max(1, MOST_VALUES // max(1, values))
    if len(rows) > most:
        remark = f"{remark} {most:,} of {len(rows):,} rows were read, evenly spaced.".strip()
        rows = rows[np.linspace(0, len(rows) - 1, most).astype(int)]
    if len(rows) < len(parts[0]):
        x, y = _chosen(x, rows), None if y is None else _chosen(y, rows)
    names = names if len(names) == len(parts) else [f"input {i}" for i in range(len(parts))]
    features = {names[0]: columns} if columns and len(names) == 1 else {}
    return Data(x, y, len(rows), names, features, remark, invalid, batches)


def _is_stream(x: Any) -> bool:
    if hasattr(x, "num_batches") or hasattr(x, "element_spec"):
        return True
    held = hasattr(x, "shape") or hasattr(x, "to_numpy") or hasattr(x, "columns")
    return not held and not isinstance(x, list | tuple | Mapping | str) and hasattr(x, "__iter__")


def _first_rows(stream: Any) -> tuple[Any, Any, str, int, tuple[int, ...]]:
    """The first rows, their targets, what there is to say, ``not_finite`` weights, and batches."""
    batches: list[tuple[Any, Any]] = []
    read, kept, invalid, extremes, more = 0, 0, 0, set[float](), False
    for x, y, weights in _batches(stream):
        weighed = _of_rows(weights, _rows(x))
        counted = _counted(weighed, _rows(x))
        # Copied, if not by the choice: a generator may fill one array again and again.
        batches.append((_chosen(x, counted), None if y is None else _chosen(y, counted)))
        read, kept = read + len(counted), kept + int(counted.sum())
        invalid += not_finite(weights)
        if counted.any():
            extremes |= {float(f(w[counted])) for w in weighed for f in (np.min, np.max)}
        if read >= STREAM_ROWS:
            more = True
            break
    if not kept:
        raise ValueError(
            "x has no batches, or no row of a weight other than 0. Pass data with one row or more."
        )
    sizes = tuple(_rows(x) for x, _ in batches)
    x = _joined([x for x, _ in batches])
    y = None if batches[0][1] is None else _joined([y for _, y in batches])
    remarks = [f"The first {read:,} rows of the data were read."] if more else []
    if kept < read:
        remarks.append("Rows of weight 0 were left out; all others count alike.")
    elif len(extremes) > 1:
        remarks.append("Sample weights were not taken into account.")
    return x, y, " ".join(remarks), invalid, sizes


def not_finite(arrays: Any) -> int:
    """How many numbers are NaN or infinite, in an array or a structure of them, or ``None``."""
    parts = [] if arrays is None else keras.tree.flatten(arrays)
    return sum(int((~np.isfinite(part)).sum()) for part in parts if part.dtype.kind == "f")


def _of_rows(weights: Any, rows: int) -> list[Array]:
    """Those that are of rows, one an output."""
    parts = [] if weights is None else keras.tree.flatten(weights)
    return [part for part in parts if part.ndim and len(part) == rows]


def _counted(weights: list[Array], rows: int) -> Array:
    """Which rows have a weight other than 0, of any output and in any place."""
    if not weights:
        return np.ones(rows, bool)
    return np.any([np.any(part.reshape(len(part), -1) != 0, axis=1) for part in weights], axis=0)


def _batches(stream: Any) -> Iterator[tuple[Any, Any, Any]]:
    """Inputs, targets and weights; ``None`` for what there is not."""
    if hasattr(stream, "num_batches") and hasattr(stream, "__getitem__"):
        length = stream.num_batches
        elements = (stream[index] for index in range(length or STREAM_ROWS))
    else:
        specs = keras.tree.flatten(getattr(stream, "element_spec", ()))
        if any(getattr(getattr(spec, "shape", None), "rank", None) == 0 for spec in specs):
            raise ValueError("x must be batched. Received: a data set of single rows or values.")
        elements = iter(stream)
    for element in elements:
        parts = tuple(element) if isinstance(element, tuple | list) else (element,)
        x, y, weights = (*parts, None, None)[:3]
        x, y = (p if p is None else keras.tree.map_structure(_array, p) for p in (x, y))
        _refuse_single_rows(x, y)
        yield x, y, _weights(weights)


def _refuse_single_rows(x: Any, y: Any) -> None:
    shapes = [np.shape(part) for part in keras.tree.flatten((x, y)) if part is not None]
    if len({shape[:1] for shape in shapes}) > 1:
        raise ValueError(
            "x must be batched, and each of its arrays and y's have as many rows in a batch. "
            f"Received: a batch with arrays of shapes {', '.join(map(str, shapes))}."
        )


def _weights(weights: Any) -> Any:
    """Arrays of them; one without axes is of all rows."""
    if isinstance(weights, list | tuple) and all(np.ndim(weight) == 0 for weight in weights):
        return np.asarray(weights)
    return None if weights is None else keras.tree.map_structure(to_array, weights)


def _chosen(part: Any, rows: Array) -> Any:
    return keras.tree.map_structure(lambda array: array[rows], part)


def _joined(parts: list[Any]) -> Any:
    return keras.tree.map_structure(lambda *arrays: np.concatenate(arrays), *parts)


def _rows(x: Any) -> int:
    first = keras.tree.flatten(x)[0]
    return len(first) if np.ndim(first) else 0


def _names(model: keras.Model, x: Any) -> list[str]:
    if isinstance(x, Mapping):
        return [str(name) for name in sorted(x)]
    names = input_names(model)
    # Those that Keras made up tell nobody anything.
    return ["x"] if len(names) < 2 and all(_MADE_UP.match(name) for name in names) else names


def _columns(x: Any) -> list[str]:
    return [str(name) for name in x.columns] if is_frame(x) else []


def _structure(model: keras.Model, x: Any) -> Any:
    if isinstance(x, Mapping):
        # As keras.tree flattens dicts: by name.
        return {name: _array(x[name]) for name in sorted(x)}
    if isinstance(x, list | tuple) and x:
        inputs = getattr(model, "inputs", None) or []
        several = len(inputs) > 1 and len(inputs) == len(x)
        tables = all(getattr(part, "ndim", 0) > 1 for part in x)
        unknown = not inputs and tables
        one = len(inputs) == 1 and len(x) == 1 and tables and x[0].ndim == len(inputs[0].shape)
        if several or unknown or one:
            return type(x)(_array(part) for part in x)
    return _array(x)


def _targets(y: Any) -> Any:
    if isinstance(y, Mapping):
        return {name: _array(y[name]) for name in sorted(y)}
    several = isinstance(y, list | tuple) and y and all(getattr(p, "ndim", 0) for p in y)
    return [_array(part) for part in y] if several else _array(y)


def _array(part: Any) -> Array:
    refuse_unreadable(part)
    if isinstance(part, bool | int | float):
        raise ValueError(f"data must have rows. Received: the single value {part!r}")
    try:
        return to_array(part)
    except TypeError:
        text = np.asarray(part)
        flat = text.ravel()[:100]
        if len(flat) and all(isinstance(e, str | bytes) or is_missing(e) for e in flat):
            return _words(text) if text.dtype.kind == "O" else text  # for a layer that reads it
        raise


def _words(text: Array) -> Array:
    """Text as one type; TensorFlow's and others' bytes are UTF-8."""
    words = [e.decode(errors="replace") if isinstance(e, bytes) else str(e) for e in text.ravel()]
    return np.array(words, str).reshape(text.shape)


def _refuse_other_than_numbers(parts: list[Array], targets: list[Array]) -> None:
    """A layer may read text; nothing computes with text for targets, or with complex numbers."""
    for name, arrays, kinds in (("x", parts, "c"), ("y", targets, "USOc")):
        for array in arrays:
            if array.dtype.kind in kinds:
                raise TypeError(
                    f"{name} must be real numbers. Received: {name} of type {array.dtype}"
                    + ("; number the classes, as np.unique(y, return_inverse=True)[1] does, or "
                       "convert numbers written as text, as y.astype(float) does."
                       if array.dtype.kind != "c" else ".")
                )  # fmt: skip


def _refuse_lengths(parts: list[Array], targets: list[Array]) -> None:
    if not parts or any(part.ndim == 0 for part in parts):
        raise ValueError("x must have rows. Received: a single value or nothing.")
    lengths = [len(part) for part in parts]
    if len(set(lengths)) > 1:
        raise ValueError(f"x must have as many rows in each input. Received: {lengths}")
    if lengths[0] == 0:
        raise ValueError("x must have one row or more. Received: an array of none.")
    for part in targets:
        if part.ndim == 0 or len(part) != lengths[0]:
            received = "a single value" if part.ndim == 0 else f"{len(part):,}"
            raise ValueError(
                f"y must have a target for each of the {lengths[0]:,} rows of x. "
                f"Received: {received}"
            )

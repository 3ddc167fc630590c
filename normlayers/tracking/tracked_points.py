"""The points that a model is watched on."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
from keras import ops

from normlayers.statistics.conversion import to_array
from normlayers.tracking.linear_fit import LinearFit, whitening

Array = npt.NDArray[Any]

# Points that light the neurons of the network's picture.
LIT_POINTS = 6


class TrackedPoints:
    """Points, their classes, and what depends on nothing else.

    Args:
        x: shape ``(points, ...)``, or a structure of several inputs.
        y: classes, 0, 1 and so on, shape ``(points,)`` or ``(points, 1)``, or a dict of one such
            array; or ``None``.

    Attributes:
        x: the points as arrays.
        labels: the classes as integers, shape ``(points,)``; or ``None``.
        features: how many numbers a point has.
        names: of the columns, where the points came as one table that has them; or ``None``.
        lit: indices of a few points, evenly spread.
        captions: a few words on each of those.
        not_linearity: why ``linearity`` of a model on them cannot be measured; or ``None``.

    Warns:
        UserWarning: there are too few points for ``linearity``.

    Raises:
        ValueError: the points are not numbers, not finite, masked, or none; there is not a class a
            point.
        TypeError: a column of a frame holds no numbers.
    """

    def __init__(self, x: Any, y: Any = None) -> None:
        is_structure = isinstance(x, dict) or (
            isinstance(x, list | tuple)
            and bool(x)
            # Arrays of one axis alone are the rows of one array.
            and all(getattr(part, "ndim", 0) > 0 for part in x)
            and any(part.ndim > 1 for part in x)
        )
        self.x = keras.tree.map_structure(_points, x) if is_structure else _points(x)
        parts = keras.tree.flatten(self.x)
        self.names = None if is_structure else _column_names(x, parts[0])
        lengths = [len(part) for part in parts]
        if len(set(lengths)) != 1:
            raise ValueError(f"x must have as many points in each input. Received: {lengths}")
        self.labels = _labels(y, lengths[0])
        self.features = int(sum(np.prod(part.shape[1:]) for part in parts))
        self.lit = np.linspace(0, lengths[0] - 1, min(LIT_POINTS, lengths[0])).astype(int)
        self.captions = [_caption([part[i] for part in parts]) for i in self.lit]
        # A linear fit to fewer points than it has coefficients fits anything.
        self.not_linearity = (
            None
            if lengths[0] > self.features + 1
            else f"it takes {self.features + 2:,} points or more of {self.features:,} features, "
            f"and x has {lengths[0]:,}"
        )
        if self.not_linearity:
            warnings.warn(
                f"ActivationTracker leaves linearity out: {self.not_linearity}.", stacklevel=3
            )
        self._fit: LinearFit | None = None

    def __getstate__(self) -> dict[str, Any]:
        return vars(self) | {"_fit": None}  # which holds tensors, and is made anew

    def linearity(self, logit: Array) -> float:
        """``measures.linearity`` of a model's logit on the points.

        NaN where the logit is not finite, and for ``not_linearity``'s reason.
        """
        if self.not_linearity or not np.isfinite(logit).all():
            return float("nan")
        if self._fit is None:
            parts = keras.tree.flatten(self.x)
            flat = np.concatenate([part.reshape(len(part), -1) for part in parts], axis=1)
            self._fit = LinearFit(flat, _device_product(), _device_whitening)
        return self._fit.r_squared(logit)

    def refuse_model(self, model: keras.Model) -> None:
        """Refuse a model that does not take the points.

        Raises:
            ValueError: naming both shapes.
        """
        inputs = getattr(model, "inputs", None) or []
        wanted = [tuple(tensor.shape[1:]) for tensor in inputs]
        parts = _parts_in_order(model, self.x)
        given = [part.shape[1:] for part in parts]
        fits = len(wanted) == len(given) and all(map(_fits, given, wanted))
        if wanted and not fits:
            expected = " and ".join(f"({', '.join(map(str, ('points', *s)))})" for s in wanted)
            received = " and ".join(str(part.shape) for part in parts)
            raise ValueError(
                f"x must have the shape {expected} that the model takes. "
                f"Received: x of shape {received}."
            )


def _device_product() -> Callable[[Array, Array], Array]:
    """A product of the same few matrices with others, computed where models are.

    NumPy's threads stay awake after one, and in the way of the backend's, for some milliseconds.
    """
    kept: dict[int, tuple[Array, Any]] = {}  # with the array, whose number another may get

    def product(a: Array, b: Array) -> Array:
        if id(a) not in kept:
            kept[id(a)] = a, ops.convert_to_tensor(a)
        tensor = kept[id(a)][1]
        # The operator, as Keras's function makes float32 of torch's float64.
        return np.asarray(ops.convert_to_numpy(tensor @ ops.convert_to_tensor(b, tensor.dtype)))

    return product


def _device_whitening(rows: Array) -> Array:
    """``whitening``, computed where models are.

    NumPy's threads wait for each other, and for the backend's: where other processes keep the
    cores busy, for seconds of 784 rows.
    """
    if keras.backend.backend() == "jax":  # which has no float64 unless it is asked for
        return whitening(rows)
    tensor = ops.convert_to_tensor(rows, "float64")
    factor = ops.cholesky(tensor @ ops.transpose(tensor))
    one = ops.convert_to_tensor(np.eye(len(rows)), "float64")
    return np.asarray(ops.convert_to_numpy(ops.solve_triangular(factor, one, lower=True)))


def _points(x: Any) -> Array:
    _refuse_sparse_and_ragged(x)
    _refuse_mask("x", x)
    given, x = x, _converted(x)
    try:
        x = np.array(x)  # the user's own may change
    except ValueError:
        _refuse_batches(given)
        raise ValueError(
            "x must be an array of points, shape (points, ...), each of as many numbers. "
            "Received: points of different shapes; pad them to one."
        ) from None
    if x.dtype.kind == "O":
        _refuse_batches(given)
    if x.dtype.name == "bfloat16":  # which NumPy does not take for numbers
        x = x.astype("float32")
    if x.dtype.kind not in "biuf" or x.ndim < 1 or len(x) == 0:
        raise ValueError(
            "x must be an array of points, shape (points, ...), of numbers. "
            f"Received: {x.dtype} of shape {x.shape}"
        )
    if not np.isfinite(x).all():
        raise ValueError("x must be finite. Received: NaN or infinite values")
    return x


def _converted(values: Any) -> Any:
    """Frames, whose columns may be of several types, and torch's tensors as arrays."""
    return to_array(values) if hasattr(values, "to_numpy") or hasattr(values, "detach") else values


def _column_names(x: Any, points: Array) -> list[str] | None:
    columns = getattr(x, "columns", None)
    if columns is None or points.ndim != 2 or len(columns) != points.shape[1]:
        return None
    # A table made of an array numbers its columns.
    names = list(columns)
    return names if all(isinstance(name, str) for name in names) else None


def _refuse_mask(name: str, values: Any) -> None:
    if np.ma.is_masked(values):
        raise ValueError(
            f"{name} must have all of its values. Received: a masked array, whose mask would be "
            "lost; leave those points out."
        )


def _refuse_batches(x: Any) -> None:
    """What neither is an array nor a list, but gives something one after the other."""
    is_array = isinstance(x, list | tuple | np.ndarray) or hasattr(x, "__array__")
    if not is_array and (hasattr(x, "__iter__") or hasattr(x, "__getitem__")):
        raise ValueError(
            "x must be an array of points, shape (points, ...). "
            f"Received: {type(x).__name__}, which gives batches; give the inputs of one of them, "
            "or some hundreds of rows."
        ) from None


def _refuse_sparse_and_ragged(x: Any) -> None:
    kind = f"{type(x).__module__.split('.')[0]}'s {type(x).__name__}"
    layout = str(getattr(x, "layout", ""))  # of a torch tensor
    if "ragged" in kind.lower() or "jagged" in layout:
        raise ValueError(
            f"x must have points of one shape. Received: {kind}, which is ragged; pad it, as with "
            "its to_tensor() or to_padded_tensor()."
        )
    names = {base.__name__ for base in type(x).__mro__}
    sparse = names & {"SparseTensor", "JAXSparse", "spmatrix", "sparray", "_spbase"}
    if sparse or "sparse" in layout:
        raise ValueError(
            f"x must be dense. Received: {kind}, which is sparse; convert some hundreds of its "
            "rows, as with toarray(), to_dense(), todense() or tf.sparse.to_dense()."
        )


def _labels(y: Any, points: int) -> Array | None:
    if isinstance(y, Mapping):  # as ``fit`` takes them of a model whose outputs have names
        if len(y) != 1:
            raise ValueError(
                f"y must be classes of one output. Received: a dict of {len(y)}: {sorted(y)}; "
                "give one of them."
            )
        (y,) = y.values()
    if y is None:
        return None
    _refuse_mask("y", y)
    kind, y = type(y).__name__, np.asarray(_converted(y))
    if y.shape not in ((points,), (points, 1)):
        raise ValueError(
            f"y must have one class a point, {points} in all. Received: y of type {kind} and "
            f"shape {y.shape}"
        )
    y = y.reshape(-1)
    if y.dtype.kind not in "biuf":
        raise ValueError(f"y must be classes, 0, 1 and so on. Received: values of type {y.dtype}")
    # Losses take them as numbers of 32 bits.
    if not np.all((y >= 0) & (y < 2**31) & (y == np.floor(y))):
        raise ValueError(
            "y must be classes, whole numbers from 0 to 2**31 - 1. "
            f"Received: values from {y.min()} to {y.max()}"
        )
    return y.astype(int)


def _parts_in_order(model: keras.Model, x: Any) -> list[Array]:
    """The points' arrays in the order of the model's inputs, as Keras takes them."""
    if isinstance(x, dict):
        try:
            structure = model.input
        except (AttributeError, ValueError):  # it is not known, or there are several
            structure = None
        if isinstance(structure, dict) and structure.keys() <= x.keys():
            return list(keras.tree.flatten({key: x[key] for key in structure}))
        names = [tensor.name for tensor in getattr(model, "inputs", None) or []]
        if names and all(name in x for name in names):
            return [x[name] for name in names]
    return list(keras.tree.flatten(x))


def _fits(shape: tuple[int, ...], wanted: tuple[int | None, ...]) -> bool:
    return len(shape) == len(wanted) and all(
        length in (None, given) for given, length in zip(shape, wanted, strict=True)
    )


def _caption(point: list[Array]) -> str:
    values = np.concatenate([np.asarray(part, float).ravel() for part in point])
    if len(values) > 2:
        return ""
    return "(" + ", ".join(f"{value:.1f}" for value in values) + ")"

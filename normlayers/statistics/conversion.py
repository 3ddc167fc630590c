"""Whatever holds numbers, as a NumPy array of them.

Libraries are known by what their objects can do, so none is imported.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


def to_array(data: Any) -> Array:
    """A NumPy array of any backend's tensor, frame or nested list; without a copy where possible.

    - Dates and times become seconds since 1970-01-01 00:00 UTC, durations seconds, in float64.
    - Missing values (``None``, ``pd.NA``, ``NaT``, a polars null) become NaN.
    - A frame's columns come in one common type; a column of text is refused by its name.

    Raises:
        TypeError: text or other objects that are no numbers; a masked array, whose mask would be
            lost; ragged and sparse tensors.
        ValueError: a nested list whose rows differ in length.

    Example:
        >>> to_array(np.array(["1970-01-02", "NaT"], "datetime64[D]")).tolist()
        [86400.0, nan]
    """
    refuse_masked(data)
    if isinstance(data, np.ndarray):
        return _as_numbers(np.asarray(data))  # of a np.matrix, whose rows are matrices
    if is_sparse(data):
        return np.asarray(data.toarray())
    if hasattr(data, "to_numpy"):  # first: a frame's columns are attributes too
        return _of_frame(data) if is_frame(data) else _of_column(data)
    refuse_unreadable(data)
    if hasattr(data, "detach"):  # torch: off the graph, off the device
        data = data.detach().cpu()
        if str(data.dtype) == "torch.bfloat16":  # which NumPy does not know
            data = data.float()
    try:
        return _as_numbers(np.asarray(data))
    except ValueError as error:
        if not isinstance(data, list | tuple):
            raise
        raise ValueError("the rows of a nested list must have one length.") from error


def refuse_masked(data: Any) -> None:
    """Raise TypeError for NumPy's masked arrays."""
    if isinstance(data, np.ma.MaskedArray):
        raise TypeError(
            "a masked array's mask would be lost; pass data.filled(np.nan) with "
            'missing="ignore", or the mask as an argument.'
        )


def is_sparse(data: Any) -> bool:
    """Whether ``data`` are a SciPy sparse matrix or array."""
    # Dask's delayed values have any attribute one asks for, but no numbers.
    return hasattr(data, "tocsr") and isinstance(getattr(data, "nnz", None), int | np.integer)


def is_frame(data: Any) -> bool:
    """Whether ``data`` are a table with named columns, such as a pandas or polars frame."""
    return hasattr(data, "to_numpy") and hasattr(data, "columns") and len(data.shape) == 2


def holds_dates(data: Any) -> bool:
    """Whether an array, a column or a column of a frame are dates, times or durations."""
    dtypes = data.dtypes if is_frame(data) else [getattr(data, "dtype", None)]
    return any(getattr(dtype, "kind", None) in ("M", "m") for dtype in dtypes)


def refuse_unreadable(data: Any) -> None:
    """Raise TypeError for what is no table of numbers in memory: ragged, sparse, lazy."""
    if hasattr(data, "to_numpy"):
        return
    if type(data).__name__ == "LazyFrame":
        raise TypeError("a lazy frame has no rows yet; pass data.collect().")
    if hasattr(data, "row_splits"):
        raise TypeError(
            "ragged tensors have no table to read; pass data.to_tensor() with a mask, or "
            "data.flat_values."
        )
    layout = str(getattr(data, "layout", ""))
    if hasattr(data, "dense_shape") or hasattr(data, "nse") or layout.startswith("torch.sparse"):
        raise TypeError(
            f"sparse tensors cannot be read in pieces of rows. Received: {type(data).__name__}; "
            "pass a SciPy sparse matrix, or a dense tensor: tf.sparse.to_dense(data), "
            "data.to_dense() in torch, data.todense() in JAX."
        )


def _of_frame(frame: Any) -> Array:
    if len(set(map(str, frame.dtypes))) == 1:
        array = np.asarray(frame.to_numpy())
        if array.dtype.kind in "biuf":
            return array
    names = list(frame.columns)
    if hasattr(frame, "iloc"):  # pandas, whose columns may share a name
        columns = [_of_column(frame.iloc[:, index], name) for index, name in enumerate(names)]
    else:
        columns = [_of_column(frame[name], name) for name in names]
    return np.column_stack(columns) if columns else np.empty(frame.shape)


def _of_column(column: Any, name: Any = None) -> Array:
    if name is None:
        name = getattr(column, "name", None)
    place = "" if name in (None, "") else f" in column {name!r}"
    # Of pandas with a time zone NumPy would make objects; so it would of a nullable column.
    kind = getattr(column.dtype, "kind", None) if hasattr(column, "iloc") else None
    if kind == "M":
        return _as_numbers(column.to_numpy(dtype="datetime64[us]"), place)
    return _as_numbers(np.asarray(column.to_numpy()), place)


def _as_numbers(array: Array, place: str = "") -> Array:
    kind = array.dtype.kind
    if kind in "biuf":
        return array
    if kind == "M":
        array = array - np.datetime64(0, "s")
    if kind in "Mm":
        return array / np.timedelta64(1, "s")
    if kind in "OUST":
        return _of_objects(array, place)
    return array


def _of_objects(objects: Array, place: str) -> Array:
    numbers = np.empty(objects.size)
    for index, entry in enumerate(objects.flat):
        try:
            numbers[index] = math.nan if is_missing(entry) else _real(entry)
        except (TypeError, ValueError, OverflowError):
            raise TypeError(
                f"data must be real numbers. Received: {str(entry)[:40]!r} of type "
                f"{type(entry).__name__}{place}; encode it as numbers, or leave it out."
            ) from None
    return numbers.reshape(objects.shape)


def is_missing(entry: Any) -> bool:
    """Whether an entry stands for a missing value: ``None``, ``pd.NA`` or ``NaT``."""
    return entry is None or type(entry).__name__ in ("NAType", "NaTType")


def _real(entry: Any) -> float:
    if isinstance(entry, str | bytes):  # which float() would read
        raise TypeError
    return float(entry)

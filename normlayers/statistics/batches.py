"""Any data source as a stream of NumPy arrays.

Sources are known by what they can do, so none of their libraries is imported.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from itertools import count, islice
from typing import Any

import numpy as np
import numpy.typing as npt

from normlayers.statistics.conversion import (
    is_frame,
    is_missing,
    is_sparse,
    refuse_unreadable,
    to_array,
)
from normlayers.statistics.counts import check_counts
from normlayers.statistics.gatherer import copied_together, joined
from normlayers.statistics.tf_data import can_rebatch, is_infinite, rebatched, yields_single_rows

Array = npt.NDArray[Any]

# Arrays are passed on in pieces of about this many values, which are views of them ...
VALUES_PER_VIEW = 1 << 28
# ... frames and sparse matrices, which have to be copied, in pieces of so many.
VALUES_PER_COPY = 1 << 21


def batches(
    data: Any,
    batch_size: int | None = None,
    steps: int | None = None,
    join: bool = False,
    columns: Collection[Any] | None = None,
) -> Iterator[Any]:
    """Yield ``data`` as arrays of shape ``(rows, ...)``, in their own type.

    Args:
        data: one of

            - an array or a tensor of any backend, memory-mapped or not; a pandas or polars frame
              or series; a list of numbers or of rows of them; a SciPy sparse matrix: read in
              pieces of rows, and only a piece at a time made dense or loaded;
            - a ``tf.data.Dataset`` (one of single rows is batched), a ``keras.utils.PyDataset``, a
              torch ``DataLoader``, a grain data set, a list of batches, a generator, whose elements
              are batches or tuples ``(x, y)`` or ``(x, y, w)``, of which ``x`` is taken;
            - either with dicts for arrays: then dicts of arrays are yielded.

            What becomes of dates, missing values and text, see ``to_array``.
        batch_size: rows to a piece of an array; ``None`` chooses.
        steps: stop after so many batches; ``None`` reads all.
        join: whether small batches may be joined; then what is yielded is written over later.
        columns: of dicts and frames, yield dicts of these columns, and read no other.

    Raises:
        TypeError: ``data`` are none of these; elements whose ``x`` is several inputs.
        KeyError: a column is missing.
        ValueError: ``batch_size`` or ``steps`` is not positive; a dict's arrays differ in length;
            a ``PyDataset`` or ``tf.data.Dataset`` without an end, and no ``steps``.

    Example:
        >>> [piece.shape for piece in batches(np.zeros((5, 2)), batch_size=2)]
        [(2, 2), (2, 2), (1, 2)]
    """
    check_counts(batch_size=batch_size, steps=steps, optional=True)
    data = opened(data, columns)
    if steps is None and _without_end(data):
        raise ValueError(
            "data without an end must be read for a number of batches only. Received: a "
            f"{_without_end(data)}."
        )
    if join and can_rebatch(data):
        # Handing each batch from TensorFlow to Python takes longer than anything done with it.
        return _all_batches(rebatched(data, steps), batch_size, columns)
    if join and isinstance(data, list):
        return (_x_of(element, columns) for element in joined(data[:steps]))
    found = islice(_all_batches(data, batch_size, columns), steps)
    return copied_together(found) if join and rows_in(data) is None else found


def opened(data: Any, columns: Collection[Any] | None = None) -> Any:
    """``data`` with what is given whole as a table or a dict of tables; streams as they are.

    Nested lists become arrays; of a tuple of a dict or frame and labels the former is taken; of a
    dict, and of a frame where there are ``columns``, a dict is made.

    Raises:
        TypeError: ragged or sparse tensors; a tuple that may hold labels or batches.
        KeyError: a column is missing.
    """
    refuse_unreadable(data)
    if is_sparse(data):
        return data.tocsr()  # some of SciPy's formats are dicts
    if _is_labelled(data):
        data = data[0]
    if isinstance(data, tuple):
        raise TypeError(
            "data must be the inputs alone, or batches of them. Received: a tuple of "
            f"{len(data)}; pass its first entry where the others are labels, or a list of batches."
        )
    if isinstance(data, Mapping) or (columns is not None and is_frame(data)):
        return _chosen(data, columns)
    return to_array(data) if _is_nested_list(data) else data


def rows_in(data: Any) -> int | None:
    """Number of rows of a table or a dict of them, as ``opened``; ``None`` of other sources."""
    if isinstance(data, Mapping):
        return min((rows_in(column) or 0 for column in data.values()), default=0)
    refuse_unreadable(data)
    return data.shape[0] if _is_table(data) and len(data.shape) else None


def rows_per_piece(data: Any) -> int | None:
    """Rows to read at a time from a table or a dict of them, as ``opened``; ``None`` of others."""
    if isinstance(data, Mapping):
        return min((rows_per_piece(column) or 1 for column in data.values()), default=1)
    if not rows_in(data):
        return None
    copied = is_sparse(data) or hasattr(data, "to_numpy")
    values = VALUES_PER_COPY if copied else VALUES_PER_VIEW
    return max(1, values // max(1, int(np.prod(data.shape[1:], dtype=int))))


def _all_batches(
    data: Any, batch_size: int | None, columns: Collection[Any] | None
) -> Iterator[Any]:
    if isinstance(data, Mapping):
        return _pieces_of_dict(data, batch_size or rows_per_piece(data) or 1)
    if _is_table(data):
        return _pieces(data, batch_size or rows_per_piece(data) or 1)
    if _is_py_dataset(data):
        numbers = count() if data.num_batches is None else range(data.num_batches)
        return (_x_of(data[index], columns) for index in numbers)
    if isinstance(data, str | bytes) or not hasattr(data, "__iter__"):
        raise TypeError(
            "data must be an array, a tensor, a frame or an iterable of batches. "
            f"Received: {type(data).__name__}"
        )
    if yields_single_rows(data):
        data = data.batch(batch_size or 128)
    return (_x_of(element, columns) for element in data)


def _without_end(data: Any) -> str:
    """What says that a source has no end; empty of others."""
    if is_infinite(data):
        return "tf.data.Dataset of infinite cardinality, as after repeat()"
    endless = _is_py_dataset(data) and data.num_batches is None
    return "PyDataset whose num_batches is None" if endless else ""


def _is_py_dataset(data: Any) -> bool:
    return hasattr(data, "num_batches") and hasattr(data, "__getitem__")


def _is_table(data: Any) -> bool:
    return hasattr(data, "shape") and (
        hasattr(data, "dtype") or hasattr(data, "to_numpy") or is_sparse(data)
    )


def _pieces(table: Any, rows: int) -> Iterator[Array]:
    if not len(table.shape):
        raise ValueError(f"data must have rows. Received: the single value {table}")
    if is_sparse(table):
        table = table.tocsr()  # the sparse format whose rows can be read
    elif hasattr(table, "iloc"):  # pandas: frame[1:2] would mean something else with some indexes
        table = table.iloc
        length = table.obj.shape[0]
        return (to_array(table[start : start + rows]) for start in range(0, length, rows))
    elif not isinstance(table, np.ndarray) and not hasattr(table, "to_numpy"):
        table = to_array(table)
    return (to_array(table[start : start + rows]) for start in range(0, table.shape[0], rows))


def _pieces_of_dict(columns: Mapping[str, Any], rows: int) -> Iterator[dict[str, Array]]:
    lengths = {name: rows_in(column) for name, column in columns.items()}
    if None in lengths.values() or len(set(lengths.values())) != 1:
        raise ValueError(
            f"a dict of data must hold arrays of one length. Received: lengths {lengths}"
        )
    streams = [_pieces(column, rows) for column in columns.values()]
    return (dict(zip(columns, pieces, strict=True)) for pieces in zip(*streams, strict=True))


def _x_of(element: Any, columns: Collection[Any] | None) -> Any:
    # Soonest: there may be many small ones.
    x = element[0] if type(element) is tuple and element else element
    if type(x) is np.ndarray and x.ndim and x.dtype.kind in "biuf":
        return x
    # torch's DataLoader makes lists of the tuples that its data set yields.
    if _is_labelled_batch(element):
        element = element[0]
        if isinstance(element, tuple) or _is_list_of_arrays(element):
            raise TypeError(
                "x must be one array, or a dict of them by their names. Received: batches whose x "
                f"is {len(element)} inputs without names."
            )
    if is_sparse(element):
        return to_array(element)
    if isinstance(element, Mapping) or (columns is not None and is_frame(element)):
        return _of_one_length(
            {name: _batch(value) for name, value in _chosen(element, columns).items()}
        )
    return _batch(element)


def _of_one_length(batch: dict[Any, Array]) -> dict[Any, Array]:
    lengths = {name: len(values) for name, values in batch.items()}
    if len(set(lengths.values())) > 1:
        raise ValueError(
            "a batch that is a dict must hold arrays of one length. Received: lengths "
            f"{lengths}; single rows have to be batched first."
        )
    return batch


def _is_labelled_batch(element: Any) -> bool:
    if _is_list_of_arrays(element):
        return True
    of_lists = isinstance(element, list) and _is_list_of_arrays(element[0] if element else None)
    return isinstance(element, tuple) or (of_lists and hasattr(element[-1], "shape"))


def _is_list_of_arrays(element: Any) -> bool:
    first = element[0] if isinstance(element, list) and element else None
    return hasattr(first, "shape") or isinstance(first, Mapping)


def _chosen(data: Any, columns: Collection[Any] | None) -> dict[Any, Any]:
    """Columns of a dict or frame; those that are lists as arrays."""
    names = _names(data)
    for name in columns or ():
        if name not in names:
            known = ", ".join(map(repr, names))
            raise KeyError(f"the data have no key {name!r}; they have {known}.")
    chosen = {name: data[name] for name in (names if columns is None else columns)}
    return {name: _whole_column(column) for name, column in chosen.items()}


def _whole_column(column: Any) -> Any:
    if is_sparse(column):
        return column.tocsr()
    return to_array(column) if isinstance(column, list) else column


def _names(data: Any) -> list[Any]:
    return list(data if isinstance(data, Mapping) else data.columns)


def _is_named(data: Any) -> bool:
    return (isinstance(data, Mapping) and not is_sparse(data)) or is_frame(data)


def _is_labelled(data: Any) -> bool:
    """Whether ``data`` are ``(x, y)`` or ``(x, y, w)`` with a dict or frame for x alone."""
    if not isinstance(data, tuple) or not data or not _is_named(data[0]):
        return False
    # Those of the same columns may be batches.
    return not any(_is_named(other) and _names(other) == _names(data[0]) for other in data[1:])


def _is_nested_list(data: Any) -> bool:
    """Whether ``data`` are a list of numbers, or of lists of them; deeper ones hold batches."""
    first = data[0] if isinstance(data, list) and data else data
    first = first[0] if isinstance(first, list) and first else first
    return isinstance(data, list) and (
        isinstance(first, int | float | np.generic) or is_missing(first)
    )


def _batch(element: Any) -> Array:
    array = to_array(element)
    if isinstance(element, list) and array.ndim < 2:
        raise TypeError(
            "a list must hold batches of rows. Received: a list of rows; pass np.asarray(data)."
        )
    if array.ndim == 0:
        raise TypeError(
            "an iterable must yield batches of rows. "
            f"Received: the single value {array[()]!r}; pass a NumPy array instead."
        )
    return array

"""Any data source as a stream of NumPy arrays.

Sources are known by what they can do, so none of their libraries is imported.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

# Arrays are passed on in pieces of about this many values, which are views of them ...
VALUES_PER_VIEW = 1 << 26
# ... frames and sparse matrices, which have to be copied, in pieces of so many ...
VALUES_PER_COPY = 1 << 21
# ... and small batches are joined until they have so many.
VALUES_TOGETHER = 1 << 18


def batches(
    data: Any, batch_size: int | None = None, steps: int | None = None, join: bool = False
) -> Iterator[Any]:
    """Yield ``data`` as arrays of shape ``(rows, ...)``, in their own type.

    Args:
        data: one of

            - an array or a tensor of any backend, memory-mapped or not; a pandas or polars frame
              or series; a SciPy sparse matrix: read in pieces of rows, and only a piece at a time
              made dense or loaded;
            - a ``tf.data.Dataset`` (one of single rows is batched), a ``keras.utils.PyDataset``, a
              torch ``DataLoader``, a grain data set, a list of batches, a generator, whose elements
              are batches or tuples ``(x, y)`` or ``(x, y, w)``, of which ``x`` is taken;
            - either with dicts for arrays: then dicts of arrays are yielded.
        batch_size: rows to a piece of an array; ``None`` chooses.
        steps: stop after so many batches; ``None`` reads all.
        join: whether a source that can do so itself (``tf.data``) may join its batches first.

    Raises:
        TypeError: ``data`` are none of these.
        ValueError: ``batch_size`` or ``steps`` is not positive; a dict's arrays differ in length.

    Example:
        >>> [piece.shape for piece in batches(np.zeros((5, 2)), batch_size=2)]
        [(2, 2), (2, 2), (1, 2)]
    """
    for name, value in (("batch_size", batch_size), ("steps", steps)):
        if value is not None and value < 1:
            raise ValueError(f"{name} must be at least 1. Received: {name}={value}")
    if join and _can_rebatch(data):
        # Handing each batch from TensorFlow to Python takes longer than anything done with it.
        return _all_batches(_rebatched(data, steps), batch_size)
    return islice(_all_batches(data, batch_size), steps)


def rows_in(data: Any) -> int | None:
    """Number of rows of an array, a table or a dict of them; ``None`` of other sources."""
    if isinstance(data, Mapping):
        return min((rows_in(column) or 0 for column in data.values()), default=0)
    _refuse_ragged(data)
    return data.shape[0] if _is_table(data) and len(data.shape) else None


def is_sparse(data: Any) -> bool:
    """Whether ``data`` are a SciPy sparse matrix or array."""
    return hasattr(data, "tocsr") and hasattr(data, "nnz")


def rows_per_piece(data: Any) -> int | None:
    """Rows to read at a time from an array, a table or a dict of them; ``None`` of others."""
    if isinstance(data, Mapping):
        return min((rows_per_piece(column) or 1 for column in data.values()), default=1)
    if not rows_in(data):
        return None
    copied = is_sparse(data) or hasattr(data, "to_numpy")
    values = VALUES_PER_COPY if copied else VALUES_PER_VIEW
    return max(1, values // max(1, int(np.prod(data.shape[1:], dtype=int))))


def _all_batches(data: Any, batch_size: int | None) -> Iterator[Any]:
    if isinstance(data, Mapping):
        return _pieces_of_dict(data, batch_size or rows_per_piece(data) or 1)
    if _is_table(data):
        return _pieces(data, batch_size or rows_per_piece(data) or 1)
    if hasattr(data, "num_batches") and hasattr(data, "__getitem__"):  # a keras PyDataset
        return (_x_of(data[index]) for index in range(data.num_batches))
    if isinstance(data, str | bytes) or not hasattr(data, "__iter__"):
        raise TypeError(
            "data must be an array, a tensor, a frame or an iterable of batches. "
            f"Received: {type(data).__name__}"
        )
    if _yields_single_rows(data):
        data = data.batch(batch_size or 128)
    return (_x_of(element) for element in data)


def _refuse_ragged(data: Any) -> None:
    if hasattr(data, "row_splits") and not hasattr(data, "to_numpy"):
        raise TypeError(
            "ragged tensors have no table to read; pass data.to_tensor() with a mask, or "
            "data.flat_values."
        )


def _is_table(data: Any) -> bool:
    return hasattr(data, "shape") and (
        hasattr(data, "dtype") or hasattr(data, "to_numpy") or is_sparse(data)
    )


def _pieces(table: Any, rows: int) -> Iterator[Array]:
    if not len(table.shape):
        raise ValueError(f"data must have rows. Received: the single value {table}")
    if is_sparse(table):
        table = table.tocsr()  # the sparse format whose rows can be read
    elif not hasattr(table, "to_numpy"):
        table = to_array(table)
    elif hasattr(table, "iloc"):  # pandas: frame[1:2] would mean something else with some indexes
        table = table.iloc
        length = table.obj.shape[0]
        return (_dense(table[start : start + rows]) for start in range(0, length, rows))
    return (_dense(table[start : start + rows]) for start in range(0, table.shape[0], rows))


def _dense(piece: Any) -> Array:
    return to_array(piece.toarray() if is_sparse(piece) else piece)


def _pieces_of_dict(columns: Mapping[str, Any], rows: int) -> Iterator[dict[str, Array]]:
    lengths = {name: rows_in(column) for name, column in columns.items()}
    if None in lengths.values() or len(set(lengths.values())) != 1:
        raise ValueError(
            f"a dict of data must hold arrays of one length. Received: lengths {lengths}"
        )
    streams = [_pieces(column, rows) for column in columns.values()]
    return (dict(zip(columns, pieces, strict=True)) for pieces in zip(*streams, strict=True))


def _specification(data: Any) -> Any:
    """What a tf.data.Dataset says of its elements' x; ``None`` of other sources."""
    specification = getattr(data, "element_spec", None)
    return specification[0] if isinstance(specification, tuple) else specification


def _yields_single_rows(data: Any) -> bool:
    shape = getattr(_specification(data), "shape", None)
    return shape is not None and shape.rank == 1 and hasattr(data, "batch")


def _can_rebatch(data: Any) -> bool:
    specification = _specification(data)
    shape = getattr(specification, "shape", None)
    return (
        hasattr(data, "rebatch")
        and type(specification).__name__ == "TensorSpec"  # neither ragged nor sparse
        and shape is not None
        and (shape.rank or 0) > 1
        and shape[1:].is_fully_defined()
    )


def _rebatched(data: Any, steps: int | None) -> Any:
    values = int(np.prod(_specification(data).shape[1:]))
    if steps is not None:
        data = data.take(steps)
    if isinstance(data.element_spec, tuple):
        data = data.map(lambda x, *rest: x)
    return data.rebatch(max(1, VALUES_TOGETHER // max(1, values)))


def _x_of(element: Any) -> Any:
    # torch's DataLoader makes lists of the tuples that its data set yields.
    if isinstance(element, tuple) or (isinstance(element, list) and element and (
        hasattr(element[0], "shape") or isinstance(element[0], Mapping)
    )):  # fmt: skip
        element = element[0]
    if isinstance(element, Mapping):
        return {name: _batch(value) for name, value in element.items()}
    return _batch(element)


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


def to_array(data: Any) -> Array:
    """A NumPy array of any backend's tensor, without a copy where there need be none.

    Raises:
        TypeError: a masked array, whose mask would be lost.
    """
    if isinstance(data, np.ma.MaskedArray):
        raise TypeError(
            "a masked array's mask would be lost; pass data.filled(np.nan) with "
            'missing="ignore", or the mask as an argument.'
        )
    if isinstance(data, np.ndarray):
        return data
    if hasattr(data, "to_numpy"):  # first: a frame's columns are attributes too
        return np.asarray(data.to_numpy())
    _refuse_ragged(data)
    if hasattr(data, "detach"):  # torch: off the graph, off the device
        data = data.detach().cpu()
        if str(data.dtype) == "torch.bfloat16":  # which NumPy does not know
            data = data.float()
    return np.asarray(data)


class Gatherer:
    """Joins small batches, with their weights, before they are passed on: fewer calls.

    Args:
        consume: takes a batch and its weights or ``None``.
        together: whether batches may be joined.

    Example:
        >>> gatherer = Gatherer(lambda batch, weight: print(batch.shape))
        >>> for rows in (2, 3):
        ...     gatherer.add(np.zeros((rows, 4)), None)
        >>> gatherer.finish()
        (5, 4)
    """

    def __init__(self, consume: Callable[[Array, Array | None], None], together: bool = True):
        self._consume = consume
        self._enough = VALUES_TOGETHER if together else 0
        self._held: list[tuple[Array, Array | None]] = []
        self._kind: Any = None
        self._size = 0

    def add(self, batch: Array, weight: Array | None) -> None:
        """Take a batch; pass it on when there is enough, or when it fits no earlier one."""
        kind = (batch.dtype, batch.shape[1:], weight is None or weight.shape[1:])
        if kind != self._kind:
            self.finish()
            self._kind = kind
        self._held.append((batch, weight))
        self._size += batch.size
        if self._size >= self._enough:
            self.finish()

    def finish(self) -> None:
        """Pass on what is held."""
        held, self._held, self._size = self._held, [], 0
        if len(held) == 1:
            self._consume(*held[0])
        elif held:
            weights = [weight for _, weight in held if weight is not None]
            joined = np.concatenate([batch for batch, _ in held])
            self._consume(joined, np.concatenate(weights) if weights else None)

"""What a ``tf.data.Dataset`` says of its elements; TensorFlow is not imported."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from normlayers.statistics.gatherer import VALUES_TOGETHER


def yields_single_rows(data: Any) -> bool:
    """Whether the elements are single rows, so that the data set has to be batched first.

    As in Keras, elements of one axis are rows; so are single values. Elements that are dicts are
    rows where an entry or a label is a single value, or the entries differ in their first length;
    batches where that is unknown, or all alike and not all are vectors.

    Raises:
        ValueError: dicts of vectors of one known length, which may be rows of so many features or
            batches of so many rows.
    """
    x = _specification(data)
    if not hasattr(data, "batch") or x is None:
        return False
    if not isinstance(x, Mapping):
        shape = getattr(x, "shape", None)
        return shape is not None and shape.rank in (0, 1)
    shapes = [entry.shape for entry in x.values() if getattr(entry, "shape", None) is not None]
    ranks = {shape.rank for shape in shapes}
    if 0 in ranks:
        return True
    if None in ranks or not ranks:
        return False
    lengths = {shape[0] for shape in shapes}
    if None in lengths or len(lengths) > 1:
        return None not in lengths
    if _is_labelled(data) and any(
        getattr(getattr(entry, "shape", None), "rank", None) == 0 for entry in data.element_spec[1:]
    ):
        return True
    (length,) = lengths
    if ranks == {1} and length > 1:
        raise ValueError(
            f"elements of {length} values each may be rows of {length} features, or batches of "
            f"{length} rows. Received: a data set of {data.element_spec}; batch single rows with "
            f"data.batch(...), give columns in batches the shape ({length}, 1)."
        )
    return False


def rank_of_elements(data: Any) -> int | None:
    """How many axes the elements have; ``None`` where that is unknown, and of other sources."""
    shape = getattr(getattr(data, "element_spec", None), "shape", None)
    rank: int | None = getattr(shape, "rank", None)
    return rank


def is_infinite(data: Any) -> bool:
    """Whether a ``tf.data.Dataset`` is known to have no end, as after ``repeat()``."""
    known = hasattr(data, "element_spec") and hasattr(data, "cardinality")
    return known and bool(data.cardinality() == -1)


def can_rebatch(data: Any) -> bool:
    """Whether ``data`` can join its batches itself: all of one shape but for their rows."""
    specification = _specification(data)
    shape = getattr(specification, "shape", None)
    return (
        hasattr(data, "rebatch")
        and type(specification).__name__ == "TensorSpec"  # neither ragged nor sparse
        and shape is not None
        and (shape.rank or 0) > 1
        and shape[1:].is_fully_defined()
    )


def rebatched(data: Any, steps: int | None) -> Any:
    """The data set's ``x`` in larger batches; of the first ``steps`` batches only."""
    values = int(np.prod(_specification(data).shape[1:]))
    if steps is not None:
        data = data.take(steps)
    if _is_labelled(data):
        data = data.map(lambda x, *rest: x)
    return data.rebatch(max(1, VALUES_TOGETHER // max(1, values)))


def _is_labelled(data: Any) -> bool:
    return isinstance(data.element_spec, tuple)


def _specification(data: Any) -> Any:
    """What a tf.data.Dataset says of its elements' x; ``None`` of other sources."""
    specification = getattr(data, "element_spec", None)
    return specification[0] if isinstance(specification, tuple) else specification

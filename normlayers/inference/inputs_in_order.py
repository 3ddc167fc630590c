"""A model's inputs, however ``fit`` and ``predict`` take them.

What reads data knows arrays and dicts of them. Several inputs without names are dicts by their
numbers while they are read, and the structure that the model declares when it is called: in a dict
by names Keras takes no inputs whose tensors and layers are not called alike, as where ``Input`` was
given no name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import keras

from normlayers.inference.graph import input_names


def numbered(model: Any, data: Any) -> Any:
    """Data with a dict by number for each list or tuple of an array an input.

    Of a model of one input, with the array. Of a dict by the names of the inputs, what the model
    does not take is left out: it may be no numbers.

    A list is ambiguous: of a model of several inputs, one of as many arrays holds the inputs, as
    such a model takes no array alone; of a model of one input it holds batches.

    Args:
        model: whose inputs are known; data of any other stay as they are.
        data: a list or a tuple of arrays, one an input, or a dict; or batches, whose first entry is
            such a list or dict: a list of batches, a generator, a ``tf.data.Dataset``, a
            ``keras.utils.PyDataset``, a ``DataLoader``. Else it stays as it is.

    Returns:
        what can be read as often as ``data`` can.
    """
    names = input_names(model)
    inputs = len(names)
    if not inputs or isinstance(data, str | bytes) or hasattr(data, "shape"):
        return data

    def holds_more(x: Any) -> bool:
        return isinstance(x, Mapping) and set(names) < set(x)

    def apart(x: Any) -> Any:
        if holds_more(x):
            return {name: x[name] for name in names}
        if not _is_one_each(x, inputs):
            return x
        return dict(enumerate(x)) if inputs > 1 else x[0]

    if isinstance(data, Mapping):
        return apart(data)
    if isinstance(data, tuple):  # of others, as of (x, y), who reads them says what they are
        if any(isinstance(entry, Mapping) for entry in data):
            return tuple(apart(x) if isinstance(x, Mapping) else x for x in data)
        return apart(data)
    if inputs > 1 and _is_one_each(data, inputs):
        return apart(data)
    if hasattr(data, "element_spec"):
        spec = data.element_spec
        if holds_more(spec):
            return data.map(apart)
        first = spec[0] if isinstance(spec, tuple | list) else None
        if not holds_more(first) and not _is_one_each(first, inputs):
            return data
        # With the labels: by them single rows may be known.
        return data.map(lambda x, *labels: (apart(x), *labels))
    if hasattr(data, "num_batches") and hasattr(data, "__getitem__"):
        return _NumberedDataset(data, apart)
    if isinstance(data, list):
        return [_first_apart(element, apart) for element in data]
    if hasattr(data, "__next__"):
        return (_first_apart(element, apart) for element in data)
    return _NumberedBatches(data, apart) if hasattr(data, "__iter__") else data


def structured(model: Any, batch: Any) -> Any:
    """A batch as the model is called with it: one that is ``numbered`` in the model's structure.

    Raises:
        ValueError: it is one array, and the model has several inputs.
    """
    _refuse_missing_inputs(model, batch)
    if not isinstance(batch, Mapping) or set(batch) != set(range(len(batch))):
        return batch
    return keras.tree.pack_sequence_as(model.input, [batch[number] for number in range(len(batch))])


def _refuse_missing_inputs(model: Any, batch: Any) -> None:
    """Refuse a batch of one array for a model of several inputs.

    Raises:
        ValueError: naming the inputs.
    """
    names = input_names(model)
    if len(names) > 1 and not isinstance(batch, Mapping):
        raise ValueError(
            f"model {model.name!r} takes {len(names)} inputs ({', '.join(map(repr, names))}). "
            f"Received: one array of shape {tuple(batch.shape)}; pass a list or a tuple of an "
            "array for each, a dict by their names, or batches ((a, b), y) of these: of batches "
            "(a, b) the second are labels, as for fit."
        )


def _is_one_each(x: Any, inputs: int) -> bool:
    """Whether this is a list or a tuple of arrays, one an input."""
    several = isinstance(x, list | tuple) and len(x) == inputs
    # NumPy's numbers have a shape, too.
    return several and all(hasattr(p, "shape") and getattr(p, "ndim", 1) != 0 for p in x)


def _first_apart(element: Any, apart: Callable[[Any], Any]) -> Any:
    # Of (x, y) the first is a list where x is several.
    if isinstance(element, Mapping):
        return apart(element)
    if not isinstance(element, list | tuple) or not element:
        return element
    x = apart(element[0])
    return element if x is element[0] else (x, *element[1:])


class _NumberedDataset:
    """A ``PyDataset`` whose batches are numbered."""

    def __init__(self, data: Any, apart: Callable[[Any], Any]) -> None:
        self._data, self._apart = data, apart

    @property
    def num_batches(self) -> int | None:
        number: int | None = self._data.num_batches
        return number

    def __getitem__(self, index: int) -> Any:
        return _first_apart(self._data[index], self._apart)


class _NumberedBatches:
    """Batches that are numbered, as often as they can be read."""

    def __init__(self, data: Any, apart: Callable[[Any], Any]) -> None:
        self._data, self._apart = data, apart

    def __iter__(self) -> Iterator[Any]:
        return (_first_apart(element, self._apart) for element in self._data)

"""Several inputs, however ``fit`` and ``predict`` take them, as dicts by their names."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from normlayers.inference.graph import input_names


def by_name(model: Any, data: Any) -> Any:
    """Data of a model of several inputs, with a dict for each list or tuple of an array an input.

    Args:
        model: whose inputs are known; data of any other, and of one input, stay as they are.
        data: a list or a tuple of arrays, one an input; or batches, whose first entry is such a
            list: a list of batches, a generator, a ``tf.data.Dataset``, a
            ``keras.utils.PyDataset``, a ``DataLoader``. Else it stays as it is.

    Returns:
        what can be read as often as ``data`` can.
    """
    names = input_names(model)
    if len(names) < 2:
        return data

    def named(x: Any) -> Any:
        return dict(zip(names, x, strict=True)) if _is_one_each(x, len(names)) else x

    if _is_one_each(data, len(names)) or hasattr(data, "shape") or isinstance(data, Mapping):
        return named(data)
    if hasattr(data, "element_spec"):
        spec = data.element_spec
        if not isinstance(spec, tuple | list) or not _is_one_each(spec[0], len(names)):
            return data
        return data.map(lambda x, *_: named(x))
    if hasattr(data, "num_batches") and hasattr(data, "__getitem__"):
        return _NamedDataset(data, named)
    if isinstance(data, list):
        return [_first_named(element, named) for element in data]
    if hasattr(data, "__next__"):
        return (_first_named(element, named) for element in data)
    return _NamedBatches(data, named) if hasattr(data, "__iter__") else data


def _is_one_each(x: Any, inputs: int) -> bool:
    """Whether this is a list or a tuple of arrays, one an input."""
    several = isinstance(x, list | tuple) and len(x) == inputs
    return several and all(hasattr(part, "shape") for part in x)


def _first_named(element: Any, named: Callable[[Any], Any]) -> Any:
    # Of (x, y) the first is a list where x is several.
    is_labelled = isinstance(element, Sequence) and len(element) and not hasattr(element, "shape")
    return (named(element[0]), *element[1:]) if is_labelled else element


class _NamedDataset:
    """A ``PyDataset`` whose batches have dicts."""

    def __init__(self, data: Any, named: Callable[[Any], Any]) -> None:
        self._data, self._named = data, named

    @property
    def num_batches(self) -> int | None:
        number: int | None = self._data.num_batches
        return number

    def __getitem__(self, index: int) -> Any:
        return _first_named(self._data[index], self._named)


class _NamedBatches:
    """Batches that have dicts, as often as they can be read."""

    def __init__(self, data: Any, named: Callable[[Any], Any]) -> None:
        self._data, self._named = data, named

    def __iter__(self) -> Iterator[Any]:
        return (_first_named(element, self._named) for element in self._data)

"""Several layers adapted in one pass over a data set."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from normlayers.layers.adaptive_layer import AdaptiveLayer
from normlayers.layers.counting import NamedErrors, Verbose, shown
from normlayers.statistics.batches import Gatherer, batches, rows_in


def adapt(
    layers: Mapping[str, AdaptiveLayer],
    data: Any,
    batch_size: int | None = None,
    steps: int | None = None,
    verbose: Verbose = "auto",
) -> None:
    """Adapt several layers to the columns of a data set, in one pass.

    Args:
        layers: the layers by the key of the data that each adapts to.
        data: a dict of arrays, or batches that are dicts (or tuples whose first entry is one), in
            any of the sources that ``Standardize.adapt`` takes.
        batch_size, steps, verbose: as for ``Standardize.adapt``.

    Raises:
        KeyError: the data lack a key.
        TypeError, ValueError, RuntimeError: as ``Standardize.adapt``. No layer is changed.

    Example:
        >>> import numpy as np, normlayers as nl
        >>> age, income = nl.Standardize(), nl.MinMaxScale()
        >>> data = {"age": np.array([[20.0], [40.0]]), "income": np.array([[0.0], [9.0]])}
        >>> nl.adapt({"age": age, "income": income}, data)
        >>> age.mean.tolist(), income.maximum.tolist()
        ([30.0], [9.0])
    """
    for layer in layers.values():
        layer.refuse_given("adapt")
    statistics = {key: layer.new_statistics() for key, layer in layers.items()}
    gatherers = {
        key: Gatherer(counted.update, together=0 not in counted.axis)
        for key, counted in statistics.items()
    }
    shapes: dict[str, tuple[int, ...]] = dict.fromkeys(layers, ())
    for batch in shown(batches(data, batch_size, steps), rows_in(data), verbose):
        for key, layer in layers.items():
            column = _column(batch, key)
            with NamedErrors(f"adapt(): {key!r}"):
                layer.check_features(column.shape)
                gatherers[key].add(column, None)
            shapes[key] = column.shape
    for key in layers:
        with NamedErrors(f"adapt(): {key!r}"):
            gatherers[key].finish()
            layers[key].check_statistics(statistics[key])
    for key, layer in layers.items():
        layer.take(statistics[key], shapes[key])


def _column(batch: Any, key: str) -> Any:
    if not isinstance(batch, dict):
        raise TypeError(
            f"adapt(): the data must be dicts of arrays. Received: batches of shape {batch.shape}; "
            "use the layer's own adapt(data)."
        )
    if key not in batch:
        known = ", ".join(map(repr, batch))
        raise KeyError(f"adapt(): the data have no key {key!r}; they have {known}.")
    return batch[key]

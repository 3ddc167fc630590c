"""Several layers adapted in one pass over a data set."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import tee
from typing import Any

import keras as keras  # first: its import wants all layers, and within one's module finds half

from normlayers.layers.adaptive_layer import AdaptiveLayer
from normlayers.layers.counting import NamedErrors, Verbose, shown
from normlayers.layers.on_dask.partition_counts import Counted
from normlayers.layers.on_dask.partitions import is_on_dask
from normlayers.layers.on_dask.scan import scan
from normlayers.layers.row_weights import BatchWeights
from normlayers.statistics.batches import batches, opened, rows_in
from normlayers.statistics.conversion import is_sparse
from normlayers.statistics.gatherer import Gatherer


def adapt(
    layers: Mapping[Any, AdaptiveLayer],
    data: Any,
    batch_size: int | None = None,
    steps: int | None = None,
    sample_weight: Any = None,
    mask: Any = None,
    verbose: Verbose = "auto",
) -> None:
    """Adapt several layers to the columns of a data set, in one pass.

    Args:
        layers: the layers by the key of the data that each adapts to.
        data: a dict of arrays or lists, or a pandas or polars frame, whose columns are the keys;
            or batches that are dicts or frames, in any of the sources that ``Standardize.adapt``
            takes (a ``tf.data.Dataset`` of single rows is batched). Of batches that are tuples,
            such as ``(x, y)``, the first entry is taken; so it is of one tuple of all the data
            where ``y`` has other keys. What no layer adapts to is not read. A column of shape
            ``(rows,)`` counts as ``(rows, 1)``, which is what Keras makes of it for
            ``keras.Input((1,))``. Or a Dask collection, see below.
        batch_size, steps, verbose: as for ``Standardize.adapt``.
        sample_weight, mask: as for ``Standardize.adapt``, for all columns alike; or dicts of them
            by key, where a column that is not in the dict counts whole.

    On Dask:
        Data may be a Dask frame, array, bag or list of delayed batches, or a dict of them. Each
        partition is counted on the worker that holds it, by the scheduler that Dask would use for
        it; only counts of some kB travel, and are merged as a tree. A bag's elements are rows
        (numbers, vectors, dicts of numbers) or batches. ``sample_weight`` and ``mask`` are Dask
        collections of the same partitions, lists of one array a partition, or, where the rows of
        partitions are known, arrays. ``steps`` counts partitions. Progress is Dask's own. Ctrl-C
        cancels what is left. So files larger than any memory are read::

            with Client("tcp://scheduler:8786"):
                frame = dask.dataframe.read_parquet("s3://bucket/visits/")
                nl.adapt({"age": age, "income": income}, frame)  # reads these columns only

    Raises:
        KeyError: the data lack a key, or the layers one of ``sample_weight`` or ``mask``.
        TypeError: ``layers`` is no mapping to ``Standardize`` or ``MinMaxScale``; and as
            ``Standardize.adapt``.
        ValueError: there are no layers, or one stands under two keys; and as ``Standardize.adapt``.
        RuntimeError: a layer was given its statistics; on Dask, a worker has other versions of this
            package or of Dask, or the cluster ended before all was counted.
            After any of these, no layer is changed.

    Example:
        >>> import numpy as np, normlayers as nl
        >>> age, income = nl.Standardize(), nl.MinMaxScale()
        >>> data = {"age": [20.0, 40.0], "income": np.array([[0.0], [9.0]])}
        >>> nl.adapt({"age": age, "income": income}, data)
        >>> age.mean.item(), income.maximum.item()
        (30.0, 9.0)
    """
    _check_layers(layers)
    weights = _by_key("sample_weight", sample_weight, layers)
    masks = _by_key("mask", mask, layers)
    if is_on_dask(data):
        with NamedErrors("adapt()"):
            found = scan(
                {key: layer.new_statistics() for key, layer in layers.items()},
                data,
                batch_size=batch_size,
                steps=steps,
                sample_weight=weights,
                mask=masks,
                verbose=verbose,
            )
        _take(layers, found)
        return
    with NamedErrors("adapt()"):
        data = opened(data, layers)
    columns = {
        key: _Column(key, layer, weights[key], masks[key], data) for key, layer in layers.items()
    }
    for batch in shown(batches(data, batch_size, steps, columns=layers), rows_in(data), verbose):
        _refuse_without_keys(batch)
        for key, column in columns.items():
            column.add(batch[key])
    for column in columns.values():
        column.finish(leftover=steps is not None)
    for column in columns.values():
        column.take()


def _take(layers: Mapping[Any, AdaptiveLayer], found: Mapping[Any, Counted]) -> None:
    """Let the layers compute with what a cluster has counted, if all of them can."""
    for key, layer in layers.items():
        with NamedErrors(f"adapt(): {key!r}"):
            if found[key].shape:
                layer.check_features(found[key].shape)
            layer.check_statistics(found[key].statistics)
    for key, layer in layers.items():
        layer.take(found[key].statistics, found[key].shape)


class _Column:
    """A column of the data, and the layer that adapts to it."""

    def __init__(
        self, key: Any, layer: AdaptiveLayer, sample_weight: Any, mask: Any, data: Any
    ) -> None:
        self._layer = layer
        self._errors = NamedErrors(f"adapt(): {key!r}")
        self._statistics: Any = layer.new_statistics()
        self._gatherer = Gatherer(self._statistics.update, together=0 not in self._statistics.axis)
        self._sparse = isinstance(data, dict) and is_sparse(data[key])
        self._shape: tuple[int, ...] = ()
        with self._errors:
            self._weights = BatchWeights(sample_weight, mask, whole=rows_in(data) is not None)

    def add(self, values: Any) -> None:
        """Count a batch in."""
        if values.ndim == 1:
            values = values[:, None]
        with self._errors:
            if values.shape != self._shape:
                self._layer.check_features(values.shape)
                self._shape = values.shape
            self._gatherer.add(values, self._weights.of_next(len(values)))

    def finish(self, leftover: bool) -> None:
        """Check that all is counted and the layer can compute with it."""
        with self._errors:
            self._gatherer.finish()
            if not leftover:
                self._weights.refuse_leftover()
            self._layer.check_statistics(self._statistics)
            if self._sparse:
                self._layer.check_sparse(self._statistics)

    def take(self) -> None:
        """Let the layer compute with what was counted."""
        self._layer.take(self._statistics, self._shape)


def _check_layers(layers: Any) -> None:
    if isinstance(layers, AdaptiveLayer):
        raise TypeError(
            "adapt() takes a mapping from the data's keys to layers. Received: the layer "
            f"{layers.name!r}; call {layers.name}.adapt(data), or adapt({{key: layer}}, data)."
        )
    if not isinstance(layers, Mapping):
        raise TypeError(
            "adapt() takes a mapping from the data's keys to layers, such as "
            f'{{"age": Standardize()}}. Received: {type(layers).__name__}'
        )
    if not layers:
        raise ValueError("adapt() takes at least one layer. Received: an empty mapping.")
    key_of: dict[int, Any] = {}
    for key, layer in layers.items():
        if not isinstance(layer, AdaptiveLayer):
            raise TypeError(
                "adapt() adapts Standardize and MinMaxScale layers. Received: "
                f"{type(layer).__name__} for {key!r}; Standardize takes the place of "
                "keras.layers.Normalization."
            )
        layer.refuse_given("adapt")
        if id(layer) in key_of:
            raise ValueError(
                f"a layer adapts to one column. Received: layer {layer.name!r} for "
                f"{key_of[id(layer)]!r} and for {key!r}; make one for each."
            )
        key_of[id(layer)] = key


def _refuse_without_keys(batch: Any) -> None:
    if not isinstance(batch, dict):
        raise TypeError(
            "adapt(): the data must be dicts of arrays, or frames. Received: batches of shape "
            f"{batch.shape}; use the layer's own adapt(data)."
        )


def _by_key(name: str, given: Any, layers: Mapping[Any, Any]) -> dict[Any, Any]:
    """What was given for each key, or for all alike, by key."""
    if isinstance(given, Mapping):
        for key in given:
            if key not in layers:
                known = ", ".join(map(repr, layers))
                raise KeyError(f"adapt(): {name} has a key {key!r}; the layers have {known}.")
        return {key: given.get(key) for key in layers}
    if hasattr(given, "__next__"):  # which can be read once only
        return dict(zip(layers, tee(given, len(layers)), strict=True))
    return dict.fromkeys(layers, given)

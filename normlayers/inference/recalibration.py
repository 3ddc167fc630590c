"""Batch-normalization statistics of the whole data, for the weights as they are now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import chain
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from normlayers.inference.gathering import Gathered, calls_of, gather
from normlayers.inference.graph import inner_layers, normalizations, refuse_other_than_models
from normlayers.inference.inputs_in_order import numbered, structured
from normlayers.inference.kept_values import KeptValues, value_of
from normlayers.inference.levels import levels
from normlayers.layers.batch_normalization import BatchNormalization
from normlayers.layers.counting import NamedErrors, Verbose, shown
from normlayers.statistics.batches import batches as batches_of
from normlayers.statistics.batches import opened, rows_in
from normlayers.statistics.counts import check_counts

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Recalibration:
    """What ``recalibrate`` did.

    Attributes:
        passes: how often it read the data.
        batches: the number of batches in a pass.
        rows: the number of rows in a pass.
        layers: the names of the layers that have new statistics, in the order they got them.
        skipped: the layers that kept theirs, with the reason.
    """

    passes: int
    batches: int
    rows: int
    layers: tuple[str, ...]
    skipped: Mapping[str, str] = field(default_factory=dict)


def recalibrate(
    model: keras.Model,
    data: Any,
    batches: int | None = None,
    layerwise: bool = True,
    batch_size: int = 32,
    verbose: Verbose = "auto",
) -> Recalibration:
    """Give a model's batch normalizations the statistics of the whole data.

    Moving statistics are wrong wherever the weights have moved further than they follow: after
    weight averaging or a swap to averaged weights, after few steps, with tiny batches, on changed
    data. These are those of all the data for the weights as they are now: mean and variance of
    everything that goes into a layer, pooled over batches (the variance between batches included)
    in float64. They do not depend on how the data are batched or ordered.

    The layers get them one after the other, so that each layer's are those of the inputs that the
    corrected layers before it make, at inference: dropout is off. Layers that do not depend on one
    another share a pass over the data, so that a model takes as many passes as the longest path
    through it has batch normalizations. Of a model whose graph is not known, a subclassed one, it
    is a pass for each.

    Ours and Keras's layers are recalibrated, also in nested models, renormalizing ones
    (``renorm=True``) and ours with ``debias`` included. Frozen ones (``trainable=False``) and
    subclasses are left as they are and listed in ``skipped``.

    The model is changed when all is done: an error or an interruption changes nothing. Until then
    nothing else may run the model. Its other variables, such as an RNN's state, are at each pass's
    start and at the end what they were.

    Args:
        model: a built model of any kind; its batch normalizations are changed.
        data: the inputs, of numbers: an array, a tensor or a frame, of shape ``(rows, ...)``; of
            several, a list or a tuple of them in the order of the model's inputs, or a dict by
            their names; or batches of any of these: a ``tf.data.Dataset``, a
            ``keras.utils.PyDataset``, a ``DataLoader``, a list. Of batches such as ``(x, y)`` the
            first entry is taken. A list of as many arrays as a model of several inputs has is
            these, any other one batches; of a subclassed model, whose inputs are not known, several
            are taken in dicts alone. It is read once a pass: a generator is enough for one pass
            only. Text is not read: recalibrate the part of the model behind its text vectorization,
            whose layers are the same.
        batches: the number of batches to use; ``None`` uses all.
        layerwise: ``False`` takes one pass, in which every layer normalizes each batch by that
            batch's own statistics: as training would, so that deeper layers' statistics are not
            quite those of the inputs that they get at inference.
        batch_size: rows at a time of arrays and dicts of them.
        verbose: show progress; ``"auto"``: on a terminal, where it takes more than a second.

    Returns:
        what was done, with the number of passes.

    Raises:
        ValueError: the model is not built, or has no batch normalization to recalibrate; the data
            are none, end early, do not fit the model, or make NaN or infinite values; a layer
            depends on itself, or runs within a loop.
        TypeError: the model is no Keras model; the data are none that can be read, or an iterator
            where several passes are needed.

    Source: Izmailov et al. (2018), "Averaging Weights Leads to Wider Optima and Better
    Generalization", section 3.2, for why; Chan, Golub & LeVeque (1979) for the pooling.

    Example:
        >>> import numpy as np, normlayers as nl
        >>> model = keras.Sequential([keras.Input((1,)), nl.BatchNormalization(epsilon=0.0)])
        >>> done = nl.recalibrate(model, np.array([[1.0], [3.0]], "float32"))
        >>> done.passes, [weight.tolist() for weight in model.get_weights()[2:]]
        (1, [[2.0], [1.0]])
    """
    with NamedErrors("recalibrate()"):
        check_counts(batches=batches, batch_size=batch_size, optional=True)
        refuse_other_than_models(model)
        layers, skipped = _chosen(model)
        source = _Source(numbered(model, data), batches, batch_size, verbose)
        kept = KeptValues(_changeable(model))
        try:
            gathered, passes = _gathered(model, layers, source, layerwise, kept)
        finally:
            kept.give_back()
        skipped |= {x.name: "the model does not call it" for x in layers if x not in gathered}
        _assign(list(gathered.values()), source.batches)
        return Recalibration(
            passes,
            source.batches,
            source.rows,
            tuple(layer.name for layer in gathered),
            skipped,
        )


def _gathered(
    model: Any, layers: Sequence[Any], source: _Source, layerwise: bool, kept: KeptValues
) -> tuple[dict[Any, Gathered], int]:
    """What each layer that the model calls has to normalize by, and the passes it took."""
    stream, first = source.first_pass()
    called = calls_of(partial(model, structured(model, first), training=False), layers)
    groups = levels(model, layers, called) if layerwise else [_once(called)]
    source.check_passes(len(groups))
    gathered = {layer: Gathered(layer) for group in groups for layer in group}
    times = Counter(called)
    for number, group in enumerate(groups, 1):
        kept.give_back()  # an RNN's state, say: each pass begins as the first did
        ones = [gathered[layer] for layer in group]
        stop = 0
        for batch in source.watched(stream if number == 1 else None, number, len(groups)):
            rows = range(stop, stop := stop + _rows(batch))
            run = partial(model, structured(model, batch), training=False)
            gather(run, ones, list(gathered.values()), times, rows, own=not layerwise)
        for one in ones:
            one.finish()
    return gathered, len(groups)


def _changeable(model: Any) -> list[Any]:
    """The variables that a run at inference may change."""
    # What an RNN remembers is none of its variables.
    states = [
        state
        for layer in inner_layers(model)
        if isinstance(layer, keras.layers.RNN) and layer.stateful
        for state in keras.tree.flatten(layer.states)
    ]
    return [v for v in [*model.variables, *states] if not v.trainable]


def _once(called: Sequence[Any]) -> list[Any]:
    return list(dict.fromkeys(called))


def _chosen(model: Any) -> tuple[list[Any], dict[str, str]]:
    """The layers to recalibrate, and why not the others."""
    layers, skipped = [], {}
    found = list(normalizations(model))
    for layer in found:
        if type(layer) not in (BatchNormalization, keras.layers.BatchNormalization):
            skipped[layer.name] = f"a {type(layer).__name__}, which may compute something else"
        elif not layer.trainable:
            skipped[layer.name] = "frozen: trainable=False"
        else:
            layers.append(layer)
    unbuilt = [layer.name for layer in layers if not layer.built]
    if unbuilt or not model.built:
        raise ValueError(
            f"model {model.name!r} is not built; call it on some inputs first."
            if not model.built
            else f"layer {unbuilt[0]!r} is not built; call the model on some inputs first."
        )
    if not layers:
        why = "; ".join(f"{name}: {reason}" for name, reason in skipped.items())
        raise ValueError(
            f"model {model.name!r} has no batch normalization to recalibrate"
            + (f" ({why})." if why else ".")
        )
    return layers, skipped


class _Source:
    """The data, read once a pass, each pass the same number of rows and batches.

    Attributes:
        batches, rows: how many the passes have; 0 before the first.
    """

    def __init__(self, data: Any, batches: int | None, batch_size: int, verbose: Verbose) -> None:
        self._data = opened(data)
        self._steps, self._size, self._verbose = batches, batch_size, verbose
        self.batches = self.rows = 0

    def first_pass(self) -> tuple[Iterator[Any], Any]:
        """The first pass, whole, and its first batch."""
        stream = self._open()
        first = next(stream, None)
        if first is None:
            raise ValueError("there are no data.")
        return chain([first], stream), first

    def check_passes(self, passes: int) -> None:
        """Raise TypeError where the data can be read once, and that is not enough."""
        if passes > 1 and hasattr(self._data, "__next__"):
            raise TypeError(
                f"the model needs {passes} passes over the data, and these can be read once. "
                f"Received: {type(self._data).__name__}; pass an array, a list of batches or a "
                "data set, or layerwise=False."
            )

    def watched(self, stream: Iterator[Any] | None, number: int, passes: int) -> Iterator[Any]:
        """The batches of a pass, with progress shown."""
        what = f"recalibrating, pass {number} of {passes}"
        rows = rows_in(self._data)
        if self._steps is not None and rows is not None:
            rows = min(rows, self._steps * self._size)
        batches = seen = 0
        for batch in shown(stream or self._open(), rows or self.rows or None, self._verbose, what):
            batches, seen = batches + 1, seen + _rows(batch)
            yield batch
        if self._steps is not None and batches < self._steps:
            raise ValueError(
                f"the data ended early. Received: {batches} batches of the {self._steps} that "
                "batches asks for."
            )
        if number > 1 and (batches, seen) != (self.batches, self.rows):
            raise ValueError(
                f"pass {number} over the data gave {seen} rows in {batches} batches, the first "
                f"{self.rows} in {self.batches}; pass data that are the same in each pass."
            )
        self.batches, self.rows = batches, seen

    def _open(self) -> Iterator[Any]:
        for batch in batches_of(self._data, self._size, self._steps):
            if _rows(batch):  # an empty one says nothing
                yield batch


def _rows(batch: Any) -> int:
    one = next(iter(batch.values())) if isinstance(batch, Mapping) else batch
    return len(one)


def _assign(gathered: Sequence[Gathered], batches: int) -> None:
    """Give the layers their statistics: all, or on an error or interruption none."""
    before: list[tuple[Any, Array]] = []
    try:
        for one in gathered:
            for weight, value in _new_weights(one, batches):
                old = value_of(weight)
                before.append((weight, old))
                weight.assign(np.asarray(value).astype(old.dtype))
    except BaseException:
        for weight, old in before:
            weight.assign(old)
        raise


def _new_weights(one: Gathered, batches: int) -> Iterator[tuple[Any, Any]]:
    layer = one.layer
    assert one.statistics is not None
    mean, variance = one.statistics
    yield layer.moving_mean, mean
    yield layer.moving_variance, variance
    if layer.renorm:
        sigma = np.sqrt(variance + layer.epsilon)
        yield layer.moving_stddev, sigma
        yield layer.renorm_mean, mean
        yield layer.renorm_stddev, sigma
    if getattr(layer, "steps", None) is not None:
        # As if the batches had been seen in training: else the next step would forget them.
        seen = int(value_of(layer.steps))
        yield layer.steps, max(seen, batches)

"""What goes into batch normalizations while a model runs, gathered layer by layer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
from keras import ops

from normlayers.layers.batch_norm import reference_batch_norm
from normlayers.layers.batch_normalization import BatchNormalization
from normlayers.layers.centring import at_least_float32
from normlayers.statistics.moments import Moments

Array = npt.NDArray[Any]


class Gathered:
    """One layer: the moments of what it has to normalize, and statistics to normalize by meanwhile.

    Attributes:
        layer: the layer.
        moments: those of its inputs so far; of a layer that normalizes after its activation, of
            what comes out of that.
        statistics: float64 mean and variance to normalize by, once they are known; the layer's own
            until then.
    """

    def __init__(self, layer: Any) -> None:
        self.layer = layer
        self.moments = Moments(axis=layer.axis)
        self.statistics: tuple[Array, Array] | None = None

    @property
    def _is_post(self) -> bool:
        return isinstance(self.layer, BatchNormalization) and self.layer.placement == "post"

    def call(
        self, inputs: Any, mask: Any, rows: range, gather: bool = False, own: bool = False
    ) -> Any:
        """What the layer does at inference, with the statistics that it has here.

        Args:
            inputs, mask: as for the layer.
            rows: the rows of the data that the inputs are made of.
            gather: count the inputs in.
            own: normalize by this batch's own statistics.
        """
        layer = self.layer
        activation = getattr(layer, "activation", keras.activations.linear)
        x = activation(inputs) if self._is_post else inputs
        x = ops.cast(x, at_least_float32(keras.backend.standardize_dtype(x.dtype)))
        mean, variance = self._of_layer() if self.statistics is None else self.statistics
        if gather or own:
            batch = self._moments_of(x, mask, rows)
            if gather:
                self.moments.merge(batch)
            if own:
                mean, variance = batch.mean, batch.variance
        y = self._normalized(x, mean, variance)
        y = ops.cast(y, layer.compute_dtype)
        return y if self._is_post else activation(y)

    def finish(self) -> None:
        """Normalize by the moments from now on.

        Raises:
            ValueError: there are too few values.
        """
        name = self.layer.name
        if not np.all(self.moments.count > 0):
            raise ValueError(f"the data leave layer {name!r} no values: all are masked out.")
        if np.all(self.moments.count == 1):
            raise ValueError(
                f"the data give layer {name!r} one value per channel, which has no variance; pass "
                "more rows."
            )
        self.statistics = self.moments.mean, self.moments.variance

    def _moments_of(self, x: Any, mask: Any, rows: range) -> Moments:
        batch = Moments(axis=self.layer.axis)
        values = _to_numpy(x, self.layer)
        weight = None
        if mask is not None:
            weight = np.broadcast_to(_to_numpy(mask, self.layer)[..., np.newaxis], values.shape)
        bad = ~np.isfinite(values) if weight is None else ~np.isfinite(values) & (weight > 0)
        if bad.any():
            place = f"rows {rows[0]:,} to {rows[-1]:,}"
            if len(values) == len(rows):  # else a layer before it makes others of them
                place = f"row {rows[np.argwhere(bad)[0, 0]]:,}"
            raise ValueError(
                f"the inputs of layer {self.layer.name!r} are NaN or infinite, first in {place} of "
                "the data; drop such rows, or see which layer makes them of finite data."
            )
        try:
            batch.update(values, weight)
        except ValueError as error:
            raise ValueError(f"the inputs of layer {self.layer.name!r}: {error}") from error
        return batch

    def _of_layer(self) -> tuple[Any, Any]:
        return self.layer.moving_mean, self.layer.moving_variance

    def _normalized(self, x: Any, mean: Any, variance: Any) -> Any:
        layer = self.layer

        def vector(values: Any) -> Any:
            return ops.cast(ops.convert_to_tensor(values), x.dtype)

        mean, variance = vector(mean), vector(variance)
        gamma = ops.ones_like(mean) if layer.gamma is None else vector(layer.gamma)
        beta = ops.zeros_like(mean) if layer.beta is None else vector(layer.beta)
        return reference_batch_norm.infer(x, gamma, beta, mean, variance, layer.axis, layer.epsilon)


class _Enough(BaseException):
    """Ends a forward pass whose rest is not needed."""


def calls_of(run: Callable[[], Any], layers: Sequence[Any]) -> list[Any]:
    """Which of the layers a run of a model calls, in order, as often as it does."""
    called: list[Any] = []

    def noting(layer: Any) -> Callable[..., Any]:
        plain = layer.call

        def call(*args: Any, **kwargs: Any) -> Any:
            called.append(layer)
            return plain(*args, **kwargs)

        return call

    with replaced_calls({layer: noting(layer) for layer in layers}), _without_gradients():
        run()
    return called


def gather(
    run: Callable[[], Any],
    group: Sequence[Gathered],
    all_of: Sequence[Gathered],
    times: Counter[Any],
    rows: range,
    own: bool,
) -> None:
    """Run a model, and count in the inputs of a group of layers.

    Args:
        run: runs the model on a batch; it is ended once the group has been called.
        group: the layers whose inputs are counted.
        all_of: all layers that have statistics here, those of the group among them.
        times: how often a run calls each layer.
        rows: the rows of the data that the batch has, for the errors.
        own: whether each normalizes by the batch's own statistics.
    """
    left = sum(times[one.layer] for one in group)
    refused: ValueError | None = None

    def calling(one: Gathered, in_group: bool) -> Callable[..., Any]:
        def call(inputs: Any, training: Any = None, mask: Any = None) -> Any:
            nonlocal left, refused
            try:
                if training and one.layer.renorm:
                    raise ValueError(
                        f"layer {one.layer.name!r} is called with training=True and has "
                        "renorm=True: what it puts out depends on what it saw before; freeze it "
                        "with trainable=False to leave it as it is."
                    )
                # In training mode whatever mode the model runs in.
                y = one.call(inputs, mask, rows, in_group, own or bool(training))
            except ValueError as error:  # whose message Keras would add to
                refused = error
                raise _Enough from error
            left -= in_group
            if not left:
                raise _Enough
            return y

        return call

    calls = {one.layer: calling(one, one in group) for one in all_of}
    with replaced_calls(calls), _without_gradients():
        try:
            run()
        except _Enough:
            if refused is not None:
                raise refused from None


@contextmanager
def replaced_calls(calls: dict[Any, Callable[..., Any]]) -> Iterator[None]:
    """Let layers run other functions in the place of their ``call``, and nothing else changed."""
    try:
        for layer, call in calls.items():
            vars(layer)["call"] = call  # past Keras, which keeps count of attributes
        yield
    finally:
        for layer in calls:
            vars(layer).pop("call", None)


def _without_gradients() -> Any:
    if keras.backend.backend() != "torch":
        return nullcontext()
    import torch

    return torch.no_grad()


def _to_numpy(tensor: Any, layer: Any) -> Array:
    try:
        return np.asarray(ops.convert_to_numpy(tensor))
    except Exception as error:  # each backend's own, of a tensor that is only traced
        raise ValueError(
            f"layer {layer.name!r} runs within a compiled loop, as of TimeDistributed or an RNN, "
            "where its inputs cannot be read; freeze it with trainable=False to leave it as it is."
        ) from error

"""Batch normalizations on the data: their statistics and what is around them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
from keras import ops

from normlayers.diagnosis.evidence.calls import DROPOUTS, RESHAPING, Call, Graph
from normlayers.inference.kept_values import value_of
from normlayers.tracking.reading.input_summary import is_matrix

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Normalization:
    """A batch normalization on the data.

    Attributes:
        name: of the layer.
        mean, variance: of each channel of what it takes, shape ``(channels,)``.
        moving_mean, moving_variance: those it computes with in inference.
        epsilon: what it adds to variances.
        momentum: of the moving statistics.
        trainable: whether it normalizes by the batch in training.
        untouched: whether it has gamma or beta, and they are 1 and 0 throughout.
        values: how many of each channel there are in a row.
        dropout: name of a dropout right before it, or ``""``.
        before: name of the layer with weights before it, or ``""``.
        before_trainable: whether that one's kernel is trained.
    """

    name: str
    mean: Array
    variance: Array
    moving_mean: Array
    moving_variance: Array
    epsilon: float
    momentum: float
    trainable: bool
    untouched: bool
    values: int
    dropout: str
    before: str
    before_trainable: bool


def normalizations(graph: Graph) -> list[Normalization]:
    """Every batch normalization of a recorded run, in order."""
    return [
        _normalization(graph, call)
        for call in graph.calls
        if isinstance(call.layer, keras.layers.BatchNormalization) and call.takes
    ]


def _normalization(graph: Graph, call: Call) -> Normalization:
    layer = call.layer
    x = np.asarray(ops.convert_to_numpy(ops.cast(call.takes[0], "float32")), float)
    axis = layer.axis if isinstance(layer.axis, int) else layer.axis[0]
    channels = np.moveaxis(x, axis, -1).reshape(-1, x.shape[axis])
    dropout = graph.before(call, RESHAPING)
    is_dropout = dropout is not None and dropout.kind in DROPOUTS and dropout.layer.rate > 0
    before = graph.before(call, (*RESHAPING, *DROPOUTS))
    moving_mean, moving_variance = (
        value_of(variable).astype(float) for variable in (layer.moving_mean, layer.moving_variance)
    )
    weights = getattr(before.layer, "weights", []) if before is not None else []
    trained = any(weight.trainable for weight in weights if is_matrix(weight))
    if before is not None and getattr(before.layer, "quantization_mode", None):
        trained = True  # as far as anybody decided: integers cannot be trained
    return Normalization(
        call.name,
        channels.mean(0),
        channels.var(0),
        moving_mean,
        moving_variance,
        float(layer.epsilon),
        float(layer.momentum),
        bool(layer.trainable),
        _is_untouched(layer),
        len(channels) // len(x),
        dropout.name if is_dropout and dropout is not None else "",
        before.name if before is not None and before.has_matrix else "",
        trained,
    )


def _is_untouched(layer: keras.layers.BatchNormalization) -> bool:
    rescaled = [(w, begun) for w, begun in ((layer.gamma, 1), (layer.beta, 0)) if w is not None]
    return bool(rescaled) and all(
        bool(np.all(value_of(weight) == begun)) for weight, begun in rescaled
    )

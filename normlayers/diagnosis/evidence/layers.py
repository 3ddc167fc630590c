"""What each layer does on the data, with the weights that the model has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
from keras import ops

from normlayers.diagnosis.evidence.calls import Call, Graph
from normlayers.diagnosis.evidence.features import FeatureStatistics, feature_statistics
from normlayers.tracking.reading.by_neuron import by_neuron
from normlayers.tracking.reading.layer_summary import layer_summary
from normlayers.tracking.reading.wiring import wiring_of

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Activity:
    """A hidden layer's neurons on the data.

    Attributes:
        name: of the layer.
        activation: the Keras name of its activation.
        share: of the points on which each neuron is active, shape ``(neurons,)``.
        saturation: share of the values at which the activation's derivative is below 0.01, of
            activations that saturate smoothly; else NaN.
        points: how many points, positions included.
        deviation: standard deviation of the outputs.
        finite: whether all outputs are.
        frozen: whether training changes nothing of the layer.
    """

    name: str
    activation: str
    share: Array
    saturation: float
    points: int
    deviation: float
    finite: bool
    frozen: bool = False


@dataclass(frozen=True)
class FirstInput:
    """What the first layer with a matrix of weights takes.

    Attributes:
        layer: that layer's name.
        source: name of the model's input it comes from, ``""`` where that is not known.
        through: the layers between.
        statistics: of its features.
        normalized_next: whether a batch normalization takes that layer's outputs.
        frozen: whether none of that layer's weights is trained: they want what they were
            trained on, of whatever scale.
    """

    layer: str
    source: str
    through: list[Call]
    statistics: FeatureStatistics
    normalized_next: bool
    frozen: bool

    @property
    def is_masked(self) -> bool:
        """Whether a ``Masking`` takes it before."""
        return any(call.kind == "Masking" for call in self.through)


@dataclass(frozen=True)
class Scaled:
    """A layer that scales the model's inputs: what goes in and what comes out.

    Attributes:
        call: of the layer.
        source: name of the model's input; ``""`` where that is not known.
        before, after: statistics of the features.
    """

    call: Call
    source: str
    before: FeatureStatistics
    after: FeatureStatistics


def activities(graph: Graph) -> list[Activity]:
    """Of each hidden layer with a nonlinear activation, in order."""
    chosen = [n for n in graph.heard if n.pre_activation is not None or n.activated is not None]
    neurons = {n.name: int(n.gives.shape[-1]) for n in chosen if hasattr(n.gives, "shape")}
    chosen = [n for n in chosen if n.name in neurons]
    wiring = wiring_of(chosen, graph.heard, graph.inputs, graph.outputs, neurons, False)
    hidden = [note for note in chosen if note.name in wiring.roles.neurons]
    return [_activity(note) for note in hidden]


def _activity(note: Any) -> Activity:
    of_neurons = by_neuron(note)
    summary = layer_summary(*of_neurons)
    points = int(summary["points"])
    share = np.asarray(ops.convert_to_numpy(summary["on"]), float) / points
    saturation = summary.get("saturation")
    numbers = ops.convert_to_numpy(ops.cast(of_neurons.outputs, "float32"))
    if of_neurons.counted is not None:
        numbers = numbers[ops.convert_to_numpy(of_neurons.counted)]
    with np.errstate(all="ignore"):
        deviation = float(np.std(numbers))
    return Activity(
        note.name,
        of_neurons.activation,
        share,
        float("nan") if saturation is None else float(ops.convert_to_numpy(saturation)),
        points,
        deviation,
        bool(ops.convert_to_numpy(summary["finite"])),
        is_frozen(note.layer),
    )


def is_frozen(layer: Any) -> bool:
    """Whether training changes nothing of a layer, as somebody decided."""
    if getattr(layer, "quantization_mode", None):  # integers cannot be trained
        return False
    weights = getattr(layer, "weights", [])
    return not any(w.trainable for w in weights) if weights else not getattr(layer, "trainable", 1)


def first_inputs(graph: Graph, names: list[str], trained: bool = False) -> list[FirstInput]:
    """What the first layers with a matrix take, one for each way from an input.

    Args:
        graph: the recorded calls.
        names: of the model's inputs, in the order of ``graph.inputs``.
        trained: whether frozen layers are passed over.
    """
    found: list[FirstInput] = []
    behind: set[int] = set()  # tensors behind a layer with a matrix
    seen: set[tuple[int, bool]] = set()  # a frozen layer and a trained one may take one tensor
    for call in (c for c in graph.calls if c.takes):
        is_behind = any(id(tensor) in behind for tensor in call.takes)
        lookup = call.looks_up
        has_matrix = call.has_matrix and not (trained and is_frozen(call.layer))
        if has_matrix and not lookup:
            for tensor in _joined(graph, call.takes[0]):
                # What comes from nowhere is the input only where nothing came before.
                known = graph.is_input(tensor) or graph.maker(tensor) is not None or not behind
                taken = id(tensor), is_frozen(call.layer)
                if known and id(tensor) not in behind and taken not in seen:
                    seen.add(taken)
                    found += _first_input(graph, call, tensor, names)
        if has_matrix or lookup or is_behind or not _known(graph, call):
            behind.update(id(tensor) for tensor in call.gives)
    return found


def _joined(graph: Graph, tensor: Any) -> list[Any]:
    """The tensors that were joined to one."""
    maker = graph.maker(tensor)
    if maker is None or maker.kind != "Concatenate":
        return [tensor]
    return [part for taken in maker.takes for part in _joined(graph, taken)]


def scaled_inputs(graph: Graph, names: list[str], kinds: tuple[str, ...]) -> list[Scaled]:
    """The layers of some kinds between the inputs and the first layer with a matrix."""
    behind: set[int] = set()
    found = []
    for call in graph.calls:
        is_behind = any(id(tensor) in behind for tensor in call.takes)
        if call.has_matrix or call.looks_up or is_behind:
            behind.update(id(tensor) for tensor in call.gives)
        elif call.kind in kinds:
            before, after = (_features(t[0], call.layer) for t in (call.takes, call.gives))
            if before is not None and after is not None:
                source, through = _source(graph, call.takes[0], names)
                both = (_unmasked(features, through) for features in (before, after))
                statistics = tuple(map(feature_statistics, both))
                found.append(Scaled(call, source, *statistics))
    return found


def _known(graph: Graph, call: Call) -> bool:
    return all(graph.is_input(t) or graph.maker(t) is not None for t in call.takes)


def _first_input(graph: Graph, call: Call, tensor: Any, names: list[str]) -> list[FirstInput]:
    features = _features(tensor, call.layer)
    if features is None:
        return []
    source, through = _source(graph, tensor, names)
    normalized = any(
        isinstance(taker.layer, keras.layers.BatchNormalization) for taker in graph.takers(call)
    )
    statistics = feature_statistics(_unmasked(features, through))
    return [FirstInput(call.name, source, through, statistics, normalized, is_frozen(call.layer))]


def _source(graph: Graph, tensor: Any, names: list[str]) -> tuple[str, list[Call]]:
    through: list[Call] = []
    while not graph.is_input(tensor):
        maker = graph.maker(tensor)
        if maker is None or not maker.takes:
            return "", through[::-1]
        through.append(maker)
        tensor = maker.takes[0]
    index = next(i for i, part in enumerate(graph.inputs) if part is tensor)
    return names[index] if index < len(names) else "", through[::-1]


def _unmasked(features: Array, through: list[Call]) -> Array:
    """The steps that a ``Masking`` on the way leaves, where it leaves any: not the padding."""
    for call in through:
        if call.kind == "Masking":
            kept = counted_steps(np.asarray(ops.convert_to_numpy(call.takes[0])), call.layer)
            if kept.any() and features.shape[: kept.ndim] == kept.shape:
                return features[kept]
    return features


def counted_steps(values: Array, masking: Any) -> Array:
    """Which steps of what a ``Masking`` takes are not padding: booleans without the last axis."""
    return np.any(values != masking.mask_value, axis=-1)


def _features(tensor: Any, layer: Any) -> Array | None:
    """A tensor as an array whose last axis are its features; ``None`` where it is no numbers."""
    if "float" not in keras.backend.standardize_dtype(tensor.dtype) or len(tensor.shape) < 2:
        whole = "int" in keras.backend.standardize_dtype(tensor.dtype)
        if not whole or len(tensor.shape) < 2:
            return None
    array = np.asarray(ops.convert_to_numpy(ops.cast(tensor, "float32")))
    if getattr(layer, "data_format", None) == "channels_first" and array.ndim > 2:
        array = np.moveaxis(array, 1, -1)
    return array

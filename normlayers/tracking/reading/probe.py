"""Hidden activations of any Keras model on fixed points."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
from keras import ops

from normlayers.tracking.reading.activation_names import activation_of
from normlayers.tracking.reading.by_neuron import ByNeuron, by_neuron
from normlayers.tracking.reading.compiled_reading import build, compiled_reading
from normlayers.tracking.reading.input_summary import input_summary, kernel_input
from normlayers.tracking.reading.layer_summary import layer_summary
from normlayers.tracking.reading.listening import CLOSED, Heard, has_activation, listen
from normlayers.tracking.reading.sampled_layer import sampled_layer
from normlayers.tracking.reading.traced_state import TracedState
from normlayers.tracking.reading.wiring import Wiring, wiring_of
from normlayers.tracking.snapshots.sampling import Sample

Array = npt.NDArray[Any]

# Beyond as many values, as of convolutions on large images, only measures are read.
READ_WHOLE = 2**22
# Layers up to this size have their weights recorded.
SMALL = 16


@dataclass(frozen=True)
class Reading:
    """What a model does on some points.

    Attributes:
        summaries: each probed layer's measures, see ``layer_summary``.
        activations: outputs of the layers that are read whole, shape ``(points, neurons)``; of a
            layer with positions (convolution, recurrence) every position is a point of its own.
        active: where each of their neurons is active, in the same shapes.
        output: the model's output, shape ``(points, outputs)``; of several outputs one beside
            the other.
        logit: the output before its activation, in the same shape; the output itself where no
            layer's activation makes it.
        inputs: of the features that the first layer with a kernel takes, see ``input_summary``.
        sampled: of the layers of the sample, see ``sampled_layer``.
    """

    summaries: dict[str, dict[str, Any]]
    activations: dict[str, Array]
    active: dict[str, Array]
    output: Array
    logit: Array
    inputs: dict[str, Array] = field(default_factory=dict)
    sampled: dict[str, dict[str, Array]] = field(default_factory=dict)

    @property
    def is_finite(self) -> bool:
        """Whether every layer's outputs and the logit are: the model has not diverged."""
        finite = [found["finite"] for found in self.summaries.values()]
        return bool(all(finite) and np.isfinite(self.logit).all())


class Probe:
    """Reads a model's layers on points, in one compiled call.

    The model may be Sequential, Functional (with several inputs and outputs, shared layers and
    models in it) or subclassed: the layers are recorded while it runs.

    Args:
        model: the model; one that is not built is built by the first points it reads.
        layers: names of the layers to read; ``None`` for all that have an activation, and
            recurrent ones. See ``listening.Heard`` for the names of layers called twice.
        whole: up to how many neurons a layer's activations are read whole, and not only their
            measures.
        choose: chooses what else is read of layers of any width, from how many points there are,
            how many neurons each layer has, and how many outputs the model has; ``None`` for
            nothing.

    Attributes:
        model: the model.
        sample: what was chosen; known from the first reading on.
        wiring: how the layers read stand to each other; known from the first reading on.

    Raises:
        ValueError: a name is unknown, or the layer has neither weights nor an activation; raised
            by the first reading.

    Example:
        >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(3, "relu", name="h")])
        >>> reading = Probe(model).read(np.zeros((5, 2), "float32"))
        >>> reading.activations["h"].shape
        (5, 3)
    """

    def __init__(
        self,
        model: keras.Model,
        layers: Sequence[str] | None = None,
        whole: float = np.inf,
        choose: Callable[[int, dict[str, int], int], Sample] | None = None,
    ) -> None:
        self.model = model
        self.sample = Sample()
        self._choose = choose
        self.wiring = Wiring()
        self._layers = layers
        self._whole = whole
        self._never_built: list[str] = []  # see ``build``
        self._traced: TracedState | None = None
        self._tensors_of: list[tuple[Any, Any]] = []  # the points last read, and where they are
        self._constant: tuple[int, bool] | None = None  # which input its summary is of
        self._summary_of: tuple[Any, dict[str, Array]] = (None, {})

    def read(self, x: Any) -> Reading:
        """Read the model on points of shape ``(points, ...)``, or a structure of such inputs."""
        x = self._tensors(x)
        self._trace_if_changed()
        read = self._read(x)
        read["inputs"] = read["inputs"] or self._summary_of_points(x)
        for found in read["summaries"].values():
            # In whole numbers until here, for shares of none and all to be exact.
            found["share"] = np.asarray(found.pop("on"), float) / found.pop("points")
        # JAX sorts by name.
        order = self.wiring.names
        for what in ("summaries", "activations", "active", "sampled"):
            read[what] = {name: read[what][name] for name in order if name in read[what]}
        return Reading(**read)

    def logit(self, x: Any) -> Array:
        """The model's output before its activation on points of shape ``(points, ...)``."""
        x = self._tensors(x)
        if self._traced is None:
            self._trace_if_changed()
        return self._read_logit(x)

    def _tensors(self, x: Any) -> Any:
        """The points where the model is; the same arrays, read again, are there already."""
        known = next((of for of in self._tensors_of if of[0] is x), None)
        if known is None:
            known = x, keras.tree.map_structure(ops.convert_to_tensor, x)
        # The points, and a boundary's grid.
        self._tensors_of = [*(of for of in self._tensors_of if of[0] is not x), known][-2:]
        self._never_built = build(self.model, known[1], self._never_built)
        return known[1]

    def _summary_of_points(self, x: Any) -> dict[str, Array]:
        """``inputs`` of a reading where a layer with a kernel takes the points as they are."""
        if self._constant is None:
            return {}
        if self._summary_of[0] is not x:
            at, channels_first = self._constant
            found = input_summary(keras.tree.flatten(x)[at], channels_first)
            self._summary_of = x, {k: np.asarray(ops.convert_to_numpy(v)) for k, v in found.items()}
        return self._summary_of[1]

    def changed(self) -> bool:
        """Whether the model has other layers, activations or variables than it was last read with.

        Such a model is traced again by the next reading.
        """
        return self._traced != TracedState(self.model)

    def _trace_if_changed(self) -> None:
        traced = TracedState(self.model)
        if traced != self._traced:
            self._traced, self._summary_of = traced, (None, {})
            self._read = compiled_reading(self.model, self._reading_of)
            self._read_logit = compiled_reading(self.model, self._logit_of)

    def _run(self, x: Any) -> tuple[list[Any], list[Heard]]:
        output, heard = listen(lambda: self.model(x, training=False))
        tensors = [part for part in keras.tree.flatten(output) if hasattr(part, "shape")]
        if not tensors:
            raise ValueError(f"the model must return tensors. Received: {output!r}")
        return tensors, heard

    def _logit_of(self, x: Any) -> Any:
        outputs, heard = self._run(x)
        return _side_by_side([_logit(output, heard) for output in outputs])

    def _reading_of(self, x: Any) -> dict[str, Any]:
        outputs, heard = self._run(x)
        chosen = _chosen(heard, self._layers)
        summaries, activations, active, neurons, read = {}, {}, {}, {}, {}
        for note in chosen:
            on, values, *_ = of_neurons = by_neuron(note)
            summaries[note.name] = layer_summary(*of_neurons)
            neurons[note.name], read[note.name] = int(values.shape[-1]), of_neurons
            size = int(np.prod([length or 1 for length in values.shape]))
            if values.shape[-1] <= self._whole and size <= max(self._whole, READ_WHOLE):
                activations[note.name], active[note.name] = values, on
        named = self._layers is not None
        self.wiring = wiring_of(chosen, heard, keras.tree.flatten(x), outputs, neurons, named)
        taken = kernel_input(heard)
        same = [at for at, part in enumerate(keras.tree.flatten(x)) if taken and part is taken[0]]
        # Of points that stay the same it is computed once, and not in every reading.
        self._constant = (same[0], taken[1]) if taken and same else None
        return {
            "inputs": input_summary(*taken) if taken and not same else {},
            "summaries": summaries,
            "activations": activations,
            "active": active,
            "sampled": self._sampled(keras.tree.flatten(x)[0].shape[0], read, chosen, outputs),
            "output": _side_by_side(outputs),
            "logit": _side_by_side([_logit(output, heard) for output in outputs]),
        }

    def _sampled(
        self,
        points: int | None,
        read: dict[str, ByNeuron],
        chosen: list[Heard],
        outputs: list[Any],
    ) -> dict[str, dict[str, Any]]:
        if self._choose is None or points is None or not chosen:
            return {}
        rows_of = {name: of.active.shape[0] or 0 for name, of in read.items()}
        by_point = [name for name, rows in rows_of.items() if rows and rows % points == 0]
        width = sum(int(np.prod(output.shape[1:])) for output in outputs)
        neurons = {name: self.wiring.neurons[name] for name in by_point}
        self.sample = self._choose(points, neurons, width)
        rows, columns = self.sample.rows, self.sample.columns
        sampled = {
            name: sampled_layer(
                read[name].active, read[name].outputs, points, rows, of, read[name].counted
            )
            for name, of in columns.items()
        }
        of_neurons = [note for note in chosen if note.name in self.wiring.roles.neurons]
        first = (of_neurons or chosen)[0]
        if first.name in columns and first.name not in self.wiring.dense:
            z = first.pre_activation
            if z is not None and z.shape == (points, z.shape[-1]) and z.shape[-1] <= SMALL:
                sampled[first.name]["pre_activation"] = ops.take(z, rows, axis=0)
        return sampled


def _chosen(heard: list[Heard], layers: Sequence[str] | None) -> list[Heard]:
    for note in heard:
        if isinstance(note.gives, list | tuple) and note.gives:
            note.gives = note.gives[0]  # without the states of a recurrence
    heard = [note for note in heard if hasattr(note.gives, "shape")]
    if layers is None:
        return [n for n in heard if has_activation(n.layer) or isinstance(n.layer, CLOSED)]
    known = {note.name: note for note in heard}
    unknown = [name for name in layers if name not in known]
    if unknown:
        raise ValueError(
            f"the model has no layer {unknown[0]!r} with weights or an activation. "
            f"Its layers: {', '.join(known)}."
        )
    return [note for note in heard if note.name in set(layers)]


def _logit(output: Any, heard: list[Heard]) -> Any:
    """An output before its activation: from the call that made it, or the best estimate."""
    makers = [note for note in heard if note.gives is output]
    for maker in makers:
        if maker.activated is output:
            return maker.pre_activation
    if any(activation_of(maker.layer) == "sigmoid" for maker in makers):
        tiny = 1e-7  # a saturated sigmoid cannot be inverted
        p = ops.clip(ops.cast(output, "float32"), tiny, 1 - tiny)
        return ops.log(p) - ops.log1p(-p)
    return output


def _side_by_side(outputs: list[Any]) -> Any:
    flat = [ops.cast(ops.reshape(o, (ops.shape(o)[0], -1)), "float32") for o in outputs]
    return flat[0] if len(flat) == 1 else ops.concatenate(flat, axis=1)

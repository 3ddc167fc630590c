"""The model to be repaired, read: its layers, what makes its outputs, its data."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from normlayers.diagnosis.evidence.losses import Loss, loss_kind
from normlayers.diagnosis.evidence.outputs import compared, in_order
from normlayers.diagnosis.repair.plan import Part, Plan
from normlayers.diagnosis.repair.target import Target, target_of
from normlayers.inference.graph import function_of, has_graph, nodes_of, output_names
from normlayers.tracking.reading.kept_attributes import kept_attributes

Array = npt.NDArray[Any]

ACTIVATIONS = tuple(
    getattr(keras.layers, name)
    for name in ("Activation", "Softmax", "ReLU", "LeakyReLU", "ELU", "PReLU")
)
PASSING = (keras.layers.Flatten, keras.layers.Reshape, keras.layers.Dropout, keras.layers.Identity)
WITH_KERNEL = tuple(
    getattr(keras.layers, name)
    for name in (
        "Dense", "Conv1D", "Conv2D", "Conv3D", "Conv1DTranspose", "Conv2DTranspose",
        "Conv3DTranspose", "DepthwiseConv1D", "DepthwiseConv2D", "SeparableConv1D",
        "SeparableConv2D", "RNN",
    )
)  # fmt: skip


@dataclass(frozen=True)
class Given:
    """A model as it was given, and the rows that may be used to change it.

    Attributes:
        model: the model; it is only read.
        built: the same, or, of one that has not been built, a built copy.
        x: arrays, one an input.
        y: arrays, one an output.
        trained: whether the model has been trained.
        batch_size: rows a training step.
        names: of the inputs, where they came in a dict.
    """

    model: keras.Model
    built: keras.Model
    x: list[Array]
    y: list[Array]
    trained: bool
    batch_size: int
    names: tuple[str, ...] = ()

    @property
    def has_graph(self) -> bool:
        """Whether its layers can be exchanged: it is a Sequential or Functional model."""
        return has_graph(self.built)

    @cached_property
    def nodes(self) -> list[Any]:
        """The calls of its layers, in order."""
        return nodes_of(function_of(self.built)) if self.has_graph else []

    @cached_property
    def layers(self) -> dict[str, Any]:
        """Its layers by name, in the order they are called in."""
        found = {node.operation.name: node.operation for node in self.nodes}
        return {name: op for name, op in found.items() if isinstance(op, keras.layers.Layer)}

    @cached_property
    def frozen(self) -> list[str]:
        """The layers that are not to be trained, or not all of whose weights are."""
        return [name for name, part in self.parts.items() if part.is_frozen]

    @cached_property
    def parts(self) -> dict[str, Part]:
        """Its layers by name, read with their weights."""
        return {name: Part.of(layer) for name, layer in self.layers.items()}

    def maker(self, tensor: Any) -> Any:
        """The layer or operation that a tensor comes from; ``None`` of an input."""
        for node in self.nodes:
            if any(tensor is output for output in node.outputs):
                return node.operation
        return None

    def before(self, name: str) -> list[Any]:
        """What makes the inputs of a layer."""
        nodes = [node for node in self.nodes if node.operation.name == name]
        makers = [self.maker(tensor) for node in nodes for tensor in node.input_tensors]
        return [maker for maker in makers if maker is not None]

    def after(self, name: str) -> list[Any]:
        """What takes the outputs of a layer."""
        makers = [(node.operation, self.before(node.operation.name)) for node in self.nodes]
        return [taker for taker, found in makers if any(op.name == name for op in found)]

    @cached_property
    def output_names(self) -> list[str]:
        """The outputs' names."""
        names = output_names(self.built)
        several = [f"output {index}" for index in range(len(self.y))]
        return names or (several if len(several) > 1 else ["output"])

    @cached_property
    def output_makers(self) -> list[list[str]]:
        """For each output, the layers from it back to the one with a kernel."""
        if not self.has_graph:
            return [[] for _ in self.output_names]
        return [self._back(tensor) for tensor in function_of(self.built).outputs]

    def _back(self, tensor: Any) -> list[str]:
        names: list[str] = []
        maker = self.maker(tensor)
        while maker is not None and isinstance(maker, ACTIVATIONS + PASSING):
            names.append(maker.name)
            makers = self.before(maker.name)
            maker = makers[0] if len(makers) == 1 else None
        return [*names, maker.name] if isinstance(maker, WITH_KERNEL) else names

    @cached_property
    def hidden(self) -> list[str]:
        """The layers with kernels that make no output."""
        makers = {name for names in self.output_makers for name in names}
        return [
            name
            for name, layer in self.layers.items()
            if isinstance(layer, WITH_KERNEL) and name not in makers
        ]

    def activation_layer(self, name: str) -> str | None:
        """The activation that is a layer of its own behind a layer, normalizations between."""
        takers = self.after(name)
        while len(takers) == 1:
            if isinstance(takers[0], ACTIVATIONS):
                return str(takers[0].name)
            if not isinstance(takers[0], (*PASSING, keras.layers.BatchNormalization)):
                return None
            takers = self.after(takers[0].name)
        return None

    @cached_property
    def losses(self) -> list[Any]:
        """For each output its loss, ``None`` where there is none."""
        return losses_of(self.model, self.output_names)

    @cached_property
    def learned(self) -> list[int]:
        """The numbers of the outputs that are trained."""
        return learned_of(self.losses)

    @cached_property
    def compared(self) -> list[Array]:
        """The targets as losses compare them with the outputs."""
        pairs = zip(self.y, self.output_tensors, self.losses, strict=True)
        return [_compared(y, tuple(tensor.shape), loss_kind(loss)) for y, tensor, loss in pairs]

    @cached_property
    def targets(self) -> list[Target]:
        """What each output is to predict."""
        activations = [self.output_activation(i) for i in range(len(self.y))]
        units = [int(tensor.shape[-1] or 1) for tensor in self.output_tensors]
        return [
            target_of(y, loss_kind(loss), count, activation)
            for y, loss, count, activation in zip(
                self.compared, self.losses, units, activations, strict=True
            )
        ]

    @cached_property
    def output_tensors(self) -> list[Any]:
        """What comes out for a row: symbolic, or of the first row."""
        if self.has_graph:
            return list(function_of(self.built).outputs)
        with kept_attributes(self.built), keras.StatelessScope():
            out = self.built(self.together([part[:1] for part in self.x]), training=False)
        return list(keras.tree.flatten(out))

    def together(self, parts: list[Any]) -> Any:
        """Inputs as a model without a graph takes them: one alone, or all in a list or a dict."""
        return whole(parts, self.names)

    def output_activation(self, index: int) -> str:
        """The Keras name of an output's activation; ``""`` where it is not known."""
        for name in self.output_makers[index]:
            found = activation_name(self.parts[name])
            if found != "linear":
                return found
        return "linear" if self.output_makers[index] else ""

    def _loss(self, index: int) -> Any:
        """An output's loss, or where it has none one that fits it."""
        loss, activation = self.losses[index], self.output_activation(index)
        if loss is not None or index not in self.learned:
            return loss
        kind, losses = self.targets[index].kind, keras.losses
        if kind == "regression":
            return losses.MeanSquaredError()
        if kind in ("binary", "several"):
            return losses.BinaryCrossentropy(from_logits=activation == "linear")
        several = losses.CategoricalCrossentropy, losses.SparseCategoricalCrossentropy
        return several[kind == "classes"](from_logits=activation == "linear")

    def plan(self) -> Plan:
        """The plan that makes the model as it was given."""
        chains = {name: (part,) for name, part in self.parts.items()}
        weights = _loss_weights(self.model, self.output_names)
        return Plan(
            chains,
            ((),) * len(self.x),
            ((),) * len(self.output_names),
            tuple(map(self._loss, range(len(self.losses)))),
            weights,
            optimizer_of(self.model),
            self.batch_size,
        )


def whole(parts: list[Any], names: Sequence[str] = ()) -> Any:
    """As Keras takes them: one array, or a list; a dict where they have names."""
    if names:
        return dict(zip(names, parts, strict=True))
    return parts[0] if len(parts) == 1 else parts


# Changes a plan for a fault that was found in some places; ``None`` where it does not apply.
Cure = Callable[[Plan, Given, str, list[str]], Plan | None]


def optimizer_of(model: keras.Model) -> tuple[Any, dict[str, Any]]:
    """Class and configuration of a model's optimizer; Adam's where it has none."""
    optimizer = getattr(model, "optimizer", None) or keras.optimizers.Adam()
    optimizer = getattr(optimizer, "inner_optimizer", optimizer)
    config = optimizer.get_config()
    if isinstance(config.get("learning_rate"), int | float):
        config["learning_rate"] = float(np.asarray(keras.ops.convert_to_numpy(
            keras.ops.copy(optimizer.learning_rate))))  # fmt: skip
    return type(optimizer), config


def activation_name(part: Part) -> str:
    """The Keras name of a layer's activation, ``"linear"`` for none."""
    if issubclass(part.kind, ACTIVATIONS[1:]):
        names = {"ReLU": "relu", "LeakyReLU": "leaky_relu"}
        return names.get(part.kind.__name__, part.kind.__name__.lower())
    activation = part.config.get("activation")
    if isinstance(activation, str) or activation is None:
        return activation or "linear"
    name = activation.get("config", "") if isinstance(activation, dict) else ""
    return name if isinstance(name, str) else "custom"


def losses_of(model: keras.Model, names: list[str]) -> list[Any]:
    """For each output of a model, by these names, its loss; ``None`` where there is none."""
    loss = model.loss
    if isinstance(loss, dict):
        return in_order(loss, names)
    if isinstance(loss, Sequence) and not isinstance(loss, str):
        return list(loss)
    return [loss] * len(names)


def learned_of(losses: Sequence[Any]) -> list[int]:
    """The numbers of the outputs that are trained: those with a loss; without any, all."""
    found = [number for number, loss in enumerate(losses) if loss is not None]
    return found or list(range(len(losses)))


def _compared(y: Array, shape: tuple[int | None, ...], loss: Loss | None) -> Array:
    """Also of numbers of classes in several places of a row, which have no axis of units."""
    y = compared(y, shape)
    is_sparse = loss is not None and loss.kind == "sparse"
    return y[..., None] if is_sparse and y.ndim == len(shape) - 1 else y


def _loss_weights(model: keras.Model, names: list[str]) -> tuple[float | None, ...]:
    given = model.get_compile_config().get("loss_weights") if model.compiled else None
    if isinstance(given, dict):
        return tuple(in_order(given, names))
    if isinstance(given, list | tuple):
        return tuple(given)
    return (given,) * len(names)

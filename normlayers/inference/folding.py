"""Normalization folded into the layers beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from normlayers.inference.affine import KINDS, Affine, Stage, stage_of
from normlayers.inference.graph import Names, has_graph, inner_layers, refuse_other_than_models
from normlayers.inference.linear import (
    TRANSPOSED,
    LinearWeights,
    channels_axis,
    misplaces_bias,
    pads,
    why_not_linear,
)
from normlayers.inference.plan import Plan, Step
from normlayers.inference.rebuilding import Rebuilding
from normlayers.layers.counting import NamedErrors

k = keras.layers
# They pass their inputs on at inference.
IDLE = (k.Identity, k.Dropout, k.SpatialDropout1D, k.SpatialDropout2D, k.SpatialDropout3D,
        k.AlphaDropout, k.GaussianDropout, k.GaussianNoise)  # fmt: skip
ZERO_PADDING = (k.ZeroPadding1D, k.ZeroPadding2D, k.ZeroPadding3D)
# How large the rounding may become, in the unit of what a layer puts out, of what it subtracts
# from its inputs: folded, it is subtracted only after the inputs' sum is rounded.
MOST_ROUNDING = 2.0**-18
OF_MORE_THAN_CHANNELS = "its statistics are not those of the channels alone"


@dataclass(frozen=True)
class Folded:
    """What ``fold`` made.

    Attributes:
        model: the new model.
        folded: the names of the normalizing layers that are gone, each with the name of the layer
            that does its work now.
        kept: the names of those that stayed, each with the reasons.
    """

    model: Any
    folded: Mapping[str, str]
    kept: Mapping[str, str]


def fold(model: keras.Model) -> Folded:
    """A model that computes the same at inference, with normalization gone into its neighbours.

    At inference a normalization is a scale and a shift of each channel, and so is a part of a
    linear layer beside it: ``scale * (W x + b) + shift = (scale W) x + (scale b + shift)`` of the
    one before it, ``W (scale x + shift) + b = (scale W) x + (b + W shift)`` of the one behind. The
    new weights are computed in float64 and rounded once.

    Folded are ``Standardize``, ``MinMaxScale``, ``BatchNormalization``, and Keras's
    ``BatchNormalization``, ``Normalization`` and ``Rescaling``, into ``Dense``, ``Conv1D`` to
    ``Conv3D``, ``DepthwiseConv``, ``SeparableConv`` and ``ConvTranspose`` layers, chains of them
    too, past dropout and (forwards) ``Flatten``, and across the borders of nested models. An
    activation within a ``BatchNormalization`` stays, as an ``Activation`` layer of its name.

    What cannot be folded exactly stays:

    - a layer that is called more than once, or whose neighbour is; a tensor between that is used
      elsewhere or is an output;
    - a shift before zero padding, be it a layer's or a convolution's, or before a transposed
      convolution: the zeros are not shifted;
    - an activation or any other layer between; statistics that differ along other axes than the
      channels', such as per pixel;
    - a layer that was not adapted, clips, converts its inputs to another type (integers, float64),
      computes in half precision, or is called with ``training=True``;
    - quantized layers, layers with LoRA weights, subclasses of these layers, custom layers and
      what is within them; subclassed models;
    - inputs so far from 0, in their standard deviations, that the rounding of ``W x`` would be more
      than 4e-6 (float32: 64 of them; timestamps).

    The model is for inference, not for training. It is not compiled. It can be exported
    (``model.export``) as every Keras model can; layers in half precision, which stay, run in ONNX
    Runtime and OpenVINO in float16 and not in bfloat16, and in LiteRT in neither without
    TensorFlow's select operations.

    Args:
        model: a built model; it stays as it is. Of a subclassed one nothing is known: it is
            returned itself, with all its normalization in ``kept``.

    Returns:
        the new model, the layers that were folded, and those that were kept, with the reasons.

    Raises:
        ValueError: the model is not built; a layer cannot be copied from its ``get_config()``.
        TypeError: it is no Keras model.

    Source: Jacob et al. (2018), "Quantization and Training of Neural Networks for Efficient
    Integer-Arithmetic-Only Inference", section 3.2, for batch normalization.

    Example:
        >>> import normlayers as nl
        >>> model = keras.Sequential([keras.Input((3,)), nl.Standardize(mean=2.0, variance=4.0)])
        >>> model.add(keras.layers.Dense(4, name="dense"))
        >>> model.add(nl.BatchNormalization(activation="relu", name="normalized"))
        >>> folded = nl.fold(model)
        >>> [layer.name for layer in folded.model.layers], folded.folded["normalized"], folded.kept
        (['dense', 'normalized'], 'dense', {})
    """
    with NamedErrors("fold()"):
        refuse_other_than_models(model)
        if not model.built:
            raise ValueError(f"model {model.name!r} is not built; call it on some inputs first.")
        if not has_graph(model):
            why = f"{type(model).__name__} is a subclassed model, whose calls are not known"
            found = [layer for layer in inner_layers(model) if isinstance(layer, KINDS)]
            return Folded(model, {}, {layer.name: why for layer in found})
        folding = _Folding(model)
        folding.run()
        rebuilding = Rebuilding(folding.replaced, folding.weights, folding.plan.opened)
        return Folded(rebuilding.copied(model), folding.folded, folding.kept)


class _Folding:
    """Takes layer after layer out of a plan, until no more can be.

    Attributes:
        plan: the calls that are left.
        weights: what the linear layers' weights become, by the layer's id.
        replaced: what stands in a folded layer's place, by its id: ``None`` or an activation.
        folded, kept: as of ``Folded``.
    """

    def __init__(self, model: Any) -> None:
        self.plan = Plan(model)
        self.weights: dict[int, LinearWeights] = {}
        self.replaced: dict[int, Any] = {}
        self.folded: dict[str, str] = {}
        self.kept: dict[str, str] = {}
        self._names = Names(model)
        self._waiting: list[tuple[Step, Stage]] = []
        for step in self.plan.steps:
            stage = stage_of(step.layer, step.tensor)
            if isinstance(stage, str):
                self._keep(step.layer, stage)
            elif stage is not None:
                reason = self._why_not(step)
                if reason:
                    self._keep(step.layer, reason)
                else:
                    self._waiting.append((step, stage))
        steps = {id(step.layer) for step in self.plan.steps}
        for layer in inner_layers(model):  # within layers that are no models
            if isinstance(layer, KINDS) and id(layer) not in steps:
                self._keep(layer, "it is within a layer or model whose calls are not known")

    def run(self) -> None:
        """Fold all that can be."""
        again = True
        while again:
            again = False
            for step, stage in list(self._waiting):
                before = self._into_the_one_before(step, stage)
                behind = before and self._into_the_one_behind(step, stage)
                if not before or not behind:
                    self._waiting.remove((step, stage))
                    self.kept.pop(self._names.of(step.layer), None)
                    again = True
                else:
                    self._keep(step.layer, f"before it: {before}; behind it: {behind}")

    def _why_not(self, step: Step) -> str | None:
        if self.plan.times[id(step.layer)] > 1:
            return "it is shared: called more than once"
        if not step.plain:
            return "it is called with further arguments, such as training=True"
        return None

    def _into_the_one_before(self, step: Step, stage: Stage) -> str | None:
        """Fold a layer into the one before it, or say why not."""
        if stage.before is not None:
            return "its own activation"
        maker = None
        tensor = step.takes[0]
        while maker is None or self._is_idle(maker):
            tensor = tensor if maker is None else maker.takes[0]
            if self.plan.leaves(tensor) or len(self.plan.takers(tensor)) > 1:
                return "its inputs are used elsewhere too"
            maker = self.plan.maker(tensor)
            if maker is None:
                return "the inputs of a model"
        reason = self._why_not_into(maker, step.layer)
        if reason:
            return reason
        if maker.layer.activation is not keras.activations.linear:
            return f"the activation of {maker.layer.name!r}"
        weights = self._weights_of(maker.layer)
        affine = stage.affine.along(channels_axis(maker.layer), len(weights.bias))
        if affine is None:
            return OF_MORE_THAN_CHANNELS
        return self._fold(step, maker, weights.followed_by(affine), stage.after)

    def _into_the_one_behind(self, step: Step, stage: Stage) -> str | None:
        """Fold a layer into the one behind it, or say why not."""
        if stage.after is not None:
            return "its own activation"
        affine: Affine | None = stage.affine
        taker, tensor = step, step.gives[0]
        while affine is not None:
            if self.plan.leaves(tensor):
                return "its outputs are a model's"
            takers = self.plan.takers(tensor)
            if len(takers) != 1:
                return f"its outputs are used {len(takers)} times"
            (taker,) = takers
            if type(taker.layer) is k.Flatten and taker.plain:
                if channels_axis(taker.layer) == 1:
                    return f"{taker.layer.name!r} moves the channels"
                affine = affine.flattened(taker.tensor.shape)
            elif type(taker.layer) in ZERO_PADDING:
                if np.any(affine.shift):
                    return f"zero padding behind a shift, by {taker.layer.name!r}"
                if affine.differs_beside(channels_axis(taker.layer)):
                    return OF_MORE_THAN_CHANNELS
            elif not self._is_idle(taker):
                break
            tensor = taker.gives[0]
        if affine is None:
            return f"{taker.layer.name!r} flattens a length that is unknown"
        reason = self._why_not_into(taker, step.layer) or _why_not_behind(affine, taker)
        if reason:
            return reason
        weights = self._weights_of(taker.layer)
        vectors = affine.along(channels_axis(taker.layer), weights.channels_in)
        if vectors is None:
            return OF_MORE_THAN_CHANNELS
        return self._fold(step, taker, weights.preceded_by(vectors), stage.before)

    def _why_not_into(self, step: Step, folded: Any) -> str | None:
        if id(step.layer) in self.replaced:
            return f"the activation of {step.layer.name!r}"
        reason = why_not_linear(step.layer)
        if reason:
            return reason
        if step.layer.compute_dtype != folded.compute_dtype:
            return f"{step.layer.name!r} computes in {step.layer.compute_dtype}"
        if misplaces_bias(step.layer, step.tensor.shape):
            return f"on TensorFlow {step.layer.name!r} may add a bias along its last axis"
        if self.plan.times[id(step.layer)] > 1:
            return f"{step.layer.name!r} is shared: called more than once"
        return None if step.plain else f"{step.layer.name!r} is called with further arguments"

    def _fold(self, step: Step, into: Step, weights: LinearWeights, activation: Any) -> str | None:
        if not weights.fit():
            return f"the weights of {into.layer.name!r} would be too large"
        self.weights[id(into.layer)] = weights
        self.replaced[id(step.layer)] = activation
        self.folded[self._names.of(step.layer)] = self._names.of(into.layer)
        if activation is None:
            self.plan.take_out(step)
        return None

    def _weights_of(self, layer: Any) -> LinearWeights:
        return self.weights.get(id(layer)) or LinearWeights.of(layer)

    def _is_idle(self, step: Step) -> bool:
        layer = step.layer
        linear = type(layer) is k.Activation and layer.activation is keras.activations.linear
        return step.plain and (type(layer) in IDLE or linear)

    def _keep(self, layer: Any, reason: str) -> None:
        self.kept[self._names.of(layer)] = reason


def _why_not_behind(affine: Affine, taker: Step) -> str | None:
    layer = taker.layer
    if np.any(affine.shift):
        unit = all(n == 1 for n in getattr(layer, "kernel_size", (1,)))
        if isinstance(layer, TRANSPOSED) and not (unit and all(n == 1 for n in layer.strides)):
            return f"{layer.name!r} is transposed: its edges sum up less of a shift"
        if not isinstance(layer, TRANSPOSED) and pads(layer, taker.tensor.shape):
            return f"zero padding behind a shift, by {layer.name!r}"
    rounding = np.finfo(layer.compute_dtype).eps / 2 * np.max(np.abs(affine.location), initial=0)
    if rounding > MOST_ROUNDING:
        return (
            "its inputs lie up to "
            f"{np.max(np.abs(affine.location)):.0f} times its scale from 0: too many digits would "
            "be lost"
        )
    return None

"""A model made of a plan."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from itertools import takewhile
from typing import Any

import keras

from normlayers.diagnosis.evidence.losses import loss_kind
from normlayers.diagnosis.evidence.subject import made_anew
from normlayers.diagnosis.evidence.training.compiled_loss import metrics_of
from normlayers.diagnosis.repair.given import Given, learned_of, whole
from normlayers.diagnosis.repair.plan import Part, Plan
from normlayers.diagnosis.repair.trained import Trained
from normlayers.inference.graph import function_of, has_graph, is_of_keras
from normlayers.inference.idle_bias import without_idle_bias
from normlayers.inference.layer_copy import take_assets
from normlayers.inference.rebuilding import take_state

# Metrics that Keras chooses by the shapes of labels and output.
FOR_ANY_LABELS = ("accuracy", "acc", "crossentropy", "ce")


def build(plan: Plan, given: Given) -> keras.Model:
    """The model, built, with the weights to be kept, compiled.

    Raises:
        Exception: as the model's own layers raise where they cannot be made of their
            configuration.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # statistics that are still to come
        model = _of_layers(plan, given) if given.has_graph else _around(plan, given)
    if plan.drops_idle_biases:
        model = without_idle_bias(model)
    # A scaling layer reads that its weights were set when it is called, and not while traced.
    model(as_taken(model, [part[:1] for part in given.x]), training=False)
    compile_as(model, plan, given)
    return model


def as_taken(model: keras.Model, inputs: list[Any], given: Given | None = None) -> Any:
    """A model's inputs as it takes them: one alone, or all in a list or a dict.

    Args:
        model: where it has a graph, as its graph's inputs are structured.
        inputs: in the order of its graph's.
        given: knows how a model without a graph takes them, the given one.
    """
    if has_graph(model) and not isinstance(model, keras.Sequential):
        return keras.tree.pack_sequence_as(model.input, inputs)
    return whole(inputs) if given is None else given.together(inputs)


def compile_as(model: keras.Model, plan: Plan, given: Given, optimizer: Any = None) -> None:
    """Compile with the plan's losses and optimizer, and all else as the given model was.

    Args:
        model: the model.
        plan: of it.
        given: what it is made of.
        optimizer: the one that it has been trained with.
    """
    kind, config = plan.optimizer
    weights: Any = None
    if any(weight is not None for weight in plan.loss_weights):
        weights = [1.0 if weight is None else weight for weight in plan.loss_weights]
    losses: Any = plan.losses[0] if len(plan.losses) == 1 else list(plan.losses)
    if isinstance(given.model.loss, dict) and set(given.model.loss) & set(given.output_names):
        # As targets come: by the outputs' names.
        learned = {given.output_names[number]: number for number in learned_of(plan.losses)}
        losses = {name: plan.losses[number] for name, number in learned.items()}
        weights = weights and {name: weights[number] for name, number in learned.items()}
    model.compile(
        optimizer or _scaled_like(given.model, kind.from_config(dict(config))),
        loss=losses,
        loss_weights=weights,
        **_metrics(plan, given),
        **_execution(given),
    )


def _scaled_like(model: keras.Model, optimizer: Any) -> Any:
    """The optimizer, within what scales the losses of the model's."""
    scaling = getattr(model, "optimizer", None)
    if not isinstance(scaling, keras.optimizers.LossScaleOptimizer):
        return optimizer
    return keras.optimizers.LossScaleOptimizer(
        optimizer,
        initial_scale=scaling.initial_scale,
        dynamic_growth_steps=scaling.dynamic_growth_steps,
        name=scaling.name,
    )


def _metrics(plan: Plan, given: Given) -> dict[str, Any]:
    """Those it was given with; none that count labels of another form than the losses take."""
    same = list(map(_labels_of, plan.losses)) == list(map(_labels_of, given.losses))
    before, logits = (
        {getattr(loss_kind(loss), "from_logits", None) for loss in losses}
        for losses in (given.losses, plan.losses)
    )
    metric = partial(_metric, logits=logits - before)
    found = {}
    for kind, metrics in metrics_of(given.model).items():
        if not same and not all(name in FOR_ANY_LABELS for name in keras.tree.flatten(metrics)):
            continue
        with suppress(Exception):
            found[kind] = keras.tree.map_structure(metric, metrics)
    return found


def _labels_of(loss: Any) -> Any:
    """What form of labels a loss takes: of its kind, whether it takes logits or probabilities."""
    known = loss_kind(loss)
    return known.kind if known and known.kind else known


def _metric(given: Any, logits: set[bool | None]) -> Any:
    """A metric that counts for itself, of one given by name, as a function or as an object.

    Args:
        given: the one given.
        logits: whether the losses take logits, where none of those given did as they do; it does
            as they.

    Raises:
        Exception: where an object of the user's class cannot be made of its configuration.
    """
    if not isinstance(given, keras.metrics.Metric):
        return given
    if type(given) is keras.metrics.MeanMetricWrapper:  # of a function of somebody's own
        own = {"name": given.name, "dtype": given.dtype, **given._fn_kwargs}
        return keras.metrics.MeanMetricWrapper(given._fn, **own)
    config = given.get_config()
    if "from_logits" in config and logits in ({True}, {False}):
        config["from_logits"] = True in logits
    return type(given).from_config(config)


def _execution(given: Given) -> dict[str, Any]:
    """How its steps are run: a layer may need to be, or not to be, compiled."""
    if not given.model.compiled:
        return {}
    names = ("run_eagerly", "jit_compile", "steps_per_execution")
    found = {name: getattr(given.model, name) for name in names}
    return {**found, "auto_scale_loss": False}  # what scales them, if anything, is there


def _of_layers(plan: Plan, given: Given) -> keras.Model:
    """Each layer's chain in its place."""
    function = function_of(given.built)
    made = [
        (part, part.make())
        for parts in (*plan.chains.values(), *plan.fronts, *plan.behind)
        for part in parts
    ]
    layer_of = {id(part): layer for part, layer in made}
    inputs = [keras.Input(batch_shape=t.shape, dtype=t.dtype, name=t.name) for t in function.inputs]
    fronted = {
        id(tensor): _through([layer_of[id(p)] for p in parts], tensor)
        for tensor, parts in zip(inputs, plan.fronts, strict=True)
    }
    chains = {n: [layer_of[id(part)] for part in parts] for n, parts in plan.chains.items()}

    def call(layer: Any, *args: Any, **kwargs: Any) -> Any:
        args, kwargs = keras.tree.map_structure(
            lambda value: fronted.get(id(value), value), (args, kwargs)
        )
        chain = chains.get(layer.name)
        if chain is None:  # an operation that is no layer
            return layer(*args, **kwargs)
        if not chain:
            return args[0]
        if type(chain[0]) is not type(given.layers[layer.name]):
            kwargs = {key: value for key, value in kwargs.items() if value is not None}
        return _through(chain[1:], chain[0](*args, **kwargs))

    def clone(layer: Any) -> Any:
        """A layer that is only called for by its name."""
        if not isinstance(layer, keras.layers.Layer):
            return layer
        return keras.layers.Identity(name=layer.name)

    plain = keras.Model(function.inputs, function.outputs)
    outputs = keras.models.clone_model(
        plain, input_tensors=inputs, clone_function=clone, call_function=call
    ).outputs
    ends = [
        _through([layer_of[id(part)] for part in parts], tensor)
        for tensor, parts in zip(outputs, plan.behind, strict=True)
    ]
    model = _assembled(given, inputs, ends)
    for part, layer in made:
        if layer.built:
            part.take_weights(layer)
    return model


def _assembled(given: Given, inputs: list[Any], outputs: list[Any]) -> keras.Model:
    """A Sequential model where it was one, else a Functional one of the same structure."""
    kind, name = type(given.model), given.model.name
    if isinstance(given.built, keras.Sequential):
        plain = keras.Model(inputs, outputs)
        layers = [layer for layer in plain.layers if type(layer) is not keras.layers.InputLayer]
        return _of_kind(kind, keras.Sequential, [inputs[0], *layers], name=name)
    structure_in = keras.tree.pack_sequence_as(given.built.input, inputs)
    structure_out = keras.tree.pack_sequence_as(given.built.output, outputs)
    return _of_kind(kind, keras.Model, structure_in, structure_out, name=name)


def _of_kind(kind: Any, keras_own: Any, *parts: Any, name: str) -> keras.Model:
    """A model of the user's class, which may train in its own way, where it can be made so."""
    plain: keras.Model = keras_own(*parts, name=name)
    own = takewhile(lambda base: not is_of_keras(base), kind.__mro__)
    if any(vars(base).keys() & {"__init__", "compile"} for base in own):
        return plain  # which take what nobody here knows
    model: keras.Model = kind(*parts, name=name)
    return model


def _around(plan: Plan, given: Given) -> keras.Model:
    """A copy of a model whose layers are its own affair, with layers before and behind it."""
    copy = made_anew(given.model)
    take_assets(copy, given.built)  # without a vocabulary it cannot be called
    names = given.names or [None] * len(given.x)
    inputs = [
        keras.Input(part.shape[1:], dtype=str(part.dtype), name=name)
        for part, name in zip(given.x, names, strict=True)
    ]
    fronts = [_made(parts) for parts in plan.fronts]
    values = [_through([layer for _, layer in f], t) for f, t in zip(fronts, inputs, strict=True)]
    given_out = copy(given.together(values))
    outputs = keras.tree.flatten(given_out)
    behind = [_made(parts) for parts in plan.behind]
    ends = [_through([layer for _, layer in b], t) for b, t in zip(behind, outputs, strict=True)]
    structure_out = keras.tree.pack_sequence_as(given_out, ends)
    model = keras.Model(given.together(inputs), structure_out, name=given.model.name)
    take_state(copy, given.built)
    Trained.of(given.built).give(copy)
    for part, layer in (pair for pairs in (*fronts, *behind) for pair in pairs):
        part.take_weights(layer)
    return model


def _made(parts: Sequence[Part]) -> list[tuple[Part, Any]]:
    return [(part, part.make()) for part in parts]


def _through(layers: Sequence[Callable[[Any], Any]], tensor: Any) -> Any:
    for layer in layers:
        tensor = layer(tensor)
    return tensor

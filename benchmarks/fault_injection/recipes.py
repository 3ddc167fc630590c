"""A network and its training as plain values, so that a fault is a change of one of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import keras
import numpy as np

import normlayers as nl
from benchmarks.fault_injection.tasks import Task

Front = Literal["", "standardize", "min_max", "rescale", "not_adapted", "given"]
Loss = Literal["sparse", "one_hot", "binary", "binary_logits", "logits", "mse", "mae"]


@dataclass(frozen=True)
class Recipe:
    """How a network is made and trained.

    Args:
        kind: what its first layers are.
        widths: neurons of the hidden layers (channels of a convolution's).
        apart: activations are layers of their own, and names are a person's.
        normalization: batch normalization before or after the activations.
        front: the layer in front of everything; ``"given"`` has the mean and variance ``given``.
        loss: the loss, with the output that fits it.
        output: another output than the one that fits: units (0: those that fit), activation.
        from_logits: another than the one that fits.
        momentum, epsilon: of the batch normalization.
        keras_normalization: Keras's layers in the place of ours.
        penalty: of L2 regularizers of the kernels.
        clipnorm: of the optimizer; 0 for none.
        decay: steps of a cosine that the learning rate goes down to 0 by; 0 for a constant rate.
        dropout_in_each: behind each hidden layer, not the last alone.
        dropout_on_output: rate of a dropout behind the last layer.
        wrong_sign: whether the negative of the loss is what is made small.
    """

    kind: Literal["dense", "conv", "conv1d", "lstm", "gru", "rnn"] = "dense"
    widths: tuple[int, ...] = (16, 16)
    activation: str | None = "relu"
    apart: bool = False
    normalization: Literal["", "before", "after"] = ""
    dropout: float = 0.0
    dropout_before: bool = False
    dropout_in_each: bool = False
    idle_bias: bool = False
    front: Front = ""
    given: tuple[Any, Any] = (0.0, 1.0)
    loss: Loss = "sparse"
    units: int = 0
    output: str = "fitting"
    from_logits: bool | None = None
    kernel: Any = None
    bias: Any = "zeros"
    optimizer: str = "Adam"
    learning_rate: float = 0.01
    batch_size: int = 32
    epochs: int = 15
    momentum: float = 0.9
    epsilon: float = 1e-3
    keras_normalization: bool = False
    penalty: float = 0.0
    clipnorm: float = 0.0
    decay: int = 0
    dropout_on_output: float = 0.0
    wrong_sign: bool = False


OUTPUTS = {"sparse": "softmax", "one_hot": "softmax", "binary": "sigmoid"}
HIDDEN = {
    "conv": (keras.layers.Conv2D, {"kernel_size": 3, "padding": "same"}),
    "conv1d": (keras.layers.Conv1D, {"kernel_size": 3, "padding": "same"}),
    "dense": (keras.layers.Dense, {}),
}
RECURRENT = {"lstm": keras.layers.LSTM, "gru": keras.layers.GRU, "rnn": keras.layers.SimpleRNN}


def make(recipe: Recipe, task: Task, seed: int) -> keras.Model:
    """The network, compiled, not trained; a front layer is adapted to the task's rows."""
    keras.utils.set_random_seed(seed)
    inputs = [keras.Input(x.shape[1:]) for x in task.x]
    parts = []
    for i, (tensor, x) in enumerate(zip(inputs, task.x, strict=True)):
        t = _fronted(recipe, tensor, x)
        parts.append(_hidden(recipe, t, i, 0) if len(inputs) > 1 else t)
    t = keras.layers.Concatenate()(parts) if len(parts) > 1 else parts[0]
    for i in range(1 if len(inputs) > 1 else 0, len(recipe.widths)):
        t = _hidden(recipe, t, len(inputs), i)
    if recipe.kind.startswith("conv"):
        t = keras.layers.GlobalAveragePooling1D()(t) if recipe.kind == "conv1d" else _flat(t)
    model = keras.Model(inputs, _output(recipe, task, t))
    if len(inputs) == 1:
        model = keras.Sequential([inputs[0], *model.layers[1:]])
    compile_model(model, recipe)
    return model


def compile_model(model: keras.Model, recipe: Recipe) -> None:
    """With the recipe's optimizer and loss."""
    kind = getattr(keras.optimizers, recipe.optimizer)
    rate: Any = recipe.learning_rate
    if recipe.decay:
        rate = keras.optimizers.schedules.CosineDecay(rate, recipe.decay)
    optimizer = kind(rate, clipnorm=recipe.clipnorm or None)
    logits = recipe.from_logits
    loss: Any
    if recipe.loss in ("mse", "mae"):
        loss = recipe.loss
    elif recipe.loss.startswith("binary"):
        logits = recipe.loss == "binary_logits" if logits is None else logits
        loss = keras.losses.BinaryCrossentropy(from_logits=logits)
    elif recipe.loss == "one_hot":
        loss = keras.losses.CategoricalCrossentropy(from_logits=bool(logits))
    else:
        logits = recipe.loss == "logits" if logits is None else logits
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=logits)
    model.compile(optimizer, _negative(keras.losses.get(loss)) if recipe.wrong_sign else loss)


def _negative(loss: Any) -> Any:
    def negative(y: Any, predicted: Any) -> Any:
        return -loss(y, predicted)

    return negative


def labels(recipe: Recipe, task: Task, held: bool = False) -> Any:
    """The labels as the loss takes them."""
    y = task.held_y if held else task.y
    return keras.utils.to_categorical(y, task.classes) if recipe.loss == "one_hot" else y


def train(model: keras.Model, x: Any, y: Any, batch_size: int, epochs: int, seed: int = 0) -> None:
    """Whole batches in random order, as ``fit``, which takes longer where processors are shared."""
    random = np.random.default_rng(seed)
    rows = len(y)
    for _ in range(epochs):
        order = random.permutation(rows)
        for start in range(0, max(1, rows - batch_size + 1), batch_size):
            some = order[start : start + batch_size]
            parts = [part[some] for part in x] if isinstance(x, list) else x[some]
            model.train_on_batch(parts, y[some])


def _flat(t: Any) -> Any:
    return keras.layers.Flatten()(keras.layers.MaxPooling2D()(t))


def _fronted(recipe: Recipe, t: Any, x: Any) -> Any:
    if recipe.front == "rescale":
        return keras.layers.Rescaling(1 / 16)(t)
    if not recipe.front:
        return t
    layer: Any
    if recipe.front == "given":
        return nl.Standardize(mean=recipe.given[0], variance=recipe.given[1])(t)
    if recipe.front == "min_max":
        layer = nl.MinMaxScale(feature_range=(-1, 1))
    elif recipe.keras_normalization:
        layer = keras.layers.Normalization()
    else:
        layer = nl.Standardize()
    if recipe.front != "not_adapted":
        layer.adapt(x)
    return layer(t)


def _hidden(recipe: Recipe, t: Any, branch: int, i: int) -> Any:
    """One hidden layer with what belongs to it."""
    name = f"block{branch}_{i} fc" if recipe.apart else None
    last = i == len(recipe.widths) - 1
    if recipe.kind in RECURRENT and i == 0:
        return RECURRENT[recipe.kind](
            recipe.widths[0], return_sequences=False, **_initializers(recipe)
        )(t)
    dense = recipe.kind in RECURRENT or (recipe.kind == "conv" and last and t.shape[1] == 1)
    kind, arguments = HIDDEN["dense" if dense else recipe.kind]
    normalized = bool(recipe.normalization)
    between = recipe.apart or recipe.normalization == "before"
    bias = recipe.idle_bias or recipe.normalization != "before"
    t = kind(
        recipe.widths[i],
        activation=None if between else recipe.activation,
        use_bias=bias,
        name=name and name.replace(" ", "_"),
        **arguments,
        **_initializers(recipe, bias),
    )(t)
    if recipe.dropout_before and normalized:
        t = keras.layers.Dropout(recipe.dropout or 0.3)(t)
    if recipe.normalization == "before":
        t = _batch_normalization(recipe)(t)
    if between and recipe.activation:
        t = keras.layers.Activation(recipe.activation)(t)
    if recipe.normalization == "after":
        t = _batch_normalization(recipe)(t)
    if recipe.dropout and (last or recipe.dropout_in_each) and not recipe.dropout_before:
        t = keras.layers.Dropout(recipe.dropout)(t)
    return t


def _initializers(recipe: Recipe, bias: bool = True) -> dict[str, Any]:
    found = {"bias_initializer": recipe.bias} if bias else {}
    if recipe.penalty:
        found["kernel_regularizer"] = keras.regularizers.L2(recipe.penalty)
    if recipe.kernel is not None:
        found["kernel_initializer"] = recipe.kernel
        if isinstance(recipe.kernel, keras.initializers.Initializer):
            found["kernel_initializer"] = recipe.kernel.__class__.from_config(
                recipe.kernel.get_config()
            )
    return found


def _batch_normalization(recipe: Recipe) -> Any:
    kind = keras.layers if recipe.keras_normalization else nl
    return kind.BatchNormalization(momentum=recipe.momentum, epsilon=recipe.epsilon)


def _output(recipe: Recipe, task: Task, t: Any) -> Any:
    fitting = 1 if task.kind != "classes" and recipe.loss != "one_hot" else task.classes
    units = recipe.units or fitting
    activation = OUTPUTS.get(recipe.loss) if recipe.output == "fitting" else recipe.output
    if activation == "softmax over the rows":
        return keras.layers.Softmax(axis=0)(keras.layers.Dense(units)(t))
    if recipe.apart and activation and activation != "linear":
        t = keras.layers.Dense(units, name="last_one")(t)
        t = keras.layers.Activation(activation, name="answer")(t)
    else:
        t = keras.layers.Dense(units, activation=activation)(t)
    rate = recipe.dropout_on_output
    return keras.layers.Dropout(rate)(t) if rate else t

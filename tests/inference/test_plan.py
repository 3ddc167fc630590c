"""What is kept, by name and with the reason; models whose graphs are not plain chains."""

import re

import keras
import numpy as np
import pytest

import normlayers as nl
from tests.inference.models import assert_same, randomized, rng

layers = keras.layers


def kept_by(model, x=None):
    """What folding keeps, after a check that the model computes the same."""
    randomized(model)
    folded = nl.fold(model)
    if x is None:
        x = (rng().normal(size=(8, *model.input_shape[1:])) + 1).astype("float32")
    assert_same(folded.model, model, x)
    left = {
        layer.name
        for layer in folded.model._flatten_layers()
        if isinstance(layer, (layers.BatchNormalization, nl.Standardize, nl.MinMaxScale))
    }
    assert left <= set(folded.kept)
    return folded.kept


def chain(*parts, shape=(6, 6, 2)):
    return keras.Sequential([keras.Input(shape), *parts])


def functional(build, shape=(4,)):
    inputs = keras.Input(shape)
    return keras.Model(inputs, build(inputs))


def bn(**kwargs):
    return nl.BatchNormalization(name="bn", **kwargs)


class MyNormalization(nl.BatchNormalization):
    pass


class Within(layers.Layer):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.inner = layers.BatchNormalization(name="bn")

    def build(self, shape):
        self.inner.build(shape)

    def call(self, x, training=None):
        return self.inner(x, training=training)


class Double(layers.Layer):
    def call(self, x):
        return x * 2


def shared(inputs):
    dense = layers.Dense(4, name="dense")
    return layers.Add()([bn()(dense(inputs)), dense(inputs * 2)])


def shared_normalization(inputs):
    normalization = bn()
    return normalization(normalization(layers.Dense(4)(inputs)))


def several_consumers(inputs):
    x = layers.Dense(4)(inputs)
    y = bn()(x)
    return layers.Add()([x, layers.Dense(4)(y), layers.Dense(4)(y)])


def also_an_output(inputs):
    x = layers.Dense(4)(inputs)
    y = bn()(x)
    return [x, y, layers.Dense(2)(y)]


def quantized():
    model = chain(layers.Dense(4, name="dense"), bn(), layers.ReLU(), shape=(4,))
    randomized(model)
    model.layers[0].quantize("int8")
    return model


def lora():
    return chain(layers.Dense(4, name="dense", lora_rank=2), bn(), layers.ReLU(), shape=(4,))


KEPT = {
    "shared": (lambda: functional(shared), "'dense' is shared"),
    "shared_normalization": (lambda: functional(shared_normalization), "it is shared"),
    "several_consumers": (lambda: functional(several_consumers), "used elsewhere too.*2 times"),
    "an_output": (lambda: functional(also_an_output), "used elsewhere too.*outputs are a model's"),
    "activation_before": (
        lambda: chain(layers.Dense(3, activation="relu", name="d"), bn()),
        "activation of 'd'",
    ),
    "activation_behind": (
        lambda: chain(bn(), layers.ReLU(name="relu"), layers.Dense(3)),
        r"before it: the inputs of a model; behind it: 'relu' \(ReLU\)",
    ),
    "own_activation": (
        lambda: chain(bn(activation="tanh"), layers.Dense(3)),
        "behind it: its own activation",
    ),
    "own_activation_first": (
        lambda: chain(layers.Dense(3), bn(activation="tanh", placement="post")),
        "before it: its own activation; behind it: its outputs are a model's",
    ),
    "another_ones_activation": (
        lambda: chain(layers.Dense(3), nl.BatchNormalization(activation="tanh", name="a"), bn()),
        "the activation of 'a'",
    ),
    "same_padding": (
        lambda: chain(bn(), layers.Conv2D(3, 3, padding="same", name="c")),
        "zero padding behind a shift, by 'c'",
    ),
    "causal_padding": (
        lambda: chain(bn(), layers.Conv1D(3, 3, padding="causal", name="c"), shape=(6, 2)),
        "zero padding behind a shift, by 'c'",
    ),
    "padding_layer": (
        lambda: chain(bn(), layers.ZeroPadding2D(1, name="z"), layers.Conv2D(3, 3)),
        "zero padding behind a shift, by 'z'",
    ),
    "other_axis": (
        lambda: chain(layers.Dense(3, activation="relu"), bn(axis=1), layers.Dense(3)),
        "not those of the channels",
    ),
    "training": (
        lambda: functional(lambda x: bn()(layers.Dense(4)(x), training=True)),
        "called with further arguments",
    ),
    "dropout_in_training": (
        lambda: functional(
            lambda x: bn()(layers.Dropout(0.0, name="d")(layers.Dense(4)(x), training=True))
        ),
        r"'d' \(Dropout\)",
    ),
    "custom_layer_between": (
        lambda: chain(layers.Dense(4), Double(name="mine"), bn(), shape=(4,)),
        r"'mine' \(Double\)",
    ),
    "within_a_custom_layer": (
        lambda: chain(layers.Dense(4), Within(), shape=(4,)),
        "within a layer or model whose calls are not known",
    ),
    "subclass": (
        lambda: chain(layers.Dense(4), MyNormalization(name="bn"), shape=(4,)),
        "it is a MyNormalization",
    ),
    "quantized": (quantized, "'dense' is quantized"),
    "lora": (lora, "'dense' has LoRA weights"),
    "half_precision": (
        lambda: chain(
            layers.Dense(4, dtype="mixed_float16"), bn(dtype="mixed_float16"), shape=(4,)
        ),
        "computes in float16",
    ),
    "half_precision_beside": (
        lambda: chain(layers.Dense(4, dtype="mixed_bfloat16", name="d"), bn(), shape=(4,)),
        "'d' computes in bfloat16",
    ),
    "unknown_length": (
        lambda: chain(
            bn(activation="relu", placement="post"), layers.Flatten(name="f"), shape=(None, 2)
        ),
        "'f' flattens a length that is unknown",
    ),
}


@pytest.mark.parametrize("case", KEPT)
def test_kept_with_the_reason(case):
    make, reason = KEPT[case]
    kept = kept_by(make(), x=rng().normal(size=(8, 3, 2)) if case == "unknown_length" else None)
    assert list(kept) == ["bn"]
    assert re.search(reason, kept["bn"]), kept["bn"]


def test_masks_pass_where_a_layer_was():
    inputs = keras.Input((5,), dtype="int32")
    x = layers.Embedding(6, 4, mask_zero=True)(inputs)
    x = layers.BatchNormalization()(layers.Dense(4)(x))
    x = nl.BatchNormalization(activation="relu")(layers.Dense(4)(x))
    model = keras.Model(inputs, layers.GlobalAveragePooling1D()(x))
    x = np.array([[1, 2, 0, 0, 0], [3, 4, 5, 1, 0]])
    assert kept_by(model, x) == {}


def test_zero_padding_of_what_is_not_shifted():
    unshifted = layers.BatchNormalization(center=False, name="bn")
    model = chain(layers.ReLU(), unshifted, layers.ZeroPadding2D(1), layers.Conv2D(3, 3))
    randomized(model)
    unshifted.moving_mean.assign(np.zeros(2))
    assert nl.fold(model).kept == {}
    assert_same(nl.fold(model).model, model, rng().normal(size=(4, 6, 6, 2)))
    # Sizes that need no zeros although the padding is "same".
    whole = chain(bn(), layers.Conv2D(3, 2, strides=2, padding="same"))
    assert kept_by(whole) == {}


INPUTS = {
    "not_adapted": (nl.Standardize(name="s"), {}, "has not been adapted"),
    "clipped": (nl.MinMaxScale(minimum=0.0, maximum=1.0, clip=True, name="s"), {}, "clip=True"),
    "far_from_zero": (
        nl.Standardize(mean=[0.0, 1e6], variance=1.0, name="s"), {}, "1000000 times its scale",
    ),
    "per_pixel": (
        nl.Standardize(axis=(1, -1), mean=[[1.0, 2.0]] * 3, variance=1.0, name="s"),
        {"shape": (3, 2)}, "not those of the channels",
    ),
    "integers": (
        nl.Standardize(mean=1.0, variance=1.0, name="s"), {"dtype": "int32"}, "come in int32",
    ),
    "array_rescaling": (layers.Rescaling([1.0, 2.0], name="s"), {}, "is an array"),
    "not_finite": (layers.Rescaling(np.inf, name="s"), {}, "not finite"),
}  # fmt: skip


@pytest.mark.parametrize("case", INPUTS)
@pytest.mark.filterwarnings("ignore:layer 's' has no statistics")
def test_input_layers_that_are_kept(case):
    layer, options, reason = INPUTS[case]
    inputs = keras.Input(options.get("shape", (2,)), dtype=options.get("dtype", "float32"))
    model = keras.Model(inputs, layers.Dense(3)(layer(inputs)))
    folded = nl.fold(model)
    assert reason in folded.kept["s"]
    if case != "not_finite":
        x = rng().integers(0, 5, size=(8, *inputs.shape[1:])).astype(inputs.dtype)
        assert_same(folded.model, model, x, tolerance=0)


def test_weights_that_would_be_too_large_are_not_made():
    model = chain(layers.Dense(2, name="dense"), bn(), shape=(2,))
    randomized(model)
    model.layers[0].kernel.assign(np.full((2, 2), 1e20))
    model.layers[1].gamma.assign(np.full(2, 1e20))
    assert "'dense' would be too large" in nl.fold(model).kept["bn"]


class Subclassed(keras.Model):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.dense, self.norm = layers.Dense(3), nl.BatchNormalization(name="norm")

    def call(self, x):
        return self.norm(self.dense(x))


class OverridesCall(keras.Model):
    """Functional by its constructor, but it computes something else."""

    def call(self, x):
        return super().call(x) * 2


def test_subclassed_models_are_returned():
    model = Subclassed()
    model(np.zeros((2, 4), "float32"))
    folded = nl.fold(model)
    assert folded.model is model
    assert not folded.folded
    assert "Subclassed is a subclassed model" in folded.kept["norm"]
    inputs = keras.Input((4,))
    model = OverridesCall(inputs, bn()(layers.Dense(3)(inputs)))
    assert "OverridesCall is a subclassed model" in nl.fold(model).kept["bn"]


def test_a_subclassed_model_within_is_a_layer_like_any():
    inner = Subclassed()
    inner(np.zeros((2, 4), "float32"))
    inputs = keras.Input((4,))
    x = layers.BatchNormalization(name="bn")(inner(layers.Dense(4)(inputs)))
    folded = nl.fold(randomized(keras.Model(inputs, x)))
    assert list(folded.kept) == ["norm", "bn"]
    assert "whose calls are not known" in folded.kept["norm"]
    assert "(Subclassed)" in folded.kept["bn"]

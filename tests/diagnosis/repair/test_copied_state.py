"""What layers have learned goes with them into the new model, wherever it is kept."""

import re

import keras
import numpy as np
import pytest

import normlayers as nl
from normlayers.diagnosis.diagnosis import Diagnosis
from normlayers.diagnosis.repair.rebuild import build
from tests.diagnosis.repair.made import classes, found, given, numbers

layers = keras.layers
X, Y = classes(scale=50, offset=300)
IDS = np.random.default_rng(0).integers(100, 110, (120, 3))


def of(*front, dtype="float32", features=3):
    """A classifier that training leaves as it is."""
    keras.utils.set_random_seed(0)
    ends = layers.Dense(4, "tanh"), layers.Dense(1, "sigmoid")
    model = keras.Sequential([keras.Input((features,), dtype=dtype), *front, *ends])
    model.compile(keras.optimizers.SGD(1e-9), "binary_crossentropy")
    return model


def normalization():
    layer = layers.Normalization()
    layer.adapt(X)
    return layer


def lookup(**arguments):
    layer = layers.IntegerLookup(output_mode="multi_hot", **arguments)
    layer.adapt(IDS)
    return layer


def nested(layer, dtype="float32"):
    return keras.Sequential([keras.Input((3,), dtype=dtype), layer], name="preprocess")


@pytest.mark.parametrize(
    ("make", "x"),
    [
        (lambda: of(normalization()), X),
        (lambda: of(nested(normalization())), X),
        (lambda: of(nested(nested(normalization()))), X),
        (lambda: of(lookup(), dtype="int64"), IDS),
        (lambda: of(nested(lookup(), "int64"), dtype="int64"), IDS),
    ],
)
def test_layers_that_adapted_compute_as_they_did(make, x, tmp_path):
    model = make()
    done = nl.repair(model, x, Y, Diagnosis([]), epochs=1)
    expected = numbers(model(x))
    assert expected.std() > 1e-3  # constant where the inputs are not normalized
    np.testing.assert_allclose(numbers(done.model(x)), expected, atol=1e-5)
    done.model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(numbers(loaded(x)), expected, atol=1e-5)


@pytest.mark.parametrize("kind", [layers.Normalization, nl.Standardize])
@pytest.mark.parametrize("are_numbers", [True, False])
def test_statistics_in_a_nested_model_outlast_weights_that_start_afresh(kind, are_numbers):
    front, last = kind(), layers.Dense(4, "tanh", bias_initializer="ones")
    front.adapt(X)
    inner = keras.Sequential([keras.Input((3,)), front, last], name="inner")
    last.set_weights([np.full((3, 4), 2 if are_numbers else np.nan), np.zeros(4)])
    model = given(of(inner), X, Y)
    plan = model.plan()
    again = build(plan.afresh() if are_numbers else plan, model).get_layer("inner")
    np.testing.assert_allclose(numbers(again.layers[0](X)), numbers(front(X)), atol=1e-5)
    kernel, bias = again.layers[1].get_weights()
    assert np.all(np.isfinite(kernel))
    assert np.all(kernel != 2)
    assert np.all(bias == 1)


@keras.saving.register_keras_serializable("tests", name="Shift")
class Shift(layers.Layer):
    """Computes with what it makes of its weight when that is loaded."""

    def build(self, shape):
        self.weight = self.add_weight(shape=shape[1:], trainable=False)
        self.used = np.zeros(shape[1:])

    def call(self, x):
        return x - keras.ops.cast(self.used, x.dtype)

    def load_own_variables(self, store):
        super().load_own_variables(store)
        self.used = numbers(self.weight)


@pytest.mark.parametrize("put", [lambda layer: layer, nested])
def test_what_a_layer_makes_of_its_weights_when_they_are_loaded(put):
    layer = Shift()
    layer.build((None, 3))
    layer.load_own_variables({"0": X.mean(0)})
    model = of(put(layer), layers.Rescaling(0.02))
    done = nl.repair(model, X, Y, Diagnosis([]), epochs=1)
    expected = numbers(model(X))
    assert expected.std() > 1e-3
    np.testing.assert_allclose(numbers(done.model(X)), expected, atol=1e-5)
    done.model.fit(X, Y, verbose=0)
    np.testing.assert_allclose(numbers(layer.weight), X.mean(0), rtol=1e-6)  # JAX gives it up


of_words = pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="text comes in TensorFlow's tensors alone"
)


@of_words
@pytest.mark.parametrize("kind", [layers.TextVectorization, layers.StringLookup])
def test_how_rare_each_word_is(kind):
    text = np.array([["good"], ["bad"], ["good"], ["new"]] * 30)
    layer = kind(output_mode="tf_idf")
    layer.adapt(text)
    model = of(layer, dtype="string", features=1)
    done = nl.repair(model, text, np.arange(120) % 2, Diagnosis([]), epochs=1)
    text = keras.ops.convert_to_tensor(text, "string")
    np.testing.assert_allclose(numbers(done.model(text)), numbers(model(text)), atol=1e-5)


@of_words
def test_a_vocabulary_of_words():
    text = np.array([["good one"], ["bad one"], ["good two"], ["bad two"]] * 30)
    layer = layers.TextVectorization(output_mode="multi_hot")
    layer.adapt(text)
    model = of(layer, dtype="string", features=1)
    done = nl.repair(model, text, np.arange(120) % 2, found("learning_rate_too_low"), trials=2)
    assert done.after == 1.0
    assert done.model.layers[0].get_vocabulary() == layer.get_vocabulary()


@keras.saving.register_keras_serializable("tests", name="WithNormalization")
class Own(keras.Model):
    def __init__(self, **arguments):
        super().__init__(**arguments)
        self.normalization = layers.Normalization()
        self.hidden = layers.Dense(4, "tanh")
        self.last = layers.Dense(1, "sigmoid")

    def call(self, x):
        return self.last(self.hidden(self.normalization(x)))


@pytest.mark.parametrize("is_called", [True, False])
def test_of_a_subclassed_model_called_or_not(is_called):
    keras.utils.set_random_seed(0)
    model = Own()
    model.normalization.adapt(X)
    if is_called:
        model(X[:1])
    model.compile(keras.optimizers.Adam(0.05), "binary_crossentropy")
    done = nl.repair(model, X, Y, Diagnosis([]), epochs=10)
    assert done.after > 0.8  # on raw inputs: 0.5
    assert model.built == is_called


class WithLookup(keras.Model):
    def __init__(self):
        super().__init__()
        self.lookup = layers.IntegerLookup(output_mode="multi_hot")
        self.last = layers.Dense(1, "sigmoid")

    def call(self, x):
        return self.last(self.lookup(x))


@pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="others do not trace a lookup in a call"
)
@pytest.mark.parametrize("is_called", [True, False])
def test_a_vocabulary_in_a_subclassed_model(is_called):
    keras.utils.set_random_seed(0)
    model = WithLookup()
    model.lookup.adapt(IDS)
    if is_called:
        model(IDS[:1])
    model.compile(keras.optimizers.Adam(0.05), "binary_crossentropy")
    done = nl.repair(model, IDS, IDS[:, 0] > IDS[:, 1], Diagnosis([]), epochs=1)
    (copied,) = (own for own in done.model.layers if isinstance(own, WithLookup))
    assert copied.lookup.get_vocabulary() == model.lookup.get_vocabulary()


class OfUnits(keras.Model):
    def __init__(self, units):
        super().__init__()
        self.last = layers.Dense(units, "sigmoid")

    def call(self, x):
        return self.last(x)

    def get_config(self):
        return {}


def test_what_can_neither_be_copied_nor_run_is_to_be_called():
    model = OfUnits(1)
    model.compile("adam", "binary_crossentropy")
    with pytest.raises(ValueError, match=r"not built and cannot be copied: .*Call it on a batch"):
        nl.repair(model, X, Y, Diagnosis([]))


def test_of_a_sequential_model_that_is_not_built():
    keras.utils.set_random_seed(0)
    model = keras.Sequential([normalization(), layers.Dense(4, "tanh"), layers.Dense(1, "sigmoid")])
    model.compile(keras.optimizers.Adam(0.05), "binary_crossentropy")
    done = nl.repair(model, X, Y, Diagnosis([]), epochs=10)
    assert done.after > 0.8
    assert not model.built


class WithoutArguments(layers.Layer):
    def __init__(self, units):
        super().__init__()
        self.dense = layers.Dense(units)

    def call(self, x):
        return self.dense(x)

    def get_config(self):
        return {}


class Doubled(layers.Layer):
    def call(self, x):
        return 2 * x


class Applied(layers.Layer):
    def __init__(self, function):
        super().__init__()
        self.function = function

    def call(self, x):
        return self.function(x)


@pytest.mark.parametrize("layer", [WithoutArguments(3), Applied(lambda x: x)])
def test_what_cannot_be_made_again_is_named_and_nothing_else(layer):
    x = Doubled()(layer(inputs := keras.Input((2,))))
    model = keras.Model(inputs, layers.Dense(1, "sigmoid")(x))
    model.compile("adam", "binary_crossentropy")
    own = f"get_config() for what is your own: {type(layer).__name__}."
    with pytest.raises(ValueError, match=f"{re.escape(own)}$") as refused:
        nl.repair(model, X, Y, Diagnosis([]))
    assert "Example" not in str(refused.value)

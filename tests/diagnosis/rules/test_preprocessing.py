import keras
import numpy as np
import pytest

from normlayers.layers.min_max_scale import MinMaxScale
from normlayers.layers.standardize import Standardize
from tests.diagnosis.small_models import BINARY, SPARSE, classifier, faults, found, points

X, Y = points()
RAW = X * [1, 10, 100, 1, 1, 1] + 50
KINDS = [Standardize, MinMaxScale, keras.layers.Normalization]


def adapted(kind, x):
    layer = kind(name="scaling")
    layer.adapt(np.asarray(x, "float32"))
    return layer


@pytest.mark.parametrize("kind", KINDS)
def test_layers_that_were_not_adapted(kind):
    (finding,) = found("not_adapted", classifier(kind(name="scaling")), RAW, Y)
    assert (finding.where, finding.severity) == ("scaling", "error")
    assert faults(classifier(adapted(kind, RAW)), RAW, Y) == set()


def test_a_layer_with_the_statistics_of_other_data():
    (finding,) = found("not_adapted", classifier(adapted(Standardize, X)), RAW, Y)
    assert "other data" in finding.message


@pytest.mark.parametrize("kind", [Standardize, keras.layers.Normalization])
def test_data_that_were_standardized_before(kind):
    (finding,) = found("normalized_twice", classifier(adapted(kind, RAW)), X, Y)
    assert finding.where == "scaling"
    assert "inputs_not_scaled" not in faults(classifier(adapted(kind, RAW)), X, Y)


def test_pixels_divided_twice():
    pixels = np.random.default_rng(0).integers(0, 256, (100, 6)).astype("float32")
    y = (pixels[:, 0] > 127).astype("int64")
    divide = keras.layers.Rescaling(1 / 255, name="divide")
    (finding,) = found("normalized_twice", classifier(divide), pixels / 255, y)
    assert finding.where == "divide"
    (finding,) = found("normalized_twice", classifier(), pixels / 255**2, y)
    assert finding.evidence["divided_by"] == 255
    assert faults(classifier(divide), pixels, y) == set()
    assert faults(classifier(), pixels / 255, y) == set()


def test_an_inverse_behind_the_model_is_no_second_scaling():
    invert = Standardize(mean=150.0, variance=77.0**2, invert=True, axis=None)
    model = keras.Sequential(
        [keras.Input((6,)), keras.layers.Dense(8, "relu"), keras.layers.Dense(1), invert]
    )
    model.compile("adam", "mse")
    y = 150 + 77 * X[:, 0]
    assert faults(model, X, y) == set()


UNRELATED = "targets_unrelated_to_inputs"


@pytest.mark.parametrize("loss", [BINARY, "mse", SPARSE])
def test_targets_shuffled_apart_from_the_inputs(loss):
    y = X[:, 0] if loss == "mse" else Y
    shuffled = np.random.default_rng(1).permutation(y)
    model = classifier(units=2 if loss == SPARSE else 1, output=None, loss=loss)
    (finding,) = found(UNRELATED, model, X, shuffled)
    assert finding.severity == "warning"
    assert not found(UNRELATED, model, X, y)


def test_of_several_outputs_the_unrelated_one_is_named():
    inputs = keras.Input((6,))
    outputs = [keras.layers.Dense(1, name=name)(inputs) for name in ("one", "other")]
    model = keras.Model(inputs, outputs)
    model.compile("adam", ["mse", "mse"])
    noise = np.random.default_rng(2).normal(size=len(X))
    assert [f.where for f in found(UNRELATED, model, X, [X[:, 0], noise])] == ["other"]


def test_what_places_do_not_tell_layers_may():
    """Beeps of any phase: samples say nothing, what a convolution makes of them does."""
    random = np.random.default_rng(0)
    y, phase = random.integers(0, 2, 300), random.uniform(0, 6.28, (300, 1))
    x = np.sin(np.where(y, 0.3, 1.5)[:, None] * np.arange(256) + phase)[..., None]
    x = x + random.normal(scale=2, size=x.shape)
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [
            keras.Input((256, 1)),
            keras.layers.Conv1D(16, 32, activation="relu"),
            keras.layers.GlobalAveragePooling1D(),
            keras.layers.Dense(1, "sigmoid"),
        ]
    )
    model.compile("adam", BINARY)
    assert not found(UNRELATED, model, x, y)
    (finding,) = found(UNRELATED, model, x, random.permutation(y))
    assert finding.severity == "note"


def test_few_rows_say_nothing():
    assert not found(UNRELATED, classifier(), X[:99], np.random.default_rng(0).permutation(Y[:99]))


@pytest.mark.parametrize("kind", ["words", "identifiers"])
def test_numbers_that_name_things_are_counted(kind):
    """Neither their distances nor their order say anything, and untrained layers may not."""
    random = np.random.default_rng(0)
    places = 12 if kind == "words" else 1
    x = random.integers(0, 60, (600, places))
    liked = random.normal(size=60)
    y = (liked[x].sum(axis=1) > 0).astype("int64")
    layers = keras.layers
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [
            keras.Input((places,), dtype="int32"),
            layers.Embedding(60, 8),
            layers.LSTM(8),
            layers.Dense(1, "sigmoid"),
        ]
    )
    model.compile("adam", BINARY)
    assert not found(UNRELATED, model, x, y)
    (finding,) = found(UNRELATED, model, x, random.permutation(y))
    assert finding.severity == "note"


def test_what_a_loss_of_ones_own_takes_may_be_no_target():
    def reward(y, p):
        return -y * keras.ops.log(p + 1e-6)

    noise = np.random.default_rng(0).normal(size=len(X))
    (finding,) = found(UNRELATED, classifier(loss=reward), X, noise)
    assert finding.severity == "note"


def test_labels_learned_by_heart_are_unrelated():
    random = np.random.default_rng(0)
    x, y = random.normal(size=(120, 8, 2)), random.integers(0, 2, 120)
    layers = keras.layers
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((8, 2)), layers.Flatten(), layers.Dense(256, "relu")])
    model.add(layers.Dense(1, "sigmoid"))
    model.compile(keras.optimizers.Adam(0.01), BINARY, metrics=["accuracy"])
    model.fit(x, y, epochs=30, verbose=0)
    assert model.evaluate(x, y, verbose=0)[1] > 0.9
    assert [each.severity for each in found(UNRELATED, model, x, y)] == ["note"]


@pytest.mark.parametrize("positives", [1, 3, 10, 29, 60])
@pytest.mark.parametrize("seed", range(3))
def test_few_rows_of_a_rare_class_tell_of_no_relation(positives, seed):
    """Not of the lack of one either: the label follows from the inputs."""
    x = np.random.default_rng(seed).normal(size=(1000, 20)).astype("float32")
    together = x[:, 0] + x[:, 1]
    y = (together >= np.sort(together)[-positives]).astype("float32")
    model = classifier(features=20)
    assert not found(UNRELATED, model, x, y)

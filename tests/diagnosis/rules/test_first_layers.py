import keras
import numpy as np
import pytest

from normlayers.diagnosis.diagnose import look
from tests.diagnosis.small_models import SPARSE, classifier, faults, found, points

layers = keras.layers
X, Y = points()


def pixels(rows=200):
    """Bars of two directions, as bytes: what a network was trained on."""
    rng = np.random.default_rng(0)
    x = rng.integers(0, 60, (rows, 8, 8, 1)).astype("float32")
    y = rng.integers(0, 2, rows)
    for image, kind, place in zip(x, y, rng.integers(0, 8, rows), strict=True):
        image[(slice(None), place) if kind else (place, slice(None))] += 180
    return x, y


@pytest.fixture(scope="module", params=[False, True], ids=["plain", "normalized"])
def pretrained(request):
    """A backbone that was trained on pixels less 103, as some of keras.applications were."""
    keras.utils.set_random_seed(0)
    x, y = pixels()
    normalization = [layers.BatchNormalization(momentum=0.5)] if request.param else []
    base = keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            layers.Conv2D(8, 3),
            *normalization,
            layers.Activation("relu"),
            layers.GlobalAveragePooling2D(),
        ]
    )
    model = keras.Sequential([base, layers.Dense(2, "softmax")])
    model.compile(keras.optimizers.Adam(0.01), SPARSE)
    model.fit(x - 103, y, epochs=12, verbose=0)
    return base


def is_normalized(base):
    return any(isinstance(layer, layers.BatchNormalization) for layer in base.layers)


def with_new_head(base, frozen=True):
    copy = keras.models.clone_model(base)
    copy.set_weights(base.get_weights())
    copy.trainable = not frozen
    model = keras.Sequential(
        [keras.Input((8, 8, 1)), copy, layers.Dense(2, "softmax", name="head")]
    )
    model.compile("adam", SPARSE)
    return model


def of_inputs(model, x, y):
    told = look(model, x, y, trials=False).findings
    return [finding for finding in told if finding.severity != "note"]


def test_what_a_frozen_layer_takes_is_as_it_was_trained_on(pretrained):
    x, y = pixels()
    assert of_inputs(with_new_head(pretrained), x - 103, y) == []
    (finding,) = found("inputs_not_scaled", with_new_head(pretrained, frozen=False), x - 103, y)
    assert finding.where == "x"


def test_other_inputs_than_frozen_layers_were_trained_on(pretrained):
    x, y = pixels()
    (finding,) = of_inputs(with_new_head(pretrained), x / 255, y)
    normalized = is_normalized(pretrained)
    fault = "stale_moving_statistics" if normalized else "inputs_not_scaled"
    assert finding.fault == fault
    assert "preprocess_input" in finding.cure
    assert not finding.repairable
    if not normalized:
        assert (finding.where, finding.severity) == ("head", "warning")


@pytest.mark.parametrize("frozen", [True, False])
def test_neurons_of_frozen_layers_are_not_to_be_initialized_again(pretrained, frozen):
    x, y = pixels()
    model = with_new_head(pretrained, frozen)
    convolution = model.layers[0].layers[0]
    convolution.set_weights([np.abs(weight) for weight in convolution.get_weights()])
    every = look(model, x - np.float32(5e3), y, trials=False).every()
    dead = [f for f in every if f.fault == "dead_neurons"]
    # One that trains normalizes by the batch, whatever it is given.
    assert bool(dead) == (frozen or not is_normalized(pretrained))
    assert all(("preprocess_input" in f.cure, f.repairable) == (frozen, not frozen) for f in dead)


def test_a_number_beyond_its_type_is_told_of_a_frozen_layer_too(pretrained):
    x, y = pixels()
    (finding,) = found(
        "inputs_not_scaled", with_new_head(pretrained), x.astype("float64") * 1e300, y
    )
    assert "infinite as float32" in finding.message


@pytest.mark.parametrize("frozen_first", [True, False])
@pytest.mark.parametrize("inputs", [1, 2])
def test_a_trained_layer_beside_a_frozen_one_is_judged(frozen_first, inputs):
    first, second = keras.Input((6,), name="first"), keras.Input((6,), name="second")
    both = [layers.Dense(4, "relu", trainable=False), layers.Dense(4, "relu", name="trained")]
    taken = [first, second if inputs == 2 else first]
    pairs = list(zip(both, taken, strict=True))[:: 1 if frozen_first else -1]
    joined = layers.Concatenate()([layer(tensor) for layer, tensor in pairs])
    model = keras.Model(
        [first, second] if inputs == 2 else first, layers.Dense(1, "sigmoid")(joined)
    )
    model.compile("adam", "binary_crossentropy")
    x = np.random.default_rng(0).normal(size=(200, 6)).astype("float32") * 1e4
    y = (x[:, 0] > 0).astype(int)
    told = look(model, [x / 1e4, x] if inputs == 2 else x, y, trials=False)
    assert "inputs_not_scaled" not in told.unchecked
    (finding,) = told.of("inputs_not_scaled")
    assert finding.where == ("second" if inputs == 2 else "first")
    assert finding.evidence["layer"] == "trained"


def test_frozen_embeddings_of_unit_length_are_small_by_construction():
    encoder = [layers.Dense(512), layers.UnitNormalization()]
    body = keras.Sequential([keras.Input((6,)), *encoder])
    body.trainable = False
    model = keras.Sequential([keras.Input((6,)), body, layers.Dense(1, "sigmoid")])
    model.compile("adam", "binary_crossentropy")
    x = np.random.default_rng(0).normal(size=(200, 6)).astype("float32")
    assert not found("inputs_not_scaled", model, x, (x[:, 0] > 0).astype(int))
    shrunk = keras.Sequential([body, layers.Rescaling(0.01), layers.Dense(1, "sigmoid")])
    shrunk.compile("adam", "binary_crossentropy")
    assert found("inputs_not_scaled", shrunk, x, (x[:, 0] > 0).astype(int))


@pytest.mark.parametrize(("offset", "severity"), [(100, "error"), (10, "error"), (5, "warning")])
def test_inputs_beside_0(offset, severity):
    (finding,) = found("inputs_not_centred", classifier(), X + offset, Y)
    assert finding.severity == severity
    assert finding.evidence["median"] == pytest.approx(offset, abs=0.5)


def test_inputs_of_0_to_1_are_centred_enough():
    x = np.random.default_rng(0).random((200, 6)).astype("float32")
    assert faults(classifier(), x, x[:, 0] > 0.5) == set()
    assert not found("inputs_not_centred", classifier(), X + 1, Y)


def test_peaks_in_little_noise_are_of_a_size():
    random = np.random.default_rng(0)
    x = 0.02 * random.normal(size=(400, 6)) + (random.random((400, 6)) < 0.05)
    assert not found("inputs_not_scaled", classifier(), x, np.tile(Y, 2))
    (finding,) = found("inputs_not_scaled", classifier(), x / 20, np.tile(Y, 2))
    assert finding.severity == "warning"

"""Masked steps count in no measure: each is that of the steps which are no padding."""

import keras
import numpy as np
import pytest

import normlayers as nl
from normlayers.tracking.reading.layer_summary import layer_summary
from normlayers.tracking.reading.probe import Probe
from normlayers.tracking.reading.sampled_layer import sampled_layer
from tests.tensorboard_reader import Read

layers = keras.layers
tensor = keras.ops.convert_to_tensor


def as_arrays(found):
    return {name: np.asarray(keras.ops.convert_to_numpy(value)) for name, value in found.items()}


@pytest.mark.parametrize("activation", ["relu", "sigmoid", "tanh", "linear"])
@pytest.mark.parametrize(("neurons", "seed"), [(1, 0), (3, 1), (3, 2)])
def test_a_summary_is_that_of_what_counts(neurons, seed, activation):
    points = 12  # one shape, as JAX compiles each
    generator = np.random.default_rng(seed)
    z = generator.normal(scale=4, size=(points, neurons)).astype("float32")
    counted = generator.random(points) < 0.6
    assert 0 < counted.sum() < points
    z[~counted] *= 1e3  # padding may be anything
    a = np.array(keras.ops.convert_to_numpy(keras.activations.get(activation)(tensor(z))))
    masked = layer_summary(*map(tensor, (z > 0, a, a)), activation, tensor(counted))
    z, a = z[counted], a[counted]
    cut = as_arrays(layer_summary(*map(tensor, (z > 0, a, a)), activation))
    masked = as_arrays(masked)
    assert masked.keys() == cut.keys()
    for name, expected in cut.items():
        np.testing.assert_allclose(masked[name], expected, rtol=1e-5, err_msg=name)
    for name in ("on", "points", "counts"):
        np.testing.assert_array_equal(masked[name], cut[name])


def test_what_is_not_finite_in_padding_is_nothing_and_elsewhere_it_is():
    a = np.ones((3, 2), "float32")
    a[1, 0] = np.nan
    for counted in ([True, False, True], [True, True, False]):
        found = layer_summary(*map(tensor, (a > 0, a, a)), "linear", tensor(counted))
        assert bool(keras.ops.convert_to_numpy(found["finite"])) is not counted[1]


def test_a_sampled_point_is_that_of_its_steps_that_count():
    z = np.random.default_rng(0).normal(size=(6, 5, 4)).astype("float32")
    counted = np.arange(5) < np.array([5, 3, 1, 2, 0, 4])[:, None]
    z[~counted] = 9
    z[4] = -1
    rows, columns = np.array([0, 2, 4, 5]), np.array([3, 1])
    flat = tensor(z.reshape(-1, 4))
    found = as_arrays(sampled_layer(flat > 0, flat, 6, rows, columns, tensor(counted.reshape(-1))))
    counted[4] = True  # of a point that is padding alone all of it counts
    for at, row in enumerate(rows):
        steps = z[row, counted[row]][:, columns]
        np.testing.assert_array_equal(found["value"][at], steps.max(axis=0))
        np.testing.assert_array_equal(found["active"][at], (steps > 0).any(axis=0))


def of_steps(*behind):
    """Its neurons are on at real steps, or off, by the signs of their biases."""
    hidden = layers.Dense(2, "relu", name="hidden", kernel_initializer="ones")
    model = keras.Sequential([keras.Input((4, 1)), layers.Masking(), hidden, *behind])
    hidden.set_weights([np.array([[1.0, -1.0]]), np.array([0.0, 0.5])])
    return model


X = np.ones((10, 4, 1), "float32")
X[:, 2:] = 0  # of which the second neuron makes 0.5


def test_shares_are_of_real_steps():
    reading = Probe(of_steps(layers.LSTM(3, return_sequences=True))).read(X)
    np.testing.assert_array_equal(reading.summaries["hidden"]["share"], [1, 0])
    assert reading.summaries["hidden"]["counts"].sum() == 10 * 2 * 2
    whole = Probe(of_steps()).read(np.ones((10, 4, 1), "float32"))
    np.testing.assert_array_equal(whole.summaries["hidden"]["share"], [1, 0])
    padding = Probe(of_steps()).read(np.zeros((10, 4, 1), "float32"))  # it is all there is
    np.testing.assert_array_equal(padding.summaries["hidden"]["share"], [0, 1])


def test_a_tracker_writes_what_real_steps_do(tmp_path):
    tracker = nl.ActivationTracker(tmp_path / "run", X)
    tracker.observe(of_steps(layers.LSTM(3), layers.Dense(1)), 0)
    read = Read(tmp_path / "run")
    assert read.values("activity/hidden/always_on") == [0.5]
    assert read.values("activity/hidden/dead") == [0.5]
    assert read.values("activity/hidden/neuron_1") == [0]


def test_the_inputs_are_those_of_real_steps():
    steps = np.random.default_rng(0).normal(5, 2, (10, 4, 1)).astype("float32")
    x = np.where(X > 0, steps, 0)
    found = Probe(of_steps(layers.LSTM(3))).read(x).inputs
    assert found["mean"] == pytest.approx(steps[:, :2].mean(), rel=1e-5)
    assert found["deviation"] == pytest.approx(steps[:, :2].std(), rel=1e-5)


@pytest.mark.parametrize("embedded", [False, True])
def test_a_diagnosis_names_neurons_that_only_padding_makes_active(embedded):
    model, x = of_steps(layers.LSTM(3), layers.Dense(1)), X
    model.layers[1].set_weights([np.array([[-1.0, -1.0]]), np.array([0.5, 0.5])])
    if embedded:
        ids = layers.Embedding(3, 1, mask_zero=True)
        model = keras.Sequential([keras.Input((4,), dtype="int32"), ids, *model.layers[1:]])
        ids.set_weights([np.array([[0.0], [1.0], [1.0]])])
        x = X[..., 0].astype("int32")
    (dead,) = nl.diagnose(model, x).of("dead_neurons")
    assert dead.where == "hidden"

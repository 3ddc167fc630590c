"""Measures of stacked networks against Keras, the tracker's measures and weights made by hand."""

import numpy as np
import pytest

from normlayers import measures
from normlayers.ensembles.ensemble import TrainedChunk
from normlayers.ensembles.stacked_network import Architecture
from normlayers.experiments.data.circles import circles
from normlayers.experiments.two_neuron_ensemble.measures import StackedMeasures, read
from normlayers.tracking.reading.probe import Probe
from tests.ensembles.keras_twins import keras_weights


def random_weights(architecture, networks, seed):
    random = np.random.default_rng(seed)

    def some(name, shape):
        sign = random.choice([-1, 1], shape) if name in ("kernel", "bias", "beta") else 1
        return (sign * random.uniform(0.5, 1, shape)).astype("f4")

    return [
        {name: some(name, array.shape) for name, array in layer.items()}
        for layer in architecture.initial_weights(networks, random)
    ]


@pytest.mark.parametrize("normalization", ["none", "pre", "post"])
@pytest.mark.parametrize("activation", ["relu", "sigmoid"])
def test_measures_are_those_of_the_same_networks_in_keras(activation, normalization):
    architecture = Architecture(2, (3, 2), activation, normalization)
    x, y = circles()
    start, end = (random_weights(architecture, 4, seed) for seed in (0, 1))
    found = StackedMeasures(architecture, x, y).of(TrainedChunk(0, start, end))
    model = architecture.keras_model()
    probe = Probe(model, ["hidden_1", "hidden_2"])
    for network in range(4):
        told = {}
        for when, weights in (("start", start), ("end", end)):
            model.set_weights(keras_weights(architecture, weights, network))
            told[when] = probe.read(x)
        active = {when: np.hstack(list(r.active.values())) for when, r in told.items()}
        share = measures.active_share(active["end"])
        for state, value in measures.state_shares(share).items():
            assert found[f"{state}_end"][network] == pytest.approx(value)
        assert found["accuracy"][network] == pytest.approx(
            np.mean((told["end"].logit.ravel() > 0) == (y.ravel() > 0.5)), abs=1e-6
        )
        assert found["activity_changed"][network] == pytest.approx(
            np.mean(active["start"] != active["end"])
        )
        for when in ("start", "end"):
            linearity = measures.linearity(x, told[when].logit)
            assert found[f"linearity_{when}"][network] == pytest.approx(linearity, abs=1e-5)
            count = active[when].sum(axis=1)
            if (count > 0).any():
                expected = np.mean(count[count > 0] == 1)
                assert found[f"exclusive_{when}"][network] == pytest.approx(expected)


def two_neurons(kernel, bias, output, output_bias):
    """Two networks with the same weights."""
    layers = [(kernel, bias), (output, output_bias)]
    return [
        {
            "kernel": np.stack([np.array(kernel, "f4")] * 2, -1),
            "bias": np.stack([np.array(bias, "f4")] * 2, -1),
        }
        for kernel, bias in layers
    ]


@pytest.fixture
def measured():
    """Neuron 0 is always on and turns by a right angle, neuron 1 is dead and then always on."""
    start = two_neurons([[3.0, -1.0], [0.0, -1.0]], [4.0, 0.0], [[1.0], [1.0]], [-1000.0])
    end = two_neurons([[0.0, 0.0], [3.0, 3.0]], [4.0, 4.0], [[1.0], [1.0]], [1000.0])
    x = np.random.default_rng(0).uniform(0.5, 1, (40, 2)).astype("f4")
    return StackedMeasures(Architecture(), x, np.arange(40) % 4 > 0).of(TrainedChunk(0, start, end))


def test_measures_by_hand(measured):
    for name, value in {
        "accuracy": 0.75,
        "dead_start": 0.5,
        "always_on_start": 0.5,
        "always_on_end": 1,
        "selective_end": 0,
        "states_kept": 0,
        "activity_changed": 0.5,
        "exclusive_start": 1,
        "exclusive_end": 0,
        "boundary_moved": 1,
        "dead_moved": 4,
    }.items():
        np.testing.assert_allclose(measured[name], value, err_msg=name)
    way = np.sqrt(9 + 9 + 1 + 16 + 16 + 2000**2)
    np.testing.assert_allclose(
        measured["weights_moved"], way / np.sqrt(9 + 1 + 1 + 16 + 2 + 1000**2), rtol=1e-6
    )
    # Only one neuron was always on.
    assert np.isnan(measured["alike_start"]).all()
    assert np.isnan(measured["alike_end"]).all()


def test_likeness_of_always_on_neurons():
    start = two_neurons([[1.0, 0.0], [0.0, 1.0]], [0.0, 0.0], [[1.0], [1.0]], [0.0])
    end = two_neurons([[2.0, 4.0], [0.0, 0.0]], [1.0, 2.0], [[1.0], [1.0]], [0.0])
    x = np.random.default_rng(0).uniform(0.5, 1, (40, 2))
    found = StackedMeasures(Architecture(), x, np.ones(40)).of(TrainedChunk(0, start, end))
    np.testing.assert_allclose(found["alike_start"], 0)
    np.testing.assert_allclose(found["alike_end"], 1, rtol=1e-6)
    assert np.isnan(found["dead_moved"]).all()


def test_a_diverged_network_has_no_measures_but_those_of_the_start(measured):
    start = random_weights(Architecture(), 2, 0)
    end = random_weights(Architecture(), 2, 1)
    end[0]["kernel"][..., 1] = np.nan
    x, y = circles()
    found = StackedMeasures(Architecture(), x, y).of(TrainedChunk(0, start, end))
    for name, values in found.items():
        if name.endswith("_start"):
            assert np.isfinite(values[1]) or name == "alike_start", name
        else:
            assert np.isnan(values[1]), name
    assert np.isfinite(found["accuracy"][0])


def test_reading_more_networks_at_once_reads_each():
    architecture = Architecture(3, (4,), "tanh")
    weights = random_weights(architecture, 5, 0)
    x = np.random.default_rng(0).normal(size=(6, 3))
    together = read(architecture, weights, x)
    assert together.active.shape == (6, 4, 5)
    for network in range(5):
        alone = [{n: a[..., network : network + 1] for n, a in la.items()} for la in weights]
        np.testing.assert_allclose(
            read(architecture, alone, x).logit[:, 0], together.logit[:, network], rtol=1e-5
        )

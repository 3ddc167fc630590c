"""Bands, states and reference lines are those given."""

import numpy as np
import pytest

from normlayers.experiments.two_neuron_ensemble.plots.sweep import sweep
from normlayers.pictures.png import to_png


def line(axes, label):
    (found,) = [a for a in axes.lines if a.get_label() == label]
    return found.get_ydata()


def test_a_sweep_shows_bands_and_all_of_the_neurons():
    quantiles = np.sort(np.random.default_rng(0).uniform(0.4, 0.9, (5, 3)), axis=0)
    accuracy = {"relu": quantiles, "tanh": np.ones((5, 3))}
    states = {
        name: np.array([[0.2, 0.3, 0.4], [0.5, 0.5, 0.5], [0.3, 0.2, 0.1]]) for name in accuracy
    }
    figure = sweep([0, 5, 10], accuracy, states, {"a line": 0.6, "another": 0.7}, "many")
    top, *_, bottom = figure.axes[:3]
    np.testing.assert_allclose(line(top, "median network"), quantiles[2])
    for band, (low, high) in zip(top.collections, ((0, 4), (1, 3)), strict=True):
        heights = band.get_paths()[0].vertices[:, 1]
        assert (heights.min(), heights.max()) == (quantiles[low].min(), quantiles[high].max())
    np.testing.assert_allclose(line(top, "a line"), 0.6)
    np.testing.assert_allclose(line(top, "another"), 0.7)
    highest = max(path.vertices[:, 1].max() for c in bottom.collections for path in c.get_paths())
    assert highest == pytest.approx(1)
    assert to_png(figure)

"""Data of two inputs: their distribution, and scalings held to the layers'."""

import numpy as np
import pytest

import normlayers as nl
from normlayers.experiments.loss_surface.data import (
    SCALINGS,
    draw,
    population_second_moments,
    scaled,
)

LAYERS = {
    "standardized": lambda: nl.Standardize(dtype="float64"),
    "min_max": lambda: nl.MinMaxScale(dtype="float64"),
    "divided_by_std": lambda: nl.Standardize(center=False, dtype="float64"),
}


@pytest.mark.parametrize("scaling", LAYERS)
def test_scalings_are_the_layers(scaling):
    data = draw(sets=3, points=50, seed=1)
    for inputs, found in zip(data.inputs, scaled(data.inputs, scaling), strict=True):
        layer = LAYERS[scaling]()
        layer.adapt(inputs)
        np.testing.assert_allclose(found, np.asarray(layer(inputs)), rtol=1e-12, atol=1e-12)


def test_raw_inputs_stay_as_they_are():
    inputs = draw(sets=2, points=20).inputs
    assert scaled(inputs, "raw") is inputs
    assert set(SCALINGS) == {"raw", *LAYERS}


def test_second_moments_are_the_uniform_distributions():
    """E[x1²] = 1/3, E[x2²] = 1e-4/3, E[x1 x2] = 1/400; divided by the variance 1/12: 4 and 3."""
    exact = {
        "raw": [[1 / 3, 1 / 400], [1 / 400, 1e-4 / 3]],
        "standardized": [[1, 0], [0, 1]],
        "min_max": [[1 / 3, 1 / 4], [1 / 4, 1 / 3]],
        "divided_by_std": [[4, 3], [3, 4]],
    }
    many = draw(sets=1, points=400_000).inputs[0]
    for scaling, moments in exact.items():
        np.testing.assert_allclose(population_second_moments(scaling), moments, atol=1e-15)
        x = scaled(many, scaling)
        np.testing.assert_allclose(x.T @ x / len(x), moments, rtol=0.01, atol=0.01)


def test_targets_and_labels_hang_on_both_inputs_alike():
    data = draw(sets=4000, points=100, seed=2)
    assert abs(data.labels.mean() - 0.5) < 0.01
    # The score's variance is 1, the noise's 1/4.
    assert data.targets.var() == pytest.approx(1.25, rel=0.02)
    x = scaled(data.inputs, "standardized")
    slopes = np.einsum("spi,sp->si", x, data.targets) / 100
    np.testing.assert_allclose((slopes**2).mean(axis=0), 0.5, rtol=0.1)


def test_the_first_data_set_does_not_hang_on_how_many_there_are():
    one, more = draw(1, 30, seed=5), draw(7, 30, seed=5)
    for name in ("inputs", "targets", "labels"):
        np.testing.assert_array_equal(getattr(one, name)[0], getattr(more, name)[0])
    assert not np.array_equal(one.inputs, draw(1, 30, seed=6).inputs)

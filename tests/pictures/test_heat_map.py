"""The heat map and the distribution of activations.

Covers too: distribution.py.
"""

import numpy as np

from normlayers.pictures.distribution import QUANTILES, distribution
from normlayers.pictures.heat_map import heat_map


def test_points_stand_class_by_class():
    activations = np.array([[1.0, 10], [2.0, 20], [3.0, 30]])
    axes = heat_map(activations, "epoch 3", np.array([1, 0, 1])).axes[0]
    np.testing.assert_array_equal(axes.images[0].get_array(), [[2, 1, 3], [20, 10, 30]])
    (border,) = axes.lines
    assert border.get_xdata()[0] == 0.5
    assert (axes.get_title(), axes.get_xlabel()) == ("epoch 3", "point, class by class")


def test_without_classes_they_stand_as_they_come():
    activations = np.arange(6.0).reshape(3, 2)
    figure = heat_map(activations, "epoch 3")
    np.testing.assert_array_equal(figure.axes[0].images[0].get_array(), activations.T)
    assert figure.axes[1].get_ylabel() == "activation"


def test_the_median_and_the_bands_are_the_quantiles():
    quantiles = np.quantile(np.random.default_rng(0).normal(size=(100, 3)), QUANTILES, axis=0).T
    axes = distribution([0, 5, 10], quantiles, "hidden", "step").axes[0]
    (median,) = axes.lines
    np.testing.assert_array_equal(
        median.get_xydata(), np.column_stack([[0, 5, 10], quantiles[:, 2]])
    )
    wide, narrow = (band.get_paths()[0].vertices[:, 1] for band in axes.collections)
    assert (wide.min(), wide.max()) == (quantiles[:, 0].min(), quantiles[:, 4].max())
    assert (narrow.min(), narrow.max()) == (quantiles[:, 1].min(), quantiles[:, 3].max())
    assert axes.get_xlabel() == "step"

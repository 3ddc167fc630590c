"""Planes through points of many features."""

import numpy as np
import pytest
from sklearn.decomposition import PCA

from normlayers.tracking.plane import plane_through, principal_plane

X = np.random.default_rng(0).normal(size=(40, 6)) * [5, 3, 1, 1, 0.5, 0.1] + 2


def test_the_principal_plane_is_that_of_scikit_learn():
    plane, pca = principal_plane(X), PCA(2).fit(X)
    np.testing.assert_allclose(np.abs(plane.axes @ pca.components_.T), np.eye(2), atol=1e-9)
    np.testing.assert_allclose(np.abs(plane.project(X)), np.abs(pca.transform(X)), atol=1e-9)
    assert f"{pca.explained_variance_ratio_[0]:.0%}" in plane.axis_labels[0]


@pytest.mark.parametrize("shape", [(2, 5), (5, 2), (7, 300), (300, 7), (3, 3)])
def test_fewer_points_or_fewer_features(shape):
    x = np.random.default_rng(1).normal(size=shape)
    if shape[0] == 2:
        with pytest.raises(ValueError, match="not on one line"):
            principal_plane(x)
        return
    plane, pca = principal_plane(x), PCA(2).fit(x)
    np.testing.assert_allclose(np.abs(plane.axes @ pca.components_.T), np.eye(2), atol=1e-7)
    np.testing.assert_allclose(plane.axes @ plane.axes.T, np.eye(2), atol=1e-12)
    assert (plane.axes[[0, 1], np.abs(plane.axes).argmax(axis=1)] > 0).all()


def test_a_plane_goes_through_its_three_points():
    plane = plane_through(X, [3, 7, -1])
    three = X[[3, 7, -1]]
    np.testing.assert_allclose(plane.lift(plane.project(three)), three, atol=1e-12)
    np.testing.assert_allclose(plane.axes @ plane.axes.T, np.eye(2), atol=1e-12)
    assert plane.project(three)[0].tolist() == [0, 0]
    assert plane.project(three)[1, 1] == pytest.approx(0)


def test_points_on_a_line_have_no_plane():
    for features in (3, 30):
        line = np.outer(np.arange(5.0), np.arange(1.0, 1 + features))
        for make in (principal_plane, lambda x: plane_through(x, [0, 1, 2])):
            with pytest.raises(ValueError, match="not on one line"):
                make(line)
    with pytest.raises(ValueError, match="not on one line"):
        principal_plane(np.ones((5, 3)))
    with pytest.raises(ValueError, match="not on one line"):
        principal_plane(np.arange(5.0)[:, np.newaxis])
    with pytest.raises(ValueError, match="not on one line"):
        plane_through(X, [1, 1, 2])

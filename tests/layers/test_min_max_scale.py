"""MinMaxScale against scikit-learn's and by hand."""

import numpy as np
import pytest
from sklearn.preprocessing import MinMaxScaler

import normlayers as nl
from tests.layers.called import output

X = (np.random.default_rng(0).normal(size=(50, 3)) * [1, 10, 0.1] + [0, 9, -5]).astype("float32")


def adapted(x=X, **options):
    layer = nl.MinMaxScale(**options)
    layer.adapt(x)
    return layer


@pytest.mark.parametrize("feature_range", [(0, 1), (-1, 1), (-3.5, 2.0)])
@pytest.mark.parametrize("clip", [False, True])
def test_agrees_with_scikit_learn(feature_range, clip):
    theirs = MinMaxScaler(feature_range=feature_range, clip=clip).fit(X)
    ours = adapted(feature_range=feature_range, clip=clip)
    beyond = X * 1.5
    np.testing.assert_allclose(output(ours, beyond), theirs.transform(beyond), atol=2e-5)


@pytest.mark.parametrize("feature_range", [(0, 1), (-1, 1)])
def test_invert_takes_the_values_back(feature_range):
    scaled = output(adapted(feature_range=feature_range), X)
    inverted = adapted(feature_range=feature_range, invert=True)
    np.testing.assert_allclose(output(inverted, scaled), X, rtol=1e-4, atol=1e-4)
    clipped = adapted(feature_range=feature_range, invert=True, clip=True)
    np.testing.assert_allclose(output(clipped, scaled + 9)[0], X.max(axis=0), rtol=1e-5)


@pytest.mark.parametrize("axis", [-1, 1, (1, 2), None])
def test_any_axes(axis):
    x = np.random.default_rng(1).normal(size=(20, 4, 3)).astype("float32")
    kept = () if axis is None else axis if isinstance(axis, tuple) else (axis % 3,)
    over = tuple(a for a in range(3) if a not in kept)
    low, high = x.min(axis=over, keepdims=True), x.max(axis=over, keepdims=True)
    np.testing.assert_allclose(
        output(adapted(x, axis=axis), x), (x - low) / (high - low), atol=1e-6
    )


def test_constant_feature_goes_to_the_low_end():
    x = np.full((4, 1), 7.0, "float32")
    assert output(adapted(x, feature_range=(-1, 1)), x).tolist() == [[-1.0]] * 4


def test_given_extrema():
    layer = nl.MinMaxScale(minimum=0.0, maximum=[1.0, 10.0, 100.0])
    assert output(layer, np.ones((1, 3), "float32")) == pytest.approx(np.array([[1, 0.1, 0.01]]))
    assert layer.maximum.tolist() == [[1, 10, 100]]
    copy = nl.MinMaxScale.from_config(layer.get_config())
    assert copy.get_config() == layer.get_config()


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"feature_range": (1, 0)}, "low under high"),
        ({"feature_range": (0, 0)}, "low under high"),
        ({"feature_range": (0, 1, 2)}, "low under high"),
        ({"feature_range": (0, np.inf)}, "low under high"),
        ({"feature_range": ("a", "b")}, "low under high"),
        ({"clip": "False"}, "clip must be True or False. Received: clip='False'"),
        ({"invert": "yes"}, "invert must be True or False"),
        ({"minimum": 0.0}, "given together"),
        ({"maximum": 0.0}, "given together"),
        ({"minimum": 2.0, "maximum": 1.0}, "not over maximum"),
        ({"minimum": np.nan, "maximum": 1.0}, "must be finite"),
        ({"missing": "drop"}, "missing must be"),
        ({"axis": (1, 1)}, "twice"),
    ],
)
def test_refuses_impossible_arguments(options, says):
    with pytest.raises(ValueError, match=says):
        nl.MinMaxScale(**options)


def test_nan_is_refused_or_left_out():
    x = X.copy()
    x[3, 1] = np.nan
    with pytest.raises(ValueError, match=r"MinMaxScale.adapt\(\): feature 1 has 1 NaN"):
        adapted(x)
    np.testing.assert_allclose(adapted(x, missing="ignore").minimum[0], np.nanmin(x, axis=0))

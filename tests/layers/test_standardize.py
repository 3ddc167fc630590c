"""Standardize against NumPy, Keras's Normalization, and save and load."""

import threading
import warnings

import keras
import numpy as np
import pytest

import normlayers as nl
from tests.layers.called import output
from tests.python_process import run_python

RNG = np.random.default_rng(0)
X = (RNG.normal(size=(100, 3)) * [1, 10, 0.1] + [0, 100, -5]).astype("float32")


def adapted(x=X, **options):
    layer = nl.Standardize(**options)
    layer.adapt(x)
    return layer


def test_outputs_have_mean_0_and_standard_deviation_1():
    y = output(adapted(), X).astype(float)
    np.testing.assert_allclose(y.mean(axis=0), 0, atol=1e-5)
    np.testing.assert_allclose(y.std(axis=0), 1, rtol=1e-5)


@pytest.mark.parametrize("axis", [-1, 1, 2, (1, 2), (2, 1), None])
@pytest.mark.parametrize("invert", [False, True])
def test_agrees_with_keras_on_any_axes(axis, invert):
    x = RNG.normal(loc=3, scale=2, size=(40, 5, 4)).astype("float32")
    ours, keras_own = (
        kind(axis=axis, invert=invert) for kind in (nl.Standardize, keras.layers.Normalization)
    )
    ours.adapt(x)
    keras_own.adapt(x)
    np.testing.assert_allclose(output(ours, x), output(keras_own, x), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("axis", "mean", "variance"),
    [(-1, 3.0, 4.0), (-1, [1.0, 2.0, 3.0], [4.0, 1.0, 9.0]), ((1, 2), [1.0, 2, 3], [1.0, 4, 9])],
)
def test_given_statistics_agree_with_keras(axis, mean, variance):
    x = RNG.normal(size=(8, 2, 3)).astype("float32")
    ours, keras_own = (
        kind(axis=axis, mean=mean, variance=variance)
        for kind in (nl.Standardize, keras.layers.Normalization)
    )
    np.testing.assert_allclose(output(ours, x), output(keras_own, x), rtol=1e-6)


def test_variance_is_right_where_the_mean_is_large_and_batches_are_small():
    """Keras's own layer is 28 % off here."""
    x = RNG.normal(loc=1e6, scale=1, size=(20_000, 2)).astype("float32")
    layer = adapted([x[row : row + 32] for row in range(0, len(x), 32)])
    np.testing.assert_allclose(layer.variance[0], x.astype(float).var(axis=0), rtol=2e-7)


def test_adapt_forgets_earlier_data():
    layer = adapted(X + 50)
    layer.adapt(X)
    np.testing.assert_allclose(layer.mean[0], X.astype(float).mean(axis=0), rtol=1e-6)
    assert layer.count == 100


def test_constant_feature_is_shifted_and_not_divided():
    x = np.column_stack([np.full(10, 7.0), np.arange(10.0)]).astype("float32")
    assert output(adapted(x), np.array([[7.01, 4.5]], "float32")) == pytest.approx(
        np.array([[0.01, 0.0]]), abs=1e-5
    )


def test_center_and_scale_can_be_left_out():
    mean, std = X.astype(float).mean(axis=0), X.astype(float).std(axis=0)
    np.testing.assert_allclose(output(adapted(center=False), X), X / std, rtol=1e-5)
    np.testing.assert_allclose(output(adapted(scale=False), X), X - mean, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("options", [{}, {"center": False}, {"scale": False}])
def test_invert_takes_the_values_back(options):
    standardized = output(adapted(**options), X)
    np.testing.assert_allclose(
        output(adapted(invert=True, **options), standardized), X, rtol=1e-4, atol=1e-4
    )


def test_ignored_nan_stays_out_of_the_statistics():
    x = X.copy()
    x[:50, 1] = np.nan
    layer = adapted(x, missing="ignore")
    np.testing.assert_allclose(layer.mean[0, 1], X[50:, 1].astype(float).mean(), rtol=1e-6)
    np.testing.assert_allclose(layer.mean[0, 0], X[:, 0].astype(float).mean(), rtol=1e-4)


@pytest.mark.parametrize(
    ("data", "error", "says"),
    [
        (np.array([[1.0, np.nan, 0.0]]), ValueError, r"Standardize.adapt\(\): feature 1 has 1 NaN"),
        (np.array([[1.0, np.inf, 0.0]]), ValueError, "infinite"),
        (np.empty((0, 3)), ValueError, "no data"),
        ([], ValueError, "no data"),
        ([[1.0, 2.0, 3.0], [1.0, 2.0]], ValueError, "rows of a nested list must have one length"),
        (X.astype(complex), TypeError, "complex"),
        (np.array([[None, 1.0, 2.0]], object), ValueError, "feature 0 has 1 NaN"),
        (np.array([[{}, 1.0, 2.0]], object), TypeError, "of type dict"),
        (np.array([["2020-01-01", "NaT", "NaT"]], "M8[s]"), ValueError, "feature 1 has 1 NaN"),
        (3, TypeError, "Received: int"),
        (np.ones((4, 2)), ValueError, "built for inputs of shape"),
        (np.ones((4, 3, 2)), ValueError, "built for inputs of shape"),
        (np.array([["a", "b", "c"]]), TypeError, "real numbers"),
        ("data.csv", TypeError, "Received: str"),
        ([X, X[:, :2]], ValueError, "Received: data of shape"),
    ],
)
def test_refused_data_leave_the_statistics_as_they_were(data, error, says):
    layer = adapted()
    before = layer.mean.copy(), layer.variance.copy(), layer.count
    with pytest.raises(error, match=says):
        layer.adapt(data)
    for kept, was in zip((layer.mean, layer.variance, layer.count), before, strict=True):
        np.testing.assert_array_equal(kept, was)


def test_a_refused_first_adapt_leaves_the_layer_unbuilt():
    layer = nl.Standardize()
    with pytest.raises(ValueError, match="NaN"):
        layer.adapt(np.array([[np.nan]]))
    assert not layer.built


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"mean": 1.0}, "given together"),
        ({"variance": 1.0}, "given together"),
        ({"mean": 0.0, "variance": -1.0}, "variance not negative"),
        ({"mean": 0.0, "variance": np.nan}, "must be finite"),
        ({"missing": "drop"}, "missing must be"),
    ],
)
def test_refuses_impossible_arguments(options, says):
    with pytest.raises(ValueError, match=says):
        nl.Standardize(**options)


def test_refuses_inputs_it_cannot_standardize():
    says = r"pass axis=None, or data, each batch of them too, of shape \(rows, features\)"
    with pytest.raises(ValueError, match=says):
        nl.Standardize().adapt(np.arange(5.0))
    for axis in ("a", 1.5, True, (1, False)):
        with pytest.raises(TypeError, match="axis must be an integer, several, or None"):
            nl.Standardize(axis=axis)
    with pytest.raises(ValueError, match="axis 3 is out of range"):
        nl.Standardize(axis=3).build((None, 2))
    with pytest.raises(ValueError, match="known length"):
        nl.Standardize().build((None, None))
    with pytest.raises(ValueError, match="fit the kept axes"):
        nl.Standardize(mean=[1.0, 2.0], variance=[1.0, 1.0]).build((None, 3))
    with pytest.raises(RuntimeError, match="was given its statistics"):
        nl.Standardize(mean=0.0, variance=1.0).adapt(X)
    with pytest.raises(RuntimeError, match=r"call .*adapt\(data\) first"):
        _ = nl.Standardize().mean


def test_says_once_that_it_has_no_statistics():
    layer = nl.Standardize(name="inputs")
    with pytest.warns(UserWarning, match=r"'inputs' has no statistics.*inputs.adapt\(data\)"):
        layer(X)
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        layer(X)
        adapted()(X)
        nl.Standardize(mean=0.0, variance=1.0)(X)


def test_statistics_of_an_adapt_while_another_thread_computes_are_kept(monkeypatch):
    """Not what that thread, which was waiting meanwhile, had computed of the earlier ones."""
    x = keras.ops.convert_to_tensor(100 * X)
    layer = adapted()
    within, go_on = threading.Event(), threading.Event()
    computed = layer._learned_parts

    def computed_slowly(*given):
        parts = computed(*given)
        if threading.current_thread() is slow:
            within.set()
            go_on.wait()
        return parts

    monkeypatch.setattr(layer, "_learned_parts", computed_slowly)
    slow = threading.Thread(target=lambda: layer(x))
    slow.start()
    within.wait()
    layer.adapt(100 * X)
    expected = output(layer, x)
    go_on.set()
    slow.join()
    np.testing.assert_array_equal(output(layer, x), expected)
    np.testing.assert_allclose(expected, output(adapted(), X), atol=1e-4)


def test_integers_are_taken_as_numbers():
    x = np.array([[1, 10], [3, 30]])
    assert output(adapted(x), x).tolist() == [[-1, -1], [1, 1]]


@pytest.mark.parametrize(
    "layer",
    [
        adapted(),
        nl.Standardize(mean=[1.0, 2, 3], variance=[1.0, 4, 9], invert=True),
        adapted(axis=None, center=False, missing="ignore"),
    ],
    ids=["adapted", "given", "options"],
)
def test_saved_model_predicts_the_same_where_it_is_loaded(layer, tmp_path):
    """In a new process, with safe mode on, no custom objects and no warning."""
    model = keras.Sequential([keras.Input((3,)), layer, keras.layers.Dense(1)])
    model.save(tmp_path / "model.keras")
    np.save(tmp_path / "x.npy", X)
    code = (
        "import warnings; warnings.simplefilter('error', UserWarning)\n"
        "import keras, numpy as np, normlayers\n"
        f"model = keras.models.load_model(r'{tmp_path / 'model.keras'}')\n"
        f"y = keras.ops.convert_to_numpy(model(np.load(r'{tmp_path / 'x.npy'}')))\n"
        f"np.save(r'{tmp_path / 'y.npy'}', y)\n"
    )
    done = run_python("-c", code)
    assert done.returncode == 0, done.stderr
    np.testing.assert_array_equal(np.load(tmp_path / "y.npy"), output(model, X))


def test_config_makes_an_equal_layer():
    layer = nl.Standardize(axis=(1, 2), mean=1.0, variance=2.0, invert=True, scale=False)
    assert nl.Standardize.from_config(layer.get_config()).get_config() == layer.get_config()


@pytest.mark.parametrize("invert", [False, True])
def test_without_a_division_the_whole_mean_is_subtracted(invert):
    """Its rounding to float32 is small beside the standard deviation, but not beside the output."""
    mean, std = 1.1, 1e3
    x = np.array([[1.0], [1.25], [1.5]], "float32") * (-1 if invert else 1)
    expected = x.astype(float) + (mean if invert else -mean)
    given = nl.Standardize(mean=mean, variance=std**2, scale=False, invert=invert)
    adapted = nl.Standardize(scale=False, invert=invert)
    adapted.adapt(np.array([[mean - std], [mean + std]]))
    for layer in (given, adapted):
        y = keras.ops.convert_to_numpy(layer(x)).astype(float)
        np.testing.assert_allclose(y, expected, rtol=2**-23)

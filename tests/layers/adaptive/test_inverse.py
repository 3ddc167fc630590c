"""``inverse()``: the layer that takes outputs back to inputs."""

import keras
import numpy as np
import pytest

import normlayers as nl

RNG = np.random.default_rng(2)
X = (RNG.normal(size=(50, 3)) * [1, 10, 0.1] + [0, 100, -5]).astype("float32")
KINDS = (nl.Standardize, nl.MinMaxScale)


def output(layer, x):
    return keras.ops.convert_to_numpy(keras.ops.cast(layer(x), "float32"))


def adapted(kind, x=X, **options):
    layer = kind(**options)
    layer.adapt(x)
    return layer


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("dtype", "digits"),
    [("float32", 1e-6), ("float64", 1e-6), ("float16", 2e-3), ("bfloat16", 2e-2)],
)
def test_there_and_back(kind, dtype, digits):
    layer = adapted(kind, dtype=dtype)
    back = layer.inverse()
    assert back.invert
    assert back.name == f"{layer.name}_inverse"
    np.testing.assert_allclose(output(back, layer(X)), X, rtol=digits, atol=digits)
    assert back.compute_dtype == ("float64" if dtype == "float64" else "float32")
    again = back.inverse()
    np.testing.assert_allclose(output(again, X), output(layer, X), rtol=digits, atol=digits)
    as_wide = adapted(kind, dtype=back.compute_dtype)
    np.testing.assert_array_equal(output(again, X), output(as_wide, X))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("policy", ["float16", "mixed_float16", "mixed_bfloat16"])
def test_an_inverse_holds_every_unit(kind, policy):
    """What float16 ends at is less than a house costs; bfloat16 has three digits."""
    prices = (300_000 + 80_000 * RNG.normal(size=(60, 1))).astype("float32")
    scaled = output(adapted(kind, prices), prices)
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        layer = adapted(kind, prices)
        inverting = [layer.inverse(), kind(invert=True)]
    finally:
        keras.config.set_dtype_policy(before)
    inverting[1].adapt(prices)
    for inverse in inverting:
        assert keras.backend.standardize_dtype(inverse(scaled).dtype) == "float32"
        np.testing.assert_allclose(output(inverse, scaled), prices, rtol=1e-5)
        copy = type(inverse).from_config(inverse.get_config())
        assert copy.compute_dtype == "float32"
    told = kind(invert=True, dtype="float16")
    assert told.compute_dtype == "float16"
    assert adapted(kind, prices, dtype="float64").inverse().compute_dtype == "float64"


def given(kind):
    low, high = X.min(axis=0), X.max(axis=0)
    if kind is nl.Standardize:
        return kind(mean=low, variance=high - low)
    return kind(minimum=low, maximum=high, feature_range=(-1, 1))


@pytest.mark.parametrize("kind", KINDS)
def test_of_given_statistics_before_and_after_they_are_built(kind):
    layer = given(kind)
    before = layer.inverse()
    y = layer(X)
    for back in (before, layer.inverse()):
        assert not back.weights
        np.testing.assert_allclose(output(back, y), X, rtol=1e-6, atol=1e-6)


def test_options_are_kept():
    layer = adapted(nl.Standardize, axis=None, center=False, missing="ignore")
    back = layer.inverse()
    np.testing.assert_allclose(output(back, X), X * np.sqrt(layer.variance), rtol=1e-6)
    assert back.missing == "ignore"
    assert back.count == 50


def test_what_clip_cut_off_does_not_come_back():
    layer = adapted(nl.MinMaxScale, clip=True)
    outside = np.concatenate([X, X[:1] + 1000])
    expected = np.concatenate([X, X.max(axis=0)[None]])
    np.testing.assert_allclose(output(layer.inverse(), layer(outside)), expected, rtol=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_in_a_model_that_is_saved_and_loaded(kind, tmp_path):
    layer = adapted(kind, name="scale")
    inputs = keras.Input((3,))
    model = keras.Model(inputs, layer.inverse()(layer(inputs)))
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(output(loaded, X), X, rtol=1e-6, atol=1e-6)
    from_file = loaded.get_layer("scale").inverse()
    np.testing.assert_allclose(output(from_file, layer(X)), X, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("kind", KINDS)
def test_later_data_do_not_change_it(kind):
    layer = adapted(kind)
    back, y = layer.inverse(), layer(X)
    layer.adapt(X * 2 + 1)
    np.testing.assert_allclose(output(back, y), X, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("kind", KINDS)
def test_without_statistics_there_is_none(kind):
    with pytest.raises(RuntimeError, match=r"has no statistics yet; call .*adapt"):
        kind().inverse()


@pytest.mark.parametrize("kind", KINDS)
def test_a_layer_and_its_inverse_are_trained_in_one_model(kind):
    """JAX gives up a trained model's arrays, and refuses to do so twice."""
    layer = adapted(kind)
    model = keras.Sequential([keras.Input((3,)), layer, keras.layers.Dense(3), layer.inverse()])
    model.compile("sgd", "mse")
    model.fit(X, X, epochs=2, verbose=0)
    np.testing.assert_allclose(output(layer.inverse(), layer(X)), X, rtol=1e-6, atol=1e-6)

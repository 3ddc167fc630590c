"""Weights and what was counted cannot disagree; all that counting needs is saved.

Covers too: weight_versions.py.
"""

import json
import zipfile
from fractions import Fraction
from pathlib import Path

import keras
import numpy as np
import pytest

import normlayers as nl
from normlayers.layers.learned_weights import Learned, learned_of, weights_of
from tests.layers.called import output
from tests.layers.test_adaptive_layers import KINDS, SECONDS, X, adapted, statistics

TEN = np.arange(10.0).reshape(-1, 1)
LATER = 100 + TEN


def close(ours, expected, rtol=1e-6):
    for one, other in zip(statistics(ours), statistics(expected), strict=True):
        np.testing.assert_allclose(one, other, rtol=rtol)


def with_weights_of(other, kind, before=None):
    layer = kind()
    if before is None:
        layer.build((None, 1))
    else:
        layer.adapt(before)
    layer.set_weights(other.get_weights())
    return layer


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("before", [None, LATER * 50], ids=["new", "adapted"])
@pytest.mark.parametrize("called", [False, True])
def test_counting_goes_on_from_weights_that_were_set(kind, before, called):
    layer = with_weights_of(adapted(kind, TEN), kind, before)
    if called:
        layer(TEN)
    close(layer, adapted(kind, TEN))
    layer.update_state(LATER)
    layer.finalize_state()
    close(layer, adapted(kind, np.concatenate([TEN, LATER])))
    assert layer.count == 20


@pytest.mark.parametrize("kind", KINDS)
def test_a_layer_whose_weights_were_set_can_be_merged(kind):
    for before in (None, LATER * 50):
        whole = adapted(kind, LATER)
        whole.merge_state(with_weights_of(adapted(kind, TEN), kind, before))
        whole.finalize_state()
        close(whole, adapted(kind, np.concatenate([TEN, LATER])))


@pytest.mark.parametrize("kind", KINDS)
def test_what_was_counted_before_the_weights_were_set_is_forgotten(kind):
    layer = adapted(kind, LATER)
    layer.update_state(LATER * 3)
    layer.set_weights(adapted(kind, TEN).get_weights())
    layer.finalize_state()
    close(layer, adapted(kind, TEN))
    unbuilt = kind()
    unbuilt.update_state(LATER)
    unbuilt.build((None, 1))
    unbuilt.set_weights(adapted(kind, TEN).get_weights())
    unbuilt.update_state(LATER)
    unbuilt.finalize_state()
    close(unbuilt, adapted(kind, np.concatenate([TEN, LATER])))


@pytest.mark.parametrize("kind", KINDS)
def test_reset_and_weights_set_after_it(kind):
    layer = adapted(kind, LATER)
    layer.reset_state()
    layer.set_weights(adapted(kind, TEN).get_weights())
    layer.update_state(LATER)
    layer.finalize_state()
    close(layer, adapted(kind, np.concatenate([TEN, LATER])))


@pytest.mark.parametrize("kind", KINDS)
def test_timestamps_set_over_an_adapted_layer(kind):
    times = adapted(kind, SECONDS)
    layer = adapted(kind, np.arange(10).reshape(-1, 1))
    x = SECONDS.astype("int32")
    layer(x)
    layer.set_weights(times.get_weights())
    np.testing.assert_array_equal(output(layer, x), output(times, x))
    assert len(np.unique(output(layer, x))) == len(x)


@pytest.mark.parametrize("kind", KINDS)
def test_one_weight_set_alone_leaves_nothing_of_the_old_behind(kind):
    layer, x = adapted(kind, SECONDS), np.array([[12.0], [14.0]], "float32")
    layer.weights[0].assign([10.0])
    layer.weights[1].assign([4.0])
    expected = [[1.0], [2.0]] if kind is nl.Standardize else [[0.5], [1.0]]
    for y in (output(layer, x), compiled(layer).predict(x, verbose=0)):
        np.testing.assert_array_equal(y, expected)
    location, spread = layer.statistics()
    assert (location.item(), spread.item()) == (10.0, 4.0)


def compiled(layer, dtype="float32"):
    inputs = keras.Input((1,), dtype=dtype)
    return keras.Model(inputs, layer(inputs))


@pytest.mark.parametrize("kind", KINDS)
def test_adapted_again_under_a_compiled_model(kind):
    """From data that need no residual to data that do, and back; the model is not compiled anew."""
    small = np.arange(32, dtype="int32").reshape(-1, 1)
    layer = adapted(kind, small)
    model, x = compiled(layer, "int32"), SECONDS[:32].astype("int32")
    first = model.predict(small, verbose=0)
    later = SECONDS + 100  # of which no statistic is a float32
    layer.adapt(later)
    expected = output(adapted(kind, later), x)
    np.testing.assert_allclose(model.predict(x, verbose=0), expected, atol=3e-7)
    layer.adapt(small)
    np.testing.assert_allclose(model.predict(small, verbose=0), first, atol=1e-7)


@pytest.mark.parametrize("kind", KINDS)
def test_the_total_weight_is_saved(kind, tmp_path):
    layer = kind()
    layer.adapt(X, sample_weight=np.full(60, 10 / 3))
    model = keras.Sequential([keras.Input((3,)), layer])
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras").layers[0]
    for counting in (layer, loaded):
        counting.update_state(X[:1] + 50, sample_weight=[1.0])
        counting.finalize_state()
    close(loaded, layer)
    if kind is nl.Standardize:
        mean = (X.astype(float).mean(axis=0) * 200 + X[0] + 50) / 201
        np.testing.assert_allclose(loaded.mean[0], mean, rtol=1e-6)


@pytest.mark.parametrize("kind", KINDS)
def test_the_number_of_values_that_were_not_missing_is_saved(kind, tmp_path):
    x = np.where(np.arange(60)[:, None] < [[60, 5, 30]], X, np.nan)
    model = keras.Sequential([keras.Input((3,)), adapted(kind, x, missing="ignore")])
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras").layers[0]
    loaded.update_state(X + 9)
    loaded.finalize_state()
    close(loaded, adapted(kind, np.concatenate([x, X + 9]), missing="ignore"))


def test_statistics_come_back_to_more_digits_than_float32_has(tmp_path):
    model = keras.Sequential([keras.Input((3,)), adapted(nl.Standardize)])
    model.save_weights(tmp_path / "model.weights.h5")
    other = keras.Sequential([keras.Input((3,)), nl.Standardize()])
    other.load_weights(tmp_path / "model.weights.h5")
    np.testing.assert_allclose(other.layers[0].variance[0], X.astype(float).var(axis=0), rtol=1e-12)
    assert other.layers[0].get_weights()[0].tolist() == model.layers[0].get_weights()[0].tolist()


def test_numbers_are_held_to_48_bits():
    learned = Learned(np.array([1.7e9 + 0.3]), np.array([np.pi]), np.array([200.0]), 3 * 10**12 + 1)
    held = learned_of(*weights_of(learned, np.sqrt(learned.spread), "float32", (1,)))
    for ours, exact in zip(held[:3], learned[:3], strict=True):
        exact = Fraction(float(exact[0]))
        assert abs(Fraction(float(ours[0])) - exact) <= exact * Fraction(1, 2**48)
    assert held.rows == learned.rows


# Written by version 0.1.0 of before the weight ``exact``: adapted to 3 columns, 0..9, and
# 1,700,000,000 + 0..9, and 7; of MinMaxScale likewise.
EARLIER = Path(__file__).parent / "saved_earlier"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("file", ["keras", "weights.h5"])
def test_files_of_before_still_load(kind, file):
    x = np.column_stack([np.arange(10.0), 1_700_000_000 + np.arange(10.0), np.full(10, 7.0)])
    path = EARLIER / f"{kind.__name__}.{file}"
    if file == "keras":
        layer = keras.models.load_model(path).layers[-1]
        assert "exact" not in json.dumps(zipfile.ZipFile(path).read("config.json").decode())
    else:
        model = keras.Sequential([keras.Input((3,), dtype="float32"), kind(name="old")])
        model.load_weights(path)
        layer = model.layers[-1]
    close(layer, adapted(kind, x))
    np.testing.assert_allclose(
        output(layer, x.astype("int32")), output(adapted(kind, x), x.astype("int32")), atol=1e-6
    )
    layer.update_state(x + 5)
    layer.finalize_state()
    close(layer, adapted(kind, np.concatenate([x, x + 5])))


@pytest.mark.parametrize("kind", KINDS)
def test_weights_for_a_layer_that_is_not_built(kind, tmp_path):
    weights = adapted(kind).get_weights()
    with pytest.raises(ValueError, match=r"'inputs' is not built.*inputs.build\(\(None, features"):
        kind(name="inputs").set_weights(weights)
    model = keras.Sequential([keras.Input((3,)), adapted(kind)])
    model.save_weights(tmp_path / "model.weights.h5")
    with pytest.raises(ValueError, match="not yet been built"):  # Keras's own
        keras.Sequential([kind(name="inputs")]).load_weights(tmp_path / "model.weights.h5")

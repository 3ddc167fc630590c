"""Weights and masks: whole or in batches, whatever the data come in."""

import numpy as np
import pytest

import normlayers as nl

RNG = np.random.default_rng(1)
X = RNG.normal(size=(12, 2)).astype("float32")
WEIGHT = RNG.integers(0, 4, size=12)
SEQUENCES = RNG.normal(size=(6, 4, 2)).astype("float32")
MASK = RNG.random((6, 4)) < 0.6


def generator(rows=5):
    return (X[start : start + rows] for start in range(0, 12, rows))


def dataset():
    return pytest.importorskip("tensorflow").data.Dataset.from_tensor_slices(X).batch(5)


@pytest.mark.parametrize(
    "data",
    [lambda: X, lambda: [X[:7], X[7:]], generator, dataset, lambda: X.tolist()],
    ids=["whole", "list", "generator", "tf.data", "nested list"],
)
@pytest.mark.parametrize("make", [np.asarray, list, lambda w: w[:, None].astype(float)])
def test_one_array_of_weights_for_any_source(data, make):
    layer = nl.Standardize()
    layer.adapt(data(), sample_weight=make(WEIGHT))
    repeated = np.repeat(X, WEIGHT, axis=0).astype(float)
    np.testing.assert_allclose(layer.mean.ravel(), repeated.mean(axis=0), rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(layer.variance.ravel(), repeated.var(axis=0), rtol=1e-5)


@pytest.mark.parametrize("shape", [(6, 4), (6, 4, 1)])
@pytest.mark.parametrize("in_batches", [False, True])
def test_one_mask_for_rows_and_timesteps(shape, in_batches):
    layer = nl.MinMaxScale()
    data = [SEQUENCES[:2], SEQUENCES[2:]] if in_batches else SEQUENCES
    layer.adapt(data, mask=MASK.reshape(shape))
    np.testing.assert_array_equal(layer.minimum.ravel(), SEQUENCES[MASK].min(axis=0))
    by_hand = nl.MinMaxScale()
    by_hand.update_state(SEQUENCES, mask=MASK.reshape(shape))
    by_hand.finalize_state()
    np.testing.assert_array_equal(by_hand.minimum, layer.minimum)


def test_batches_of_weights_may_be_lists():
    layer = nl.Standardize()
    layer.adapt([X[:2], X[2:5]], sample_weight=[[1, 2], [0, 1, 3]])
    exact = np.average(X[:5].astype(float), axis=0, weights=[1, 2, 0, 1, 3])
    np.testing.assert_allclose(layer.mean.ravel(), exact, rtol=1e-5)


@pytest.mark.parametrize("data", [lambda: X, generator])
@pytest.mark.parametrize(
    ("rows", "says"),
    [(11, "end before the data. Received: weights of 11 rows, data of 12"), (13, "more weights")],
)
def test_one_array_must_have_the_datas_rows(data, rows, says):
    layer = nl.Standardize()
    with pytest.raises(ValueError, match=rf"Standardize.adapt\(\): .*{says}"):
        layer.adapt(data(), sample_weight=np.ones(rows))
    assert not layer.built


def test_where_not_all_batches_are_read_there_may_be_more_weights():
    layer = nl.Standardize()
    layer.adapt(X, batch_size=4, steps=2, sample_weight=WEIGHT + 1)
    expected = np.average(X[:8].astype(float), axis=0, weights=WEIGHT[:8] + 1)
    np.testing.assert_allclose(layer.mean.ravel(), expected, rtol=1e-5)


@pytest.mark.parametrize("rows", [4, 12])
def test_weights_in_a_data_set_of_batches_are_not_taken_for_rows(rows):
    """Twelve rows of twelve features too, where they would fit either way."""
    tf = pytest.importorskip("tensorflow")
    data = RNG.normal(size=(12, 12))
    weights = tf.data.Dataset.from_tensor_slices(WEIGHT.astype(float)).batch(rows)
    layer = nl.Standardize()
    layer.adapt(tf.data.Dataset.from_tensor_slices(data).batch(rows), sample_weight=weights)
    exact = np.average(data, axis=0, weights=WEIGHT)
    np.testing.assert_allclose(layer.mean.ravel(), exact, rtol=1e-5, atol=1e-6)


def test_weights_in_a_data_set_of_rows_fit_whatever_batches():
    tf = pytest.importorskip("tensorflow")
    weights = tf.data.Dataset.from_tensor_slices(WEIGHT.astype(float))
    layer = nl.Standardize()
    layer.adapt(generator(), sample_weight=weights)
    exact = np.average(X.astype(float), axis=0, weights=WEIGHT)
    np.testing.assert_allclose(layer.mean.ravel(), exact, rtol=1e-5, atol=1e-6)


def test_a_generator_of_lists_of_weights():
    layer = nl.Standardize()
    layer.adapt(generator(), sample_weight=(WEIGHT[i : i + 5].tolist() for i in (0, 5, 10)))
    exact = np.average(X.astype(float), axis=0, weights=WEIGHT)
    np.testing.assert_allclose(layer.mean.ravel(), exact, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("weights", [np.ones(1), np.ones(3), np.ones((5, 1, 2))])
def test_weights_that_fit_no_batch_are_refused_however_small_it_is(weights):
    layer = nl.Standardize()
    layer.adapt(X)
    with pytest.raises(ValueError, match=r"weights must have the data's shape .* Received"):
        layer.adapt([X[:5], X[5:10]], sample_weight=[np.ones(5), weights])
    with pytest.raises(ValueError, match=r"weights must have the data's shape .* Received"):
        layer.adapt([SEQUENCES[:5]], mask=[np.ones((1, 4), bool)])
    assert np.max(layer.count) == 12  # as before

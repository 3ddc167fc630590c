"""What Standardize and MinMaxScale share, on every backend.

Covers too: adaptive_layer.py, scaling_layer.py, statistics_layer.py.
"""

import keras
import numpy as np
import pytest

import normlayers as nl
from normlayers.layers.learned_weights import Learned
from tests.layers.called import output

BACKEND = keras.backend.backend()
RNG = np.random.default_rng(0)
X = (RNG.normal(size=(60, 3)) * [1, 10, 0.1] + [0, 100, -5]).astype("float32")
KINDS = (nl.Standardize, nl.MinMaxScale)
# A day of Unix time, a second from one to the next; the same float32 for minutes on end.
SECONDS = 1_700_000_000 + np.arange(86_400).reshape(-1, 1)


def adapted(kind, x=X, **options):
    layer = kind(**options)
    layer.adapt(x)
    return layer


def statistics(layer):
    names = ("mean", "variance") if isinstance(layer, nl.Standardize) else ("minimum", "maximum")
    return [getattr(layer, name) for name in (*names, "count")]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dtype", ["int64", "int32", "float64"])
def test_timestamps_a_second_apart_come_out_distinct(kind, dtype):
    if BACKEND == "jax" and dtype == "float64":
        pytest.skip("JAX rounds float64 inputs before a layer receives them")
    x = SECONDS.astype(dtype)
    layer = adapted(kind, x)
    inputs = keras.Input((1,), dtype="int32" if BACKEND == "jax" else dtype)
    for y in (output(layer, x), output(keras.Model(inputs, layer(inputs)), x)):
        assert y.dtype == np.float32
        assert len(np.unique(y)) == len(x)
        exact = x.astype(float)
        if kind is nl.Standardize:
            expected = (exact - exact.mean()) / exact.std()
        else:
            expected = (exact - exact.min()) / np.ptp(exact)
        np.testing.assert_allclose(y, expected, atol=3e-7)


def test_float32_inputs_are_centred_on_more_than_a_float32_mean():
    x = (16_384 + RNG.integers(0, 8, size=(1000, 1)) / 1024).astype("float32")
    y = output(adapted(nl.Standardize, x), x)
    exact = x.astype(float)
    np.testing.assert_allclose(y, (exact - exact.mean()) / exact.std(), atol=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_batch_by_batch_and_shard_by_shard_is_as_all_at_once(kind):
    whole, running, shard = adapted(kind), kind(), kind()
    for row in range(0, 30, 7):
        running.update_state(X[row : min(row + 7, 30)])
    shard.update_state(X[30:])
    running.merge_state([shard])
    running.finalize_state()
    for ours, at_once in zip(statistics(running), statistics(whole), strict=True):
        np.testing.assert_allclose(ours, at_once, rtol=1e-6)
    running.reset_state()
    running.update_state(X[:5])
    np.testing.assert_allclose(statistics(running)[0], statistics(whole)[0], rtol=1e-6)
    running.finalize_state()
    np.testing.assert_allclose(
        statistics(running)[0], statistics(adapted(kind, X[:5]))[0], rtol=1e-6
    )


@pytest.mark.parametrize("kind", KINDS)
def test_masked_timesteps_do_not_count(kind):
    x = RNG.normal(size=(8, 5, 2)).astype("float32")
    mask = RNG.random((8, 5)) < 0.7
    x[~mask] = np.nan
    whole = adapted(kind, x[mask])
    at_once, in_batches = kind(), kind()
    at_once.adapt(x, mask=mask)
    in_batches.adapt([x[:3], x[3:]], mask=[mask[:3], mask[3:]])
    for layer in (at_once, in_batches):
        for ours, expected in zip(statistics(layer)[:2], statistics(whole)[:2], strict=True):
            np.testing.assert_allclose(ours[0], expected, rtol=1e-6)


def test_sample_weights_count_as_repetitions():
    weight = RNG.integers(0, 4, size=60)
    repeated = np.repeat(X, weight, axis=0).astype(float)
    for weights in (weight, weight.tolist()):
        layer = nl.Standardize()
        layer.adapt(X, sample_weight=weights, batch_size=13)
        np.testing.assert_allclose(layer.variance[0], repeated.var(axis=0), rtol=1e-6)
    sequences = RNG.normal(size=(4, 3, 2)).astype("float32")
    layer = nl.Standardize()
    layer.adapt(sequences, sample_weight=[1.0, 0.0, 2.0, 1.0], mask=np.eye(4, 3, dtype=bool))
    expected = (sequences[0, 0] + 2 * sequences[2, 2]) / 3
    np.testing.assert_allclose(layer.mean[0, 0], expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("options", "error", "says"),
    [
        ({"sample_weight": np.ones(7)}, ValueError, "weights"),
        ({"sample_weight": -np.ones(60)}, ValueError, "not negative"),
        ({"mask": np.ones((60, 2), bool)}, ValueError, "weights must have the data's shape"),
        ({"sample_weight": np.ones(90)}, ValueError, "weights"),
        ({"sample_weight": np.ones(60), "mask": np.ones(9, bool)}, ValueError, "agree|weights"),
        ({"sample_weight": np.zeros(60)}, ValueError, "no data"),
        ({"steps": 0}, ValueError, "steps must be a positive integer"),
        ({"batch_size": 0}, ValueError, "batch_size must be a positive integer"),
        ({"batch_size": 1.5}, ValueError, "Received: batch_size=1.5"),
    ],
)
def test_weights_that_do_not_fit_are_refused(options, error, says):
    layer = adapted(nl.Standardize)
    before = layer.mean.copy()
    with pytest.raises(error, match=rf"Standardize.adapt\(\): .*({says})"):
        layer.adapt(X + 1, **options)
    np.testing.assert_array_equal(layer.mean, before)


def test_batches_and_their_weights_must_be_as_many():
    for weights in ([np.ones(30)], [np.ones(30)] * 3):
        with pytest.raises(ValueError, match=r"end before the data|more weights than data"):
            nl.Standardize().adapt([X[:30], X[30:]], sample_weight=weights)


@pytest.mark.parametrize("kind", KINDS)
def test_a_source_that_raises_half_way_leaves_the_layer_as_it_was(kind):
    def failing():
        yield X + 9
        raise OSError("the disk is gone")

    layer = adapted(kind)
    before = [np.copy(entry) for entry in statistics(layer)]
    for data, error in ((failing(), OSError), (iter([]), ValueError), ([X, X[:, :2]], ValueError)):
        with pytest.raises(error):
            layer.adapt(data)
        for kept, was in zip(statistics(layer), before, strict=True):
            np.testing.assert_array_equal(kept, was)


@pytest.mark.parametrize("kind", KINDS)
def test_states_are_refused_where_they_make_no_sense(kind):
    layer = kind()
    layer.reset_state()
    with pytest.raises(ValueError, match="no data"):
        layer.finalize_state()
    layer.update_state(X)
    with pytest.raises(ValueError, match=r"update_state\(\): .*same features"):
        layer.update_state(X[:, :2])
    other = next(k for k in KINDS if k is not kind)()
    with pytest.raises(TypeError, match=r"only a .* can be merged"):
        layer.merge_state([other])
    narrow = kind()
    narrow.update_state(X[:, :2])
    with pytest.raises(ValueError, match="same features"):
        layer.merge_state([narrow])
    layer.finalize_state()
    np.testing.assert_allclose(statistics(layer)[0], statistics(adapted(kind))[0], rtol=1e-6)


def test_what_was_counted_before_the_layer_was_built_for_others_is_refused():
    layer = nl.Standardize()
    layer.update_state(np.ones((6, 3)))
    layer.build((None, 5))
    with pytest.raises(ValueError, match=r"finalize_state\(\): .*built for inputs of shape"):
        layer.finalize_state()


def test_counts_beyond_32_bits():
    layer = adapted(nl.Standardize)
    layer.set_statistics(Learned(np.zeros(3), np.ones(3), np.ones(3), 3_000_000_000_000))
    assert layer.count == 3_000_000_000_000


def test_takes_over_from_keras_own_layer():
    theirs = keras.layers.Normalization()
    theirs.adapt(X)
    ours = nl.Standardize(mean=theirs.mean, variance=theirs.variance)
    np.testing.assert_allclose(output(ours, X), output(theirs, X), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("invert", [False, True])
def test_in_a_tf_data_pipeline_whatever_the_backend(kind, invert):
    tf = pytest.importorskip("tensorflow")
    layer = adapted(kind, invert=invert)
    mapped = tf.data.Dataset.from_tensor_slices(X).batch(20).map(layer)
    np.testing.assert_allclose(np.concatenate(list(mapped)), output(layer, X), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_keras_masks_are_passed_through(kind):
    inputs = keras.Input((4, 2))
    masked = keras.layers.Masking()(inputs)
    assert adapted(kind, RNG.normal(size=(3, 4, 2)))(masked)._keras_mask is not None


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "mixed_float16", "float64"])
def test_other_types_compute_in_at_least_float32(kind, dtype):
    x = np.column_stack([RNG.normal(size=60) * 1e3, RNG.normal(size=60) * 1e-8]).astype("float32")
    layer = adapted(kind, x, dtype=dtype)
    y = keras.ops.convert_to_numpy(keras.ops.cast(layer(x), "float32"))
    expected = output(adapted(kind, x), x)
    coarse = {"bfloat16": 2e-2, "float64": 1e-5}.get(dtype, 2e-3)
    np.testing.assert_allclose(y, expected, atol=coarse)


def test_several_layers_in_one_pass():
    read = []

    def rows():
        for row in range(0, 60, 6):
            read.append(row)
            yield {"a": X[row : row + 6], "b": X[row : row + 6, :1]}, np.zeros(6)

    layers = {"a": nl.Standardize(), "b": nl.MinMaxScale()}
    nl.adapt(layers, rows())
    assert len(read) == 10
    np.testing.assert_allclose(layers["a"].mean, statistics(adapted(nl.Standardize))[0])
    np.testing.assert_allclose(layers["b"].maximum[0], X[:, :1].max(axis=0))
    with pytest.raises(KeyError, match="no key 'c'; they have 'a', 'b'"):
        nl.adapt({"c": nl.Standardize()}, rows())
    with pytest.raises(TypeError, match="must be dicts"):
        nl.adapt({"a": nl.Standardize()}, [X])
    with pytest.raises(TypeError, match=r"adapt\(\): the data are dicts .*normlayers.adapt"):
        nl.Standardize().adapt(rows())


def test_several_layers_are_adapted_or_none():
    layers = {"a": adapted(nl.Standardize), "b": nl.Standardize()}
    before = layers["a"].mean.copy()
    bad = X.copy()
    bad[5, 2] = np.nan
    with pytest.raises(ValueError, match=r"adapt\(\): 'b': feature 2 has 1 NaN"):
        nl.adapt(layers, {"a": X + 1, "b": bad})
    np.testing.assert_array_equal(layers["a"].mean, before)
    assert not layers["b"].built


def test_sparse_data_where_zeros_stay_zeros():
    sparse = pytest.importorskip("scipy.sparse")
    dense = np.where(RNG.random((50, 4)) < 0.2, RNG.random((50, 4)), 0.0)
    dense[:, 3] = 0
    data = sparse.csr_matrix(dense)
    np.testing.assert_allclose(
        adapted(nl.Standardize, data, center=False).variance[0], dense.var(axis=0), rtol=1e-6
    )
    np.testing.assert_allclose(
        adapted(nl.MinMaxScale, data).maximum[0], dense.max(axis=0), rtol=1e-6
    )
    with pytest.raises(ValueError, match=r"centring sparse data .*center=False"):
        nl.Standardize().adapt(data)
    with pytest.raises(ValueError, match="scaling sparse data"):
        nl.MinMaxScale(feature_range=(-1, 1)).adapt(data)
    with pytest.raises(ValueError, match="scaling sparse data"):
        nl.MinMaxScale().adapt(-data)


def test_spread_that_the_weights_cannot_hold_is_refused():
    with pytest.raises(ValueError, match=r"variance .* too large for float32.*float64"):
        nl.Standardize().adapt(np.array([[-1e30], [1e30]]))
    layer = nl.Standardize(dtype="float64")
    if BACKEND != "jax":
        layer.adapt(np.array([[-1e30], [1e30]]))
        np.testing.assert_allclose(layer.variance, [[1e60]])


@pytest.mark.parametrize(("verbose", "shown"), [(True, True), (False, False), ("auto", False)])
def test_progress_is_shown_when_asked_for(verbose, shown, capsys):
    nl.Standardize().adapt([X, X], verbose=verbose)
    nl.adapt({"a": nl.Standardize()}, {"a": X}, verbose=verbose)
    assert ("adapting" in capsys.readouterr().err) == shown


@pytest.mark.parametrize("kind", KINDS)
def test_other_features_than_adapted_to_are_refused(kind):
    with pytest.raises(ValueError, match="3"):
        adapted(kind)(X[:, :1])


@pytest.mark.parametrize("kind", KINDS)
def test_an_adapted_layer_that_was_never_called_is_fitted_with_metrics(kind):
    """Keras then traces the model's shapes first; JAX with the weights' values at hand."""
    model = keras.Sequential([keras.Input((3,)), adapted(kind), keras.layers.Dense(1, "sigmoid")])
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    history = model.fit(X, (X[:, :1] > 0).astype("float32"), verbose=0).history
    assert np.isfinite(history["loss"][0])

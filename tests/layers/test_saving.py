"""Adapted layers saved, copied, exported, and loaded on another backend.

Covers too: unfinalized.py.
"""

import copy
import importlib.util
import os
import pickle
import warnings
import zipfile

import keras
import numpy as np
import pytest

import normlayers as nl
from tests.layers.called import output
from tests.layers.test_adaptive_layers import BACKEND, KINDS, X, adapted, statistics
from tests.python_process import run_python


@pytest.mark.parametrize("kind", KINDS)
def test_counting_goes_on_after_loading(kind, tmp_path):
    model = keras.Sequential([keras.Input((3,)), adapted(kind, X[:40])])
    model.save(tmp_path / "model.keras")
    layer = keras.models.load_model(tmp_path / "model.keras").layers[0]
    layer.update_state(X[40:])
    layer.finalize_state()
    for ours, at_once in zip(statistics(layer), statistics(adapted(kind)), strict=True):
        np.testing.assert_allclose(ours, at_once, rtol=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_weights_alone_make_a_copy(kind, tmp_path):
    model = keras.Sequential([keras.Input((3,)), adapted(kind), keras.layers.Dense(2)])
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        clone = keras.models.clone_model(model)
        clone.set_weights(model.get_weights())
        np.testing.assert_allclose(output(clone, X), output(model, X), atol=3e-6)
    model.save_weights(tmp_path / "model.weights.h5")
    other = keras.models.clone_model(model)
    other.load_weights(tmp_path / "model.weights.h5")
    np.testing.assert_allclose(output(other, X), output(model, X), rtol=1e-6)
    assert statistics(other.layers[0])[2] == 60


LOADING = """
import sys, keras, numpy as np, normlayers
model = keras.models.load_model(sys.argv[1])
np.save(sys.argv[3], keras.ops.convert_to_numpy(model(np.load(sys.argv[2]))))
"""


@pytest.mark.parametrize("backend", ["tensorflow", "jax", "torch"])
def test_a_saved_model_predicts_the_same_on_every_backend(backend, tmp_path):
    if importlib.util.find_spec(backend) is None:
        pytest.skip(f"{backend} is not installed")
    inputs = keras.Input((3,))
    scaled = [adapted(kind, missing="ignore")(inputs) for kind in KINDS]
    given = nl.MinMaxScale(minimum=[0.0, 50, -6], maximum=9e3, feature_range=(-2, 3), clip=True)
    model = keras.Model(inputs, keras.layers.Concatenate()([*scaled, given(inputs)]))
    model.save(tmp_path / "model.keras")
    np.save(tmp_path / "x.npy", X)
    paths = [str(tmp_path / name) for name in ("model.keras", "x.npy", "y.npy")]
    environment = {**os.environ, "KERAS_BACKEND": backend}
    done = run_python("-c", LOADING, *paths, env=environment)
    assert done.returncode == 0, done.stderr
    np.testing.assert_allclose(np.load(tmp_path / "y.npy"), output(model, X), rtol=1e-5, atol=1e-6)


@pytest.mark.skipif(BACKEND != "tensorflow", reason="a SavedModel is TensorFlow's")
@pytest.mark.parametrize("kind", KINDS)
def test_exported_model_serves_the_same(kind, tmp_path):
    import tensorflow as tf

    model = keras.Sequential([keras.Input((3,)), adapted(kind)])
    model.export(tmp_path / "model", verbose=False)
    loaded = tf.saved_model.load(tmp_path / "model")
    np.testing.assert_allclose(loaded.serve(tf.constant(X)), output(model, X), atol=5e-7)


@pytest.mark.parametrize("kind", [nl.Standardize, nl.MinMaxScale])
def test_given_statistics_are_the_layers_own(kind, tmp_path):
    location, spread = np.array([1.0, 2.0, 3.0]), np.array([4.0, 5.0, 6.0])
    layer = kind(**dict(zip(GIVEN[kind], (location, spread), strict=True)))
    model = keras.Sequential([keras.Input((3,)), layer])
    expected = output(model, X)
    location[:], spread[:] = 50, 60
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(output(loaded, X), expected)
    np.testing.assert_array_equal(output(keras.models.clone_model(model), X), expected)


GIVEN = {nl.Standardize: ("mean", "variance"), nl.MinMaxScale: ("minimum", "maximum")}


@pytest.mark.skipif(BACKEND != "torch", reason="torch's inference mode, and its tensors' data")
@pytest.mark.parametrize("kind", KINDS)
def test_torchs_modes_and_tricks(kind):
    import torch

    model, other = (
        keras.Sequential([keras.Input((3,)), keras.layers.Dense(3), adapted(kind, data)])
        for data in (X, 3 * X + 1)
    )
    with torch.inference_mode():
        model(X)
    model.compile("sgd", "mse")
    model.fit(X, X, verbose=0)
    for set_all in (
        lambda: torch.nn.utils.vector_to_parameters(
            torch.nn.utils.parameters_to_vector(other.parameters()), model.parameters()
        ),
        lambda: [a.data.copy_(b.data) for a, b in zip(model.parameters(), other.parameters())],  # noqa: B905
    ):
        assert not np.allclose(output(model, X), output(other, X))
        set_all()
        np.testing.assert_allclose(output(model, X), output(other, X), rtol=1e-6)
        for weight in model.layers[-1].weights:
            weight.assign(weight + 1)


@pytest.mark.parametrize("set_on", ["layer", "model"])
def test_weights_that_were_set_are_statistics_in_a_compiled_call_too(set_on):
    x = np.random.default_rng(0).normal(4, 2, (20, 2)).astype("float32")
    layer = nl.Standardize()
    layer.adapt(x)
    model = keras.Sequential([keras.Input((2,)), layer])
    clone = keras.models.clone_model(model)
    if set_on == "layer":
        clone.layers[0].set_weights(layer.get_weights())
    elif keras.backend.backend() == "jax":
        pytest.skip("a program that JAX traces cannot tell what weights hold")
    else:
        clone.set_weights(model.get_weights())
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        found = clone.predict(x, verbose=0)
    np.testing.assert_array_equal(found, model.predict(x, verbose=0))


def test_a_compiled_call_without_statistics_still_warns():
    model = keras.Sequential([keras.Input((2,)), nl.Standardize(name="unadapted")])
    with pytest.warns(UserWarning, match="'unadapted' has no statistics"):
        model.predict(np.ones((4, 2)), verbose=0)


def counted_and_not_finalized(kind, **options):
    """40 rows finalized, the others not."""
    layer = adapted(kind, X[:40], **options)
    layer.update_state(X[40:])
    return layer


def saved(layer, folder):
    """Through a model's file."""
    keras.Sequential([keras.Input((3,)), layer]).save(folder / "model.keras")
    return keras.models.load_model(folder / "model.keras").layers[0]


WAYS = {
    "pickle": lambda layer, folder: pickle.loads(pickle.dumps(layer)),
    "deepcopy": lambda layer, folder: copy.deepcopy(layer),
    "copy": lambda layer, folder: copy.copy(layer),
    "file": saved,
    "pickled model": lambda layer, folder: pickle.loads(
        pickle.dumps(keras.Sequential([keras.Input((3,)), layer]))
    ).layers[0],
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("way", WAYS)
def test_what_is_counted_goes_with_the_layer_before_it_is_finalized(way, kind, tmp_path):
    layer = counted_and_not_finalized(kind)
    copied = WAYS[way](layer, tmp_path)
    assert copied.count == 40
    np.testing.assert_array_equal(output(copied, X), output(layer, X))
    layer.update_state(X + 100)  # the copy's are its own
    copied.finalize_state()
    for ours, at_once in zip(statistics(copied), statistics(adapted(kind)), strict=True):
        np.testing.assert_allclose(ours, at_once, rtol=1e-12)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("axis", [-1, None])
def test_layers_that_were_never_finalized_are_merged_from_pickles(kind, axis):
    parts = [kind(axis) for _ in range(3)]
    shards = [X[:20], X[20:40], X[40:]]
    for part, shard in zip(parts, shards, strict=True):
        part.update_state(shard)
    merged = kind(axis)
    merged.merge_state(pickle.loads(pickle.dumps(parts)))
    merged.finalize_state()
    extremes = {nl.Standardize: (np.mean, np.var), nl.MinMaxScale: (np.min, np.max)}[kind]
    for ours, function in zip(statistics(merged)[:2], extremes, strict=True):
        np.testing.assert_allclose(
            np.squeeze(ours), function(X.astype(float), axis=0 if axis else None), rtol=1e-6
        )


@pytest.mark.parametrize("kind", KINDS)
def test_counting_that_was_started_over_is_so_in_the_copy(kind):
    layer = adapted(kind)
    layer.reset_state()
    copied = pickle.loads(pickle.dumps(layer))
    assert copied.count == 60
    with pytest.raises(ValueError, match="no data"):
        copied.finalize_state()
    copied.update_state(X[:10])
    copied.finalize_state()
    assert copied.count == 10


@pytest.mark.parametrize("kind", KINDS)
def test_weights_set_after_counting_hold_in_the_copy_too(kind):
    layer = counted_and_not_finalized(kind)
    layer.set_weights(adapted(kind, X[:7]).get_weights())
    copied = pickle.loads(pickle.dumps(layer))
    copied.finalize_state()
    assert copied.count == 7


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_has_no_more_in_it_where_all_is_finalized(kind, tmp_path):
    saved(adapted(kind), tmp_path)
    names = zipfile.ZipFile(tmp_path / "model.keras").namelist()
    assert sorted(names) == ["config.json", "metadata.json", "model.weights.h5"]

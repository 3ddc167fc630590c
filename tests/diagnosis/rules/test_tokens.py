"""Tokens and their masks are no amounts."""

import keras
import numpy as np
import pytest

from tests.diagnosis.small_models import faults, found, network, points

_, Y = points()
# Of Keras's own; transformers take their tokens through the second.
TABLES = [
    getattr(keras.layers, name)
    for name in ("Embedding", "ReversibleEmbedding")
    if hasattr(keras.layers, name)
]


@pytest.mark.parametrize("kind", TABLES)
@pytest.mark.parametrize("dtype", ["int32", "float32"])
def test_integers_into_an_embedding_are_names(kind, dtype):
    x = np.random.default_rng(0).integers(0, 1000, (50, 6)).astype(dtype)
    layers = keras.layers
    model = network(kind(1000, 8), layers.Flatten(), layers.Dense(1, "sigmoid"), features=6)
    assert faults(model, x, Y[:50]) == set()


@pytest.mark.skipif(len(TABLES) < 2, reason="Keras has no ReversibleEmbedding")
def test_what_an_embedding_takes_in_reverse_is_numbers():
    inputs, table = keras.Input((6, 8)), keras.layers.ReversibleEmbedding(20, 8)
    table.build()
    model = keras.Model(inputs, table(inputs, reverse=True))
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    rng = np.random.default_rng(0)
    x, y = 1e4 * rng.normal(size=(200, 6, 8)).astype("float32"), rng.integers(0, 20, (200, 6))
    assert "inputs_not_scaled" in faults(model, x, y)


def with_mask():
    tokens, mask = keras.Input((6,), dtype="int32"), keras.Input((6,), name="mask")
    known = keras.layers.Embedding(9, 4)(tokens) * mask[..., None]
    pooled = keras.layers.GlobalAveragePooling1D()(known)
    model = keras.Model([tokens, mask], keras.layers.Dense(1, "sigmoid")(pooled))
    model.compile("adam", "binary_crossentropy")
    return model


@pytest.mark.parametrize(("value", "severity"), [(1, "note"), (0, "note"), (7, "error")])
def test_a_mask_of_all_tokens_beside_them_is_no_error(value, severity):
    tokens = np.random.default_rng(0).integers(0, 9, (200, 6))
    (finding,) = found("constant_feature", with_mask(), [tokens, 0 * tokens + value], Y)
    assert (finding.where, finding.severity) == ("mask", severity)


def test_of_inputs_that_are_all_constant_each_is_an_error():
    tokens = np.ones((200, 6), int)
    told = found("constant_feature", with_mask(), [tokens, tokens], Y)
    assert {finding.severity for finding in told} == {"error"}


def dense(features):
    layers = keras.layers
    return network(layers.Dense(8, "relu"), layers.Dense(1, "sigmoid"), features=features)


def test_numbers_of_words_that_a_dense_layer_takes():
    """A Standardize in front would make amounts of them."""
    rng = np.random.default_rng(0)
    words = rng.integers(1, 500, (200, 12))
    words[:, -3:] *= rng.random((200, 3)) < 0.4  # padding
    labels = rng.permutation(500)[words[:, 0]] % 2
    (finding,) = found("inputs_not_scaled", dense(12), words, labels)
    assert "Embedding" in finding.cure.split(". ")[0]
    assert "numbers of words" in finding.message
    (finding,) = found("targets_unrelated_to_inputs", dense(12), words, labels)
    assert "Embedding" in finding.cure
    table = words * np.geomspace(1, 9, 12).astype(int)  # each column of a range of its own
    for amounts in (table, words * 0.3, words[:, :3], words % 256, -words, words + 9_000):
        for told in found("inputs_not_scaled", dense(amounts.shape[1]), amounts, labels):
            assert "Embedding" not in told.cure

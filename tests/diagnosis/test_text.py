"""Models that read text."""

import keras
import numpy as np
import pytest

import normlayers as nl

layers = keras.layers
WORDS = np.array([["a"], ["ä"], ["b"], ["cc"]])[np.random.default_rng(0).integers(0, 4, 96)]
Y = (WORDS[:, 0] > "b").astype("int64")


def reader():
    keras.utils.set_random_seed(0)
    inputs = keras.Input((1,), dtype="string", name="word")
    numbers = layers.StringLookup(vocabulary=["a", "ä", "b", "cc"])(inputs)
    hidden = layers.Flatten()(layers.Embedding(5, 3)(numbers))
    model = keras.Model(inputs, layers.Dense(1, "sigmoid")(hidden))
    model.compile(keras.optimizers.Adam(0.1), "binary_crossentropy")
    return model


def forms():
    yield "letters", WORDS
    yield "objects", WORDS.astype(object)
    yield "bytes", np.char.encode(WORDS, "utf-8")
    yield "objects of bytes", np.char.encode(WORDS, "utf-8").astype(object)
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        yield "tensor", tf.constant(WORDS)


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="Keras reads no text there")
@pytest.mark.parametrize(("form", "x"), list(forms()))
def test_text_is_read_in_any_form(form, x):
    found = nl.diagnose(reader(), x, Y + 1)
    assert [finding.fault for finding in found] == ["labels_do_not_fit_output"]
    assert set(found.unchecked) == {"train_validation_shift", "validation_rows_in_training"}
    other = nl.diagnose(reader(), x, Y)
    assert other.findings == []
    done = nl.repair(reader(), x, Y, epochs=20, trials=1)
    assert done.after == 1

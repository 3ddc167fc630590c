"""Recalibrated statistics against float64 brute force over the concatenated data.

Covers too: gathering.py
"""

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.datasets import load_digits

import normlayers as nl
from tests.inference.models import numpy_of
from tests.inference.to_recalibrate import (
    ROWS,
    assert_statistics_are_those_of_the_inputs,
    dense_chain,
    randomized,
)

layers = keras.layers
RNG = np.random.default_rng(5)


def in_float64(x, kernels, gammas, betas, epsilon):
    """A Dense-BN-ReLU chain on whole data: the statistics, layer by layer."""
    found, x = [], x.astype(np.float64)
    for kernel, gamma, beta in zip(kernels, gammas, betas, strict=True):
        z = x @ kernel.astype(np.float64)
        found.append((z.mean(axis=0), z.var(axis=0)))
        x = np.maximum((z - found[-1][0]) / np.sqrt(found[-1][1] + epsilon) * gamma + beta, 0)
    return found


@pytest.mark.parametrize("kind", [nl.BatchNormalization, layers.BatchNormalization])
def test_against_float64(kind):
    model = dense_chain(kind)
    done = nl.recalibrate(model, ROWS, batch_size=7)
    assert (done.passes, done.rows, done.batches, done.skipped) == (3, 90, 13, {})
    normalizing = model.layers[1::3]
    assert done.layers == tuple(layer.name for layer in normalizing)
    expected = in_float64(
        ROWS,
        [numpy_of(layer.kernel) for layer in model.layers[0::3]],
        [numpy_of(layer.gamma) for layer in normalizing],
        [numpy_of(layer.beta) for layer in normalizing],
        normalizing[0].epsilon,
    )
    for layer, (mean, variance) in zip(normalizing, expected, strict=True):
        off = np.abs(numpy_of(layer.moving_mean) - mean)
        assert np.all(off <= 1e-6 * np.hypot(mean, np.sqrt(variance)))
        np.testing.assert_allclose(numpy_of(layer.moving_variance), variance, rtol=1e-6)


@settings(deadline=None, max_examples=10)
@given(cuts=st.lists(st.integers(1, 89), max_size=6, unique=True), seed=st.integers(0, 99))
def test_for_any_batching_and_order(cuts, seed):
    model = randomized(keras.Sequential([keras.Input((4,)), nl.BatchNormalization()]))
    shuffled = np.random.default_rng(seed).permutation(ROWS)
    nl.recalibrate(model, [batch for batch in np.split(shuffled, sorted(cuts)) if len(batch)])
    exact, layer = ROWS.astype(np.float64), model.layers[0]
    off = np.abs(numpy_of(layer.moving_mean) - exact.mean(axis=0))
    assert np.all(off <= 1e-6 * np.hypot(exact.mean(axis=0), exact.std(axis=0)))
    np.testing.assert_allclose(numpy_of(layer.moving_variance), exact.var(axis=0), rtol=1e-6)


def test_not_layerwise_is_one_pass_by_the_batches_own_statistics():
    model = randomized(
        keras.Sequential([keras.Input((4,)), *(nl.BatchNormalization() for _ in range(2))])
    )
    parts = np.split(ROWS, [20, 50])
    done = nl.recalibrate(model, iter(parts), layerwise=False)
    assert done.passes == 1
    first, second = model.layers
    outputs = []
    for part in parts:
        part = part.astype(np.float64)
        x_hat = (part - part.mean(axis=0)) / np.sqrt(part.var(axis=0) + first.epsilon)
        outputs.append(x_hat * numpy_of(first.gamma) + numpy_of(first.beta))
    outputs = np.concatenate(outputs)
    np.testing.assert_allclose(numpy_of(second.moving_mean), outputs.mean(axis=0), rtol=1e-5)
    np.testing.assert_allclose(numpy_of(second.moving_variance), outputs.var(axis=0), rtol=1e-5)


def test_what_is_masked_out_does_not_count():
    inputs = keras.Input((5, 2))
    x = layers.Masking(mask_value=0.0)(inputs)
    model = keras.Model(inputs, nl.BatchNormalization()(x))
    x = RNG.normal(size=(8, 5, 2)).astype("float32")
    x[:, 3:] = 0.0
    nl.recalibrate(model, x)
    exact = x[:, :3].astype(np.float64).reshape(-1, 2)
    layer = model.layers[-1]
    np.testing.assert_allclose(numpy_of(layer.moving_variance), exact.var(axis=0), rtol=1e-6)


def test_mixed_precision_and_synchronized_layers():
    inputs = keras.Input((4,))
    x = layers.Dense(4, dtype="mixed_float16")(inputs)
    kwargs = {"synchronized": True} if keras.backend.backend() != "torch" else {}
    model = randomized(
        keras.Model(inputs, nl.BatchNormalization(dtype="mixed_float16", **kwargs)(x))
    )
    nl.recalibrate(model, ROWS)
    assert_statistics_are_those_of_the_inputs(model, ROWS)


def test_frozen_layers_and_subclasses_are_skipped():
    class Custom(nl.BatchNormalization):
        pass

    frozen = nl.BatchNormalization(name="frozen", trainable=False)
    model = randomized(
        keras.Sequential([keras.Input((4,)), frozen, nl.BatchNormalization(), Custom(name="mine")])
    )
    before = [numpy_of(w) for layer in model.layers[::2] for w in layer.weights]
    done = nl.recalibrate(model, ROWS)
    assert done.skipped == {
        "frozen": "frozen: trainable=False",
        "mine": "a Custom, which may compute something else",
    }
    after = [numpy_of(w) for layer in model.layers[::2] for w in layer.weights]
    assert all(map(np.array_equal, before, after))
    inputs = numpy_of(frozen(ROWS)).astype(np.float64)
    np.testing.assert_allclose(
        numpy_of(model.layers[1].moving_variance), inputs.var(axis=0), rtol=1e-6
    )


def test_data_by_input_name_and_labelled_batches():
    a, b = keras.Input((4,), name="a"), keras.Input((4,), name="b")
    model = keras.Model({"a": a, "b": b}, nl.BatchNormalization()(layers.Add()([a, b])))
    nl.recalibrate(model, {"a": ROWS, "b": 2 * ROWS})
    exact = (ROWS + 2 * ROWS).astype(np.float64)
    layer = model.layers[-1]
    np.testing.assert_allclose(numpy_of(layer.moving_variance), exact.var(axis=0), rtol=1e-6)
    done = nl.recalibrate(model, [({"a": ROWS, "b": ROWS}, np.zeros(90))] * 2, batches=1)
    assert done.rows == 90
    exact = (ROWS + ROWS).astype(np.float64)
    np.testing.assert_allclose(numpy_of(layer.moving_variance), exact.var(axis=0), rtol=1e-6)


def test_accuracy_after_few_small_batches_is_that_of_the_whole_datas_statistics():
    """Within half a percentage point; the moving statistics cost tens of them."""
    images, labels = load_digits(return_X_y=True)
    images, labels = images[:1200].astype("float32") / 16, labels[:1200]
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((64,)), layers.Dense(32, use_bias=False),
                              nl.BatchNormalization(momentum=0.99), layers.ReLU(),
                              layers.Dense(10)])  # fmt: skip
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.SGD(0.1), loss)
    for start in range(0, 200, 4):
        model.train_on_batch(images[start : start + 4], labels[start : start + 4])

    def accuracy():
        return np.mean(np.argmax(numpy_of(model(images, training=False)), axis=1) == labels)

    nl.recalibrate(model, images, batch_size=100)
    recalibrated, layer = accuracy(), model.layers[1]
    z = images.astype(np.float64) @ numpy_of(model.layers[0].kernel).astype(np.float64)
    layer.moving_mean.assign(z.mean(axis=0))
    layer.moving_variance.assign(z.var(axis=0))
    assert abs(recalibrated - accuracy()) <= 0.005
    assert recalibrated > 0.5


def test_progress_is_shown(capsys):
    model = dense_chain(nl.BatchNormalization)
    nl.recalibrate(model, ROWS, verbose=True)
    shown = capsys.readouterr().err
    assert "recalibrating, pass 3 of 3" in shown


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="Keras reads no text there")
def test_of_a_model_that_takes_text_the_part_behind_its_vectorization():
    text = np.array([["a b"], ["b c d"], ["d a"], ["c"]] * 25)
    vectorization = layers.TextVectorization(20, output_sequence_length=4)
    vectorization.adapt(text[:, 0])
    hidden = [layers.Embedding(20, 4), layers.GlobalAveragePooling1D(), layers.Dense(8, "relu")]
    normalization = nl.BatchNormalization()
    model = keras.Sequential(
        [keras.Input((1,), dtype="string"), vectorization, *hidden, normalization]
    )
    numbers = vectorization(keras.ops.convert_to_tensor(text))
    behind = keras.Sequential([keras.Input((4,), dtype="int64"), *model.layers[1:]])
    nl.recalibrate(behind, numbers)
    taken = numpy_of(keras.Sequential(hidden)(numbers)).astype(float)
    np.testing.assert_allclose(numpy_of(normalization.moving_mean), taken.mean(0), atol=1e-7)
    np.testing.assert_allclose(numpy_of(normalization.moving_variance), taken.var(0), atol=1e-7)

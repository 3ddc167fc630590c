"""Kept axes in inputs of any rank, as in Keras's Normalization."""

import keras
import numpy as np
import pytest
from keras.ops import convert_to_numpy

import normlayers as nl
from normlayers.layers.kept_layout import KeptLayout
from tests.layers.called import output
from tests.layers.test_adaptive_layers import BACKEND, KINDS, adapted

RNG = np.random.default_rng(3)
IMAGE = RNG.random((32, 32, 3)).astype("float32")
MATRIX = RNG.normal(3, 2, size=(40, 3)).astype("float32")


def of_keras(axis, x):
    layer = keras.layers.Normalization(axis=axis)
    layer.adapt(x)
    return layer


@pytest.mark.parametrize("axis", [-1, 1, (1, 2), (2, 1), None])
def test_statistics_have_the_shape_of_keras_own(axis):
    x = RNG.normal(3, 2, size=(20, 4, 5)).astype("float32")
    ours, theirs = adapted(nl.Standardize, x, axis=axis), of_keras(axis, x)
    for name in ("mean", "variance"):
        mine, its = getattr(ours, name), convert_to_numpy(getattr(theirs, name))
        assert mine.shape == its.shape
        np.testing.assert_allclose(mine, its, rtol=1e-5)
    assert (
        adapted(nl.MinMaxScale, x, axis=axis).maximum.shape == convert_to_numpy(theirs.mean).shape
    )


@pytest.mark.parametrize("axis", [-1, 1, (1, 2), None])
@pytest.mark.parametrize("invert", [False, True])
def test_takes_over_the_statistics_of_keras_own_layer_as_they_are(axis, invert):
    x = RNG.normal(3, 2, size=(20, 4, 6)).astype("float32")
    theirs = keras.layers.Normalization(axis=axis, invert=invert)
    theirs.adapt(x)
    ours = nl.Standardize(axis=axis, invert=invert, mean=theirs.mean, variance=theirs.variance)
    np.testing.assert_allclose(output(ours, x), convert_to_numpy(theirs(x)), rtol=1e-4, atol=1e-5)
    copy = nl.Standardize.from_config(ours.get_config())
    np.testing.assert_allclose(output(copy, x), output(ours, x), atol=1e-6)
    again = nl.Standardize(axis=axis, invert=invert, mean=ours.mean, variance=ours.variance)
    np.testing.assert_allclose(output(again, x), output(ours, x), atol=1e-6)
    np.testing.assert_array_equal(again.mean, ours.mean)


def test_given_extrema_may_have_the_shape_that_others_have_them_in():
    learned = adapted(nl.MinMaxScale, MATRIX)
    layer = nl.MinMaxScale(minimum=learned.minimum, maximum=learned.maximum)
    np.testing.assert_allclose(output(layer, MATRIX), output(learned, MATRIX), atol=1e-6)


@pytest.mark.parametrize("shape", [(2,), (2, 3), (3, 1), (1, 1, 1, 3)])
def test_given_statistics_that_fit_nothing(shape):
    layer = nl.Standardize(mean=np.zeros(shape), variance=np.ones(shape))
    with pytest.raises(ValueError, match=r"mean must be a number or fit the kept axes, \(3,\)"):
        layer(MATRIX)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("axis", [-1, None])
def test_learned_from_one_image_and_called_on_a_batch(kind, axis):
    layer = adapted(kind, IMAGE, axis=axis)
    np.testing.assert_array_equal(output(layer, IMAGE[None])[0], output(layer, IMAGE))


@pytest.mark.parametrize("kind", KINDS)
def test_learned_from_a_matrix_and_mapped_over_rows(kind):
    tf = pytest.importorskip("tensorflow")
    layer = adapted(kind, MATRIX)
    expected = output(layer, MATRIX)
    rows = [convert_to_numpy(row) for row in tf.data.Dataset.from_tensor_slices(MATRIX).map(layer)]
    assert rows[0].shape == (3,)
    np.testing.assert_allclose(rows, expected, atol=1e-6)
    np.testing.assert_allclose(output(layer, MATRIX[0]), expected[0], atol=1e-6)
    np.testing.assert_allclose(output(layer, MATRIX.reshape(5, 4, 2, 3))[-1, -1, -1], expected[-1])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("axis", [-1, None])
def test_inputs_of_unknown_rank(kind, axis):
    tf = pytest.importorskip("tensorflow")
    layer = adapted(kind, MATRIX, axis=axis)
    traced = tf.function(layer, input_signature=[tf.TensorSpec(None, "float32")])
    for x in (MATRIX, MATRIX[0], MATRIX.reshape(2, 20, 3)):
        y = convert_to_numpy(traced(tf.constant(x)))
        assert y.shape == x.shape
        np.testing.assert_allclose(y, output(layer, x), atol=1e-6)


@pytest.mark.parametrize("kind", KINDS)
def test_adapts_to_data_of_another_rank(kind):
    layer = adapted(kind, MATRIX)
    layer.adapt(MATRIX.reshape(4, 10, 3))
    np.testing.assert_array_equal(output(layer, MATRIX), output(adapted(kind, MATRIX), MATRIX))
    with pytest.raises(ValueError, match=r"holds the rows of data of shape \(3,\)"):
        layer.adapt(MATRIX[0])


def test_other_lengths_are_refused_with_the_layers_name():
    layer = adapted(nl.Standardize, MATRIX, name="inputs")
    says = r"'inputs'.*built for inputs of shape \(None, 3\).*Received: inputs of shape \(40, 2\)"
    with pytest.raises(ValueError, match=says):
        layer(MATRIX[:, :2])
    with pytest.raises(ValueError, match=r"Received: data of shape \(40, 2\)"):
        layer.adapt(MATRIX[:, :2])


def test_axes_that_are_the_same_or_change_their_order():
    with pytest.raises(ValueError, match="names an axis twice"):
        KeptLayout((1, -1), (None, 3))
    layout = KeptLayout((1, -2), (None, 4, 4, 3))
    assert layout.fitting((None, 4, 9, 4, 3), "inputs") == (4, 1, 4, 1)
    with pytest.raises(ValueError, match="names an axis twice"):
        layout.fitting((None, 4, 3), "inputs")
    with pytest.raises(ValueError, match="built for inputs of shape"):
        KeptLayout((2, -3), (None, 4, 4, 4, 4, 4)).fitting((4, 4, 4, 4), "inputs")


@pytest.mark.skipif(BACKEND != "tensorflow", reason="a functional model of TensorFlow")
def test_a_model_over_inputs_of_unknown_lengths():
    layer = adapted(nl.Standardize, IMAGE)
    inputs = keras.Input((None, None, 3))
    model = keras.Model(inputs, layer(inputs))
    np.testing.assert_allclose(
        model.predict(IMAGE[None], verbose=0)[0], output(layer, IMAGE), atol=1e-6
    )

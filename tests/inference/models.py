"""Models with random weights, folded ones, and whether two compute the same."""

import keras
import numpy as np

import normlayers as nl


def rng(seed=11):
    """Numbers that no other test's draws move."""
    return np.random.default_rng(seed)


def numpy_of(tensor):
    return np.asarray(keras.ops.convert_to_numpy(keras.ops.copy(tensor)))


def randomized(model, seed=0, only_normalization=False):
    """Give a model random weights: statistics, biases, and kernels that keep the variance."""
    generator = np.random.default_rng(seed)
    scaling = (keras.layers.Normalization, nl.Standardize, nl.MinMaxScale)
    for layer in model._flatten_layers():
        normalizes = isinstance(layer, keras.layers.BatchNormalization)
        if isinstance(layer, scaling) or (only_normalization and not normalizes):
            continue
        for weight in layer._trainable_variables + layer._non_trainable_variables:
            shape = weight.shape
            if "int" in weight.dtype:
                continue
            if len(shape) > 1 or "kernel" in weight.name:
                weight.assign(generator.normal(size=shape) / np.sqrt(np.prod(shape[:-1])))
            elif "variance" in weight.name:
                weight.assign(generator.uniform(0.5, 2.0, shape))
            elif "gamma" in weight.name:
                weight.assign(generator.uniform(0.5, 1.5, shape))
            else:
                weight.assign(generator.normal(size=shape) * 0.5)
    return model


def outputs_of(model, x):
    """What a model computes in inference, as a list.

    Through XLA where channels come first: on processors for which it does not turn oneDNN on,
    TensorFlow runs no such convolution otherwise.
    """
    forms = {getattr(layer, "data_format", None) for layer in model._flatten_layers()}
    if keras.backend.backend() != "tensorflow" or "channels_first" not in forms:
        return keras.tree.flatten(model(x, training=False))
    import tensorflow as tf

    run = tf.function(lambda rows: model(rows, training=False), jit_compile=True)
    return keras.tree.flatten(run(x))


def assert_same(folded, model, x, tolerance=1e-5):
    """Whether outputs differ by no more than a part of the largest."""
    mine, its = outputs_of(folded, x), outputs_of(model, x)
    assert len(mine) == len(its)
    for one, other in zip(mine, its, strict=True):
        one, other = numpy_of(one), numpy_of(other)
        assert one.shape == other.shape
        assert np.all(np.isfinite(one))
        assert np.max(np.abs(one - other)) <= tolerance * np.max(np.abs(other))


def inputs_of(model, rows=16):
    return (rng().normal(size=(rows, *model.input_shape[1:])) * 2 + 1).astype("float32")


def folded_of(model, kept=(), seed=0):
    """Fold a model with random weights, and check that it computes the same."""
    randomized(model, seed)
    folded = nl.fold(model)
    assert list(folded.kept) == list(kept)
    assert_same(folded.model, model, inputs_of(model))
    return folded


def fitted(layer, shape):
    layer.adapt((rng().normal(size=(50, *shape)) * 3 + 2).astype("float32"))
    return layer

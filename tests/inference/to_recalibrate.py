"""Models and data to recalibrate, and whether their statistics are those of the layers' inputs."""

import keras
import numpy as np

from tests.inference.models import numpy_of

layers = keras.layers
RNG = np.random.default_rng(5)
IMAGES = (RNG.normal(size=(60, 6, 6, 2)) * 3 + 2).astype("float32")
ROWS = (RNG.normal(size=(90, 4)) * [1, 2, 30, 0.1] + [0, 5, -40, 1]).astype("float32")


def state(model):
    return [numpy_of(weight) for weight in model.weights]


def randomized(model, seed=0):
    generator = np.random.default_rng(seed)
    for weight in model.weights:
        if "int" in weight.dtype:
            continue
        low, high = (0.5, 1.5) if "kernel" not in weight.name else (-0.6, 0.7)
        weight.assign(generator.uniform(low, high, weight.shape))
    return model


def assert_statistics_are_those_of_the_inputs(model, data, tolerance=1e-6):
    """Which defines them: a layer's inputs depend on the layers before it alone."""
    for layer in model.layers:
        if not isinstance(layer, layers.BatchNormalization) or not layer.trainable:
            continue
        tensors = [node.input_tensors[0] for node in layer._inbound_nodes]
        inputs = [keras.Model(model.input, t)(data, training=False) for t in tensors]
        if getattr(layer, "placement", "pre") == "post":
            inputs = [layer.activation(x) for x in inputs]
        inputs = np.concatenate(
            [np.moveaxis(numpy_of(x), layer.axis, -1).reshape(-1, x.shape[layer.axis])
             for x in inputs]
        ).astype(np.float64)  # fmt: skip
        std = inputs.std(axis=0)
        mean_off = np.abs(numpy_of(layer.moving_mean) - inputs.mean(axis=0))
        assert np.all(mean_off <= tolerance * np.hypot(std, inputs.mean(axis=0)))
        np.testing.assert_allclose(
            numpy_of(layer.moving_variance), inputs.var(axis=0), rtol=tolerance
        )


def dense_chain(kind):
    return randomized(
        keras.Sequential(
            [keras.Input((4,))]
            + [
                layer
                for _ in range(3)
                for layer in (layers.Dense(5, use_bias=False), kind(), layers.ReLU())
            ]
        )
    )

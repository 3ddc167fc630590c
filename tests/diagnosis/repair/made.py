"""Small models and findings about them."""

import keras
import numpy as np

from normlayers.diagnosis.diagnosis import Diagnosis
from normlayers.diagnosis.finding import Finding
from normlayers.diagnosis.repair.given import Given


def found(*faults, where=""):
    """A diagnosis that reports these faults."""
    return Diagnosis(
        [Finding(fault, where, {}, "error", "It is so.", "Cure it.", True) for fault in faults]
    )


def classes(rows=120, scale=1.0, seed=0, offset=0.0):
    """Three features, and whether the first two add up to more than usual."""
    x = np.random.default_rng(seed).normal(size=(rows, 3)).astype("float32")
    return x * np.float32(scale) + np.float32(offset), (x[:, 0] + x[:, 1] > 0).astype("int64")


def amounts(rows=120, scale=1.0, offset=0.0):
    x = np.random.default_rng(1).normal(size=(rows, 3)).astype("float32")
    y = scale * (x[:, :1] - 0.5 * x[:, 1:2]) + offset
    return x, y.astype("float32")


def classifier(*hidden, activation="sigmoid", loss="binary_crossentropy", rate=0.05):
    """A Dense network of one output."""
    keras.utils.set_random_seed(0)
    hidden = hidden or (keras.layers.Dense(8, "relu", name="first"),)
    output = keras.layers.Dense(1, activation, name="last")
    model = keras.Sequential([keras.Input((3,), name="features"), *hidden, output])
    model.compile(keras.optimizers.Adam(rate), loss)
    return model


def given(model, x, y, trained=False, batch_size=32):
    """The model as repair reads it, built."""
    x, y = (part if isinstance(part, list) else [part] for part in (x, y))
    return Given(model, model, x, y, trained, batch_size)


def numbers(tensor):
    return np.asarray(keras.ops.convert_to_numpy(tensor))


def values(variables):
    return [np.array(keras.ops.convert_to_numpy(keras.ops.copy(v))) for v in variables]

"""Small models and data to diagnose."""

import keras
import numpy as np

from normlayers.diagnosis.diagnose import look

SPARSE = "sparse_categorical_crossentropy"
BINARY = "binary_crossentropy"


def points(rows=200, features=6, seed=0):
    """Standard normal inputs, and classes 0 and 1 that a network can learn."""
    x = np.random.default_rng(seed).normal(size=(rows, features)).astype("float32")
    return x, (x[:, 0] * x[:, 1] > 0).astype("int64")


def network(*layers, features=6, loss=BINARY, optimizer="adam"):
    """A compiled Sequential model."""
    keras.utils.set_random_seed(1)
    model = keras.Sequential([keras.Input((features,)), *layers])
    if loss is not None:
        model.compile(optimizer, loss)
    return model


def classifier(*front, hidden="relu", output="sigmoid", units=1, width=16, **compiled):
    """Layers in front, one hidden layer, one output."""
    layers = keras.layers
    hidden_layer = layers.Dense(width, hidden, name="hidden")
    return network(*front, hidden_layer, layers.Dense(units, output, name="last"), **compiled)


def found(fault, *args, **kwargs):
    """The findings of one fault, consequences included, without trial trainings."""
    return look(*args, trials=False, **kwargs).of(fault)


def faults(*args, **kwargs):
    """The names of all findings but notes, without trial trainings."""
    every = look(*args, trials=False, **kwargs).every()
    return {finding.fault for finding in every if finding.severity != "note"}

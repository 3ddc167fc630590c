"""``import normlayers`` waits for no Keras, and Keras still finds our layers in a saved model."""

import os
import pickle
import subprocess
import sys

import keras
import numpy as np

import normlayers as nl


def run(program, *arguments):
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_imports_neither_keras_nor_numpy():
    heavy = ("keras", "tensorflow", "jax", "torch", "numpy", "matplotlib")
    program = f"import sys, normlayers; print(*[n for n in {heavy} if n in sys.modules])"
    assert run(program) == []


def test_a_saved_model_loads_in_either_order_of_imports(tmp_path):
    layer = nl.Standardize()
    layer.adapt(np.array([[1.0], [3.0]]))
    model = keras.Sequential([keras.Input((1,)), layer, nl.BatchNormalization()])
    path = str(tmp_path / "model.keras")
    model.save(path)
    load = "print(keras.models.load_model(sys.argv[1]).layers[0].count)"
    for imports in ("normlayers, keras", "keras, normlayers"):
        assert run(f"import sys, {imports}; {load}", path) == ["2"]


def test_every_public_name_is_there():
    assert set(nl.__all__) <= set(dir(nl))
    for name in nl.__all__:
        assert getattr(nl, name).__name__.rpartition(".")[2] == name
    program = "from normlayers import *; print(Standardize.__name__, measures.__name__)"
    assert run(program) == ["Standardize", "normlayers.tracking.measures"]


def test_a_pickled_adapt_may_be_the_first_that_is_imported():
    """As in a process of a pool: before Keras, whose import imports all layers."""
    pickled = pickle.dumps(nl.adapt)
    program = f"import pickle; print(pickle.loads({pickled!r}).__module__)"
    assert run(program) == ["normlayers.layers.adapt"]


def test_an_unknown_name_is_an_attribute_error():
    assert not hasattr(nl, "normalize")

"""What all tests share: quiet TensorFlow, the circle data, a small trained-like network."""

import gc
import os
import tempfile

import numpy as np
import pytest
from hypothesis import settings

from normlayers.experiments.running.quiet_start import quiet_start
from tests.chromium import CHROMIUM, FLAGS

# JAX compiles the same program again for every model of a kind, and test: kept while tests run.
COMPILED = tempfile.TemporaryDirectory(prefix="normlayers-tests-")
os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", COMPILED.name)
os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0")
os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES", "-1")

with quiet_start():
    import keras

# Graphs are many objects that stay: to look through them for garbage less often takes a tenth less.
gc.set_threshold(20_000, 50, 100)

# The same examples for everybody, so that a suite that passed for one passes for another.
# New ones are searched for with `pytest --hypothesis-profile=search`.
settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.register_profile("search", deadline=None, max_examples=1000)
settings.load_profile("repeatable")


@pytest.fixture
def points():
    """60 points in the plane and their labels, 1 outside a circle."""
    x = np.random.default_rng(7).normal(size=(60, 2)).astype("float32")
    return x, ((x**2).sum(axis=1) > 1.5).astype("float32")


@pytest.fixture
def circle_model():
    """Two inputs, two ReLU neurons, one sigmoid output, with weights that are round numbers."""
    model = keras.Sequential(
        [
            keras.Input((2,)),
            keras.layers.Dense(2, activation="relu", name="hidden"),
            keras.layers.Dense(1, activation="sigmoid", name="output"),
        ]
    )
    model.set_weights(
        [
            np.array([[1.0, -1.0], [0.0, 2.0]], "float32"),
            np.array([0.5, 0.0], "float32"),
            np.array([[1.0], [-2.0]], "float32"),
            np.array([0.25], "float32"),
        ]
    )
    return model


@pytest.fixture(scope="module")
def browser():
    """Chromium; tests that use it are marked ``needs_chromium``."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield started
        started.close()

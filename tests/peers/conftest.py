"""What the peers' own test modules need of pytest."""

import keras
import pytest


def pytest_configure(config):
    config.addinivalue_line(
        "markers", "requires_trainable_backend: Keras's mark of tests that train a model"
    )


@pytest.fixture(autouse=True)
def keras_as_it_was():
    """Keras's test cases switch the filtering of its tracebacks off, for good."""
    filtered = keras.config.is_traceback_filtering_enabled()
    yield
    if filtered:
        keras.config.enable_traceback_filtering()

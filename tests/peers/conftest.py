"""What the peers' own test modules need of pytest."""


def pytest_configure(config):
    config.addinivalue_line(
        "markers", "requires_trainable_backend: Keras's mark of tests that train a model"
    )

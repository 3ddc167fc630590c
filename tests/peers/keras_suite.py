"""Keras's own tests, which its wheel brings along, with our layer in the place of theirs."""

import importlib

import keras
import pytest


class OurLayers:
    """The ``layers`` that a test module of Keras sees: theirs, but for those in ours' place."""

    def __init__(self, theirs, **ours):
        self._theirs = theirs
        self.__dict__.update(ours)

    def __getattr__(self, name):
        return getattr(self._theirs, name)


def suite(module, case, wording=(), **ours):
    """A test case of Keras to subclass, with our layers.

    Args:
        module: its test module.
        case: the test case's name in it.
        wording: tests that compare messages, of which only the exception's type is checked.
        **ours: our layers by the names of theirs.
    """
    try:
        upstream = importlib.import_module(module)
    except ImportError as error:
        pytest.skip(f"this Keras comes without its tests: {error}", allow_module_level=True)

    class WithOurLayers(getattr(upstream, case)):
        __test__ = False

        @pytest.fixture(autouse=True)
        def _in_their_place(self, monkeypatch):
            monkeypatch.setattr(upstream, "layers", OurLayers(upstream.layers, **ours))
            for name, layer in ours.items():
                monkeypatch.setattr(keras.layers, name, layer)

        def assertRaisesRegex(self, error, pattern, *args, **kwargs):  # noqa: N802
            if self._testMethodName in wording:
                pattern = ""
            return super().assertRaisesRegex(error, pattern, *args, **kwargs)  # noqa: PT027

    return WithOurLayers

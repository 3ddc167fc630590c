"""Random numbers of a diagnosis's own."""

from __future__ import annotations

import random
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import numpy as np

from normlayers.inference.kept_values import value_of
from normlayers.tracking.reading.random_states import kept_random_states

_GLOBAL_GENERATOR, _GLOBAL_SEED = "global_seed_generator", "global_random_seed"


@contextmanager
def own_random_numbers(seed: int) -> Iterator[None]:
    """Draw from ``seed`` within, and give every global generator its state back afterwards.

    Those are Python's, NumPy's, Keras's, and TensorFlow's and torch's where these are imported,
    whatever the backend: data may come by either, and Keras seeds both.

    Example:
        >>> import keras
        >>> random.seed(1)
        >>> before = random.getstate()
        >>> with own_random_numbers(0):
        ...     keras.utils.set_random_seed(3)
        >>> before == random.getstate()
        True
    """
    with ExitStack() as stack:
        stack.enter_context(kept_random_states())
        stack.callback(_keras())
        random.seed(seed)
        np.random.seed(seed % 2**32)  # noqa: NPY002
        if "torch" in sys.modules:
            sys.modules["torch"].random.default_generator.manual_seed(seed)
        yield


def _keras() -> Callable[[], None]:
    """The generator behind layers and functions without a seed, which Keras makes when needed."""
    from keras.src.backend.common import global_state
    from keras.src.random.seed_generator import SeedGenerator

    before = global_state.get_global_attribute(_GLOBAL_GENERATOR)
    seed = global_state.get_global_attribute(_GLOBAL_SEED)
    value = None if before is None else value_of(before.state)
    # One of the diagnosis's own, so that what is drawn does not depend on what was drawn before.
    names = dict(global_state.get_global_attribute("object_name_uids") or {})
    global_state.set_global_attribute(_GLOBAL_GENERATOR, SeedGenerator(0))

    def give_back() -> None:
        global_state.set_global_attribute(_GLOBAL_GENERATOR, before)
        global_state.set_global_attribute(_GLOBAL_SEED, seed)
        if before is not None and value is not None:
            before.state.assign(value)
        uids = global_state.get_global_attribute("object_name_uids")
        if uids is not None:
            uids.clear()
            uids.update(names)

    return give_back

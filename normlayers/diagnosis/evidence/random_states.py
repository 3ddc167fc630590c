"""Random numbers of a diagnosis's own."""

from __future__ import annotations

import random
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

import keras
import numpy as np
from keras import ops

_GLOBAL_GENERATOR = "global_seed_generator"


@contextmanager
def own_random_numbers(seed: int) -> Iterator[None]:
    """Draw from ``seed`` within, and give every global generator its state back afterwards.

    Those are Python's, NumPy's, Keras's and the active backend's.

    Example:
        >>> random.seed(1)
        >>> before = random.getstate()
        >>> with own_random_numbers(0):
        ...     keras.utils.set_random_seed(3)
        >>> before == random.getstate()
        True
    """
    with ExitStack() as stack:
        for kept in (_python, _numpy, _keras, _of_backend()):
            stack.callback(kept())
        random.seed(seed)
        np.random.seed(seed % 2**32)  # noqa: NPY002
        if "torch" in sys.modules:
            sys.modules["torch"].random.default_generator.manual_seed(seed)
        yield


def _python() -> Callable[[], None]:
    state = random.getstate()
    return lambda: random.setstate(state)


def _numpy() -> Callable[[], None]:
    state = np.random.get_state()  # noqa: NPY002
    return lambda: np.random.set_state(state)  # noqa: NPY002


def _keras() -> Callable[[], None]:
    """The generator behind layers and functions without a seed, which Keras makes when needed."""
    from keras.src.backend.common import global_state
    from keras.src.random.seed_generator import SeedGenerator

    before = global_state.get_global_attribute(_GLOBAL_GENERATOR)
    value = None if before is None else np.array(ops.convert_to_numpy(ops.copy(before.state)))
    # One of the diagnosis's own, so that what is drawn does not depend on what was drawn before.
    names = dict(global_state.get_global_attribute("object_name_uids") or {})
    global_state.set_global_attribute(_GLOBAL_GENERATOR, SeedGenerator(0))

    def give_back() -> None:
        global_state.set_global_attribute(_GLOBAL_GENERATOR, before)
        if before is not None and value is not None:
            before.state.assign(value)
        uids = global_state.get_global_attribute("object_name_uids")
        if uids is not None:
            uids.clear()
            uids.update(names)

    return give_back


def _of_backend() -> Callable[[], Callable[[], None]]:
    hooks = {"tensorflow": _tensorflow, "torch": _torch}
    return hooks.get(keras.backend.backend(), lambda: lambda: None)


def _tensorflow() -> Callable[[], None]:
    import tensorflow as tf
    from tensorflow.python.eager import context

    eager = context.context()
    operations = getattr(eager, "_rng", None)  # of eager operations without a seed
    state = operations.getstate() if operations is not None else None
    generator: Any = tf.random.get_global_generator()
    drawn = generator.state.numpy()

    def give_back() -> None:
        generator.state.assign(drawn)
        with suppress(AttributeError):
            if operations is not None:
                operations.setstate(state)

    return give_back


def _torch() -> Callable[[], None]:
    import torch

    states = torch.random.get_rng_state()
    of_devices = torch.cuda.get_rng_state_all() if torch.cuda.is_initialized() else None

    def give_back() -> None:
        torch.random.set_rng_state(states)
        if of_devices is not None:
            torch.cuda.set_rng_state_all(of_devices)

    return give_back

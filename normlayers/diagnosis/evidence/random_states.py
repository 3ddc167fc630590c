"""Random numbers of a diagnosis's own."""

from __future__ import annotations

import random
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import numpy as np
from keras import ops

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
        for kept in (_python, _numpy, _keras, _tensorflow, _torch):
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
    seed = global_state.get_global_attribute(_GLOBAL_SEED)
    value = None if before is None else np.array(ops.convert_to_numpy(ops.copy(before.state)))
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


def _tensorflow() -> Callable[[], None]:
    """The seed, and the two generators: of operations without a seed, and TensorFlow's newer one.

    Each may not be there yet, and is not made here: on another backend that could take a device.
    """
    if "tensorflow" not in sys.modules:
        return _nothing
    from tensorflow.python.eager import context
    from tensorflow.python.ops import stateful_random_ops

    eager = context.context()
    own = {name: vars(eager)[name] for name in ("_seed", "_rng") if name in vars(eager)}
    operations = own.get("_rng")
    state = None if operations is None else operations.getstate()
    generator: Any = stateful_random_ops.global_generator
    drawn = None if generator is None else generator.state.numpy()

    def give_back() -> None:
        for name in ("_seed", "_rng"):
            vars(eager).pop(name, None)
        vars(eager).update(own)
        if operations is not None:
            operations.setstate(state)
        stateful_random_ops.global_generator = generator
        if generator is not None:
            generator.state.assign(drawn)

    return give_back


def _torch() -> Callable[[], None]:
    if "torch" not in sys.modules:
        return _nothing
    import torch

    states = torch.random.get_rng_state()
    of_devices = torch.cuda.get_rng_state_all() if torch.cuda.is_initialized() else None

    def give_back() -> None:
        torch.random.set_rng_state(states)
        if of_devices is not None:
            torch.cuda.set_rng_state_all(of_devices)

    return give_back


def _nothing() -> None:
    """There is nothing to give back."""

"""The global random generators, kept as they are while a model of somebody's runs."""

from __future__ import annotations

import random
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import numpy as np

# No number, so that nobody's own seed draws the same.
_OWN_SEED = "normlayers"


@contextmanager
def kept_random_states() -> Iterator[None]:
    """Give global generators their states back, of which a model's own code may draw.

    Those are Python's and NumPy's, and TensorFlow's and torch's where these are imported, whatever
    the backend. Keras's own is a variable: run the model in a ``keras.StatelessScope``.

    Example:
        >>> random.seed(1)
        >>> before = random.getstate()
        >>> with kept_random_states():
        ...     _ = random.random()
        >>> before == random.getstate()
        True
    """
    with ExitStack() as stack:
        for kept in (_python, _numpy, _tensorflow, _torch):
            stack.callback(kept())
        yield


def _python() -> Callable[[], None]:
    state = random.getstate()
    return lambda: random.setstate(state)


def _numpy() -> Callable[[], None]:
    state = np.random.get_state()  # noqa: NPY002
    return lambda: np.random.set_state(state)  # noqa: NPY002


def _tensorflow() -> Callable[[], None]:
    """The seed, and the two generators: of operations without a seed, and TensorFlow's newer one.

    Each may not be there yet, and is not made here: on another backend that could take a device.
    The first draws seeds of operations, which TensorFlow keeps with how far each has drawn: another
    takes its place meanwhile, as the same seeds drawn again would go on from there.
    """
    if "tensorflow" not in sys.modules:
        return _nothing
    from tensorflow.python.eager import context
    from tensorflow.python.ops import stateful_random_ops

    eager = context.context()
    own = {name: vars(eager)[name] for name in ("_seed", "_rng") if name in vars(eager)}
    if "_rng" in own:
        vars(eager)["_rng"] = random.Random(_OWN_SEED)
    generator: Any = stateful_random_ops.global_generator
    drawn = None if generator is None else generator.state.numpy()

    def give_back() -> None:
        for name in ("_seed", "_rng"):
            vars(eager).pop(name, None)
        vars(eager).update(own)
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

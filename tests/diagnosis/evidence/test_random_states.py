"""Every global generator has its state back after what Keras and each library seed of their own."""

import importlib.util
import random

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras.src.backend.common import global_state

from normlayers.diagnosis.evidence.random_states import own_random_numbers


def drawn():
    """A number of each generator; torch's where it is installed."""
    numbers = [
        random.random(),
        np.random.random(),  # noqa: NPY002
        float(keras.random.uniform(())),
        float(tf.random.uniform(())),
        float(tf.random.get_global_generator().uniform(())),
    ]
    if importlib.util.find_spec("torch") is not None:
        import torch

        numbers.append(float(torch.rand(())))
    return numbers


def seed_all(seed):
    keras.utils.set_random_seed(seed)
    tf.random.get_global_generator().reset_from_seed(seed)
    if importlib.util.find_spec("torch") is not None:
        import torch

        torch.manual_seed(seed)


@pytest.mark.parametrize("begun", [False, True])
def test_draws_go_on_as_if_nothing_had_been_seeded_within(begun):
    def draw(interrupted):
        seed_all(11)
        if begun:
            drawn()
        if interrupted:
            with own_random_numbers(0):
                seed_all(3)
                drawn()
        return drawn(), global_state.get_global_attribute("global_random_seed")

    assert draw(True) == draw(False)


def test_a_program_without_a_seed_stays_without_one():
    from tensorflow.python.eager import context

    eager = context.context()
    before = {name: vars(eager).get(name) for name in ("_seed", "_rng")}
    try:
        eager._seed = None
        vars(eager).pop("_rng", None)
        with own_random_numbers(0):
            keras.utils.set_random_seed(3)
        assert tf.random.uniform(()).shape == ()
        assert eager._seed is None
    finally:
        vars(eager).update(before)

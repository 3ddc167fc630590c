"""The hook, by itself."""

import keras
import numpy as np
import pytest

from normlayers.layers.batch_norm.hand_written_gradient import with_backward
from tests.layers.derivatives import BACKEND, gradients

ops = keras.ops


def cube():
    """x^3, with its square kept, and a second output that passes nothing on."""
    return with_backward(lambda x: ((x**3, x + 1), (x * x,)), lambda kept, g: (3 * kept[0] * g,))


@pytest.mark.parametrize("compiled", [False, True])
def test_differentiates_by_the_backward(compiled):
    x = np.array([2.0, 3.0], "float32")
    doubled = with_backward(lambda x: ((x,), ()), lambda kept, g: (2 * g,))
    assert gradients(lambda x: doubled(x)[0], [x], np.ones(2, "float32"), compiled)[0].tolist() == [
        2,
        2,
    ]
    assert gradients(lambda x: cube()(x)[0], [x], x, compiled)[0].tolist() == [24, 81]


def test_an_argument_without_a_gradient_takes_none():
    chosen = with_backward(
        lambda x, where: ((ops.where(where, x, 0),), (where,)),
        lambda kept, g: (ops.where(kept[0], g, 0), None),
    )
    where = np.array([True, False])
    x = np.array([2.0, 3.0], "float32")
    found = gradients(lambda x: chosen(x, ops.convert_to_tensor(where))[0], [x], x)
    assert found[0].tolist() == [2, 0]


@pytest.mark.skipif(BACKEND != "torch", reason="only torch says what it keeps")
def test_keeps_nothing_but_what_it_says():
    import torch

    kept = []
    x = torch.ones(1000, requires_grad=True)
    with torch.autograd.graph.saved_tensors_hooks(lambda t: kept.append(t) or t, lambda t: t):
        cube()(x)
    assert [t.shape for t in kept] == [(1000,), (1000,)]
    assert kept[0].data_ptr() == x.data_ptr()

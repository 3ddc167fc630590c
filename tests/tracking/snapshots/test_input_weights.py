import numpy as np
import pytest

from normlayers.tracking.snapshots.input_weights import input_weights

RNG = np.random.default_rng(0)
KERNEL, BIAS = RNG.normal(size=(2, 3)), RNG.normal(size=3)


@pytest.mark.parametrize("shift", [0, 6, 1000])
def test_finds_the_weights_behind_a_standardization(shift):
    x = (RNG.normal(size=(60, 2)) + shift).astype("float32")
    mean, deviation = x.mean(axis=0), x.std(axis=0)
    z = (((x - mean) / deviation) @ KERNEL + BIAS).astype("float32")
    kernel, bias = input_weights(x, z)
    assert kernel == pytest.approx(KERNEL / deviation[:, None], rel=2e-3)
    assert x @ kernel + bias == pytest.approx(z, abs=1e-3)


def test_there_are_none_of_what_is_not_linear():
    x = RNG.normal(size=(60, 2))
    assert input_weights(x, np.maximum(x @ KERNEL + BIAS, 0)) is None
    assert input_weights(x, np.full((60, 1), np.nan)) is None


def test_there_are_none_where_the_points_do_not_tell():
    x = RNG.normal(size=(3, 2))
    assert input_weights(x, x @ KERNEL + BIAS) is None
    line = np.stack([np.arange(9.0), np.arange(9.0)], axis=1)
    assert input_weights(line, line @ KERNEL + BIAS) is None

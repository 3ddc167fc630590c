"""float16 through its bits against NumPy's own conversion and order: all 65,536 of them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from normlayers.statistics.half_floats import column_extrema, widened

EVERY = np.arange(2**16, dtype=np.uint16).view(np.float16)
FINITE = EVERY[np.isfinite(EVERY)]


@pytest.mark.parametrize("half", [EVERY, FINITE], ids=["every", "finite"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_every_number_is_widened_exactly(half, dtype):
    out = np.empty(half.shape, dtype)
    widened(half, out)
    np.testing.assert_array_equal(out, half.astype(dtype))
    numbers = ~np.isnan(half)
    np.testing.assert_array_equal(np.signbit(out[numbers]), np.signbit(half[numbers]))


@given(st.lists(st.sampled_from([*FINITE.tolist(), np.inf, -np.inf]), min_size=1, max_size=9))
def test_extrema_are_those_that_numpy_finds(column):
    half = np.array(column, np.float16)[:, np.newaxis]
    lowest, highest = column_extrema(half)
    assert (lowest[0], highest[0]) == (half.min(), half.max())


@pytest.mark.parametrize("nan", [0x7C01, 0x7FFF, 0xFC01, 0xFFFF])
@pytest.mark.parametrize("beside", [[], [1.0], [-1.0], [-1.0, 1.0], [np.inf], [-np.inf]])
def test_nan_shows_in_either_extreme(nan, beside):
    half = np.array([*beside, 0.0], np.float16)
    half[-1] = np.array(nan, np.uint16).view(np.float16)
    assert np.isnan(column_extrema(half[:, np.newaxis])).any()

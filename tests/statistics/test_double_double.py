"""Pairs of float64 against exact fractions."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from normlayers.statistics.double_double import added, divided, minus, pair, squared, times, two_sum

NUMBERS = st.floats(-1e60, 1e60).filter(lambda number: number == 0 or abs(number) > 1e-60)
# Two numbers of which the second is a little more than the first one's rounding, or nothing.
PAIRS = st.builds(
    lambda high, share: two_sum(np.float64(high), np.float64(high * share)),
    NUMBERS,
    st.floats(-1e-15, 1e-15).filter(lambda share: share == 0 or abs(share) > 1e-40),
)


def exact(number):
    return Fraction(float(number.high)) + Fraction(float(number.low))


def assert_close(ours, expected, of, bits):
    """Within ``2**-bits`` of the size of what went in."""
    assert abs(exact(ours) - expected) <= Fraction(2) ** -bits * of


@given(a=PAIRS, b=PAIRS)
def test_sums(a, b):
    assert_close(added(a, b), exact(a) + exact(b), abs(exact(a)) + abs(exact(b)), 100)
    assert exact(minus(a)) == -exact(a)


@given(a=PAIRS, b=NUMBERS)
def test_products_and_quotients(a, b):
    product = exact(a) * Fraction(b)
    assert_close(times(a, np.float64(b)), product, abs(product), 98)
    assert_close(squared(a), exact(a) ** 2, exact(a) ** 2, 98)
    if b:
        quotient = exact(a) / Fraction(b)
        assert_close(divided(a, np.float64(b)), quotient, abs(quotient), 98)


@given(a=NUMBERS, b=NUMBERS)
def test_a_sum_of_two_has_no_error_and_its_high_part_is_the_rounded_sum(a, b):
    total = two_sum(np.float64(a), np.float64(b))
    assert exact(total) == Fraction(a) + Fraction(b)
    assert total.high == np.float64(a) + np.float64(b)


def test_large_numbers_lose_their_rest_and_nothing_else():
    with np.errstate(over="ignore", invalid="ignore"):
        assert float(times(pair(1e301), np.float64(3.0)).high) == 3e301
        assert divided(pair(1e301), np.float64(7.0)).high == pytest.approx(1e301 / 7, rel=1e-15)

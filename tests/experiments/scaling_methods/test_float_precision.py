"""What float32 leaves of data against what can be derived, and against exact arithmetic."""

from fractions import Fraction

import numpy as np
import pytest

from normlayers.experiments.scaling_methods.float_precision import (
    FACTOR_EXPONENTS,
    OFFSET_EXPONENTS,
    derived_error,
    rounding_errors,
)


@pytest.fixture(scope="module")
def errors():
    return rounding_errors(seed=3)


def test_far_from_0_the_error_is_the_derived_one(errors):
    far = slice(OFFSET_EXPONENTS.index(3), OFFSET_EXPONENTS.index(6) + 1)
    np.testing.assert_allclose(errors.offset[far], errors.offset_derived[far], rtol=0.05)
    # At 1e7 the rounded values' own standard deviation is larger by sqrt(1 + 1 / 12).
    assert errors.offset[7] == pytest.approx(errors.offset_derived[7], rel=0.1)


def test_beyond_the_last_digit_nothing_is_left(errors):
    # 1 where all values are rounded to one, more where some are rounded to others.
    assert 0.99 < errors.offset[8] < 1.5
    assert np.isinf(errors.offset_derived[8])


def test_factors_lose_nothing_and_wide_inputs_little(errors):
    assert len(errors.factor) == len(FACTOR_EXPONENTS)
    # An input rounded, subtracted from, divided: three halves of the last of 24 binary digits.
    assert (errors.factor < 3 * 2.0**-24).all()
    # The layer leaves out what is under a millionth of a standard deviation.
    assert (errors.offset_wide < 1e-6 + 3 * 2.0**-24).all()


@pytest.mark.parametrize("offset", [1e3, 1e5, 1e7])
def test_the_derived_error_is_that_of_numbers_in_between(offset):
    """Numbers spread evenly over a spacing, rounded as fractions."""
    least = Fraction(float(np.float32(offset)))
    spacing = Fraction(float(np.nextafter(np.float32(offset), np.float32(np.inf)))) - least
    squares = [
        (min(part, 1 - part) * spacing) ** 2
        for part in (Fraction(2 * k + 1, 2000) for k in range(1000))
    ]
    root = float(sum(squares) / len(squares)) ** 0.5
    assert derived_error(np.array([offset]))[0] == pytest.approx(root, rel=1e-4)

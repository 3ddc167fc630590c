"""Which neurons are active at initialization: what follows exactly (article A2).

A neuron is active on a point x where w·x + b > 0. Its d weights w are independent and U(-1, 1);
its bias b is 0, or U(-1, 1) too. The data are U(c - 1, c + 1) in each of the d inputs: uniform on
a cube around (c, ..., c), c the shift.

**Half of the neurons are active at any point, whatever the shift** (``number_active``).
(w, b) and (-w, -b) are equally likely, and a neuron that is active at x with the one is not with
the other; w·x + b = 0 has probability 0. So it is active with probability 1/2. At a given point the
m neurons of a layer are independent, so the number of active ones is Binomial(m, 1/2). It is so at
every point, and hence for data drawn from any distribution: shifting them changes nothing here.

**Centred, bias 0: every neuron is active on exactly half of the cube.** If w·x > 0 then
w·(-x) < 0, and the cube around 0 has -x wherever it has x. Only which half is random. Of n points
drawn from the cube, Binomial(n, 1/2) activate the neuron.

**Centred, bias 0, two inputs: two neurons overlap on U(0, 1/2) of the square.**
Let F be the share of the square at angles from 0 to f, continued by
F(f + 2 pi) = F(f) + 1. A quarter turn maps the square onto itself, so F(f + pi/2) = F(f) + 1/4. A
neuron whose weights point at angle f is active where the angle is between f - pi/2 and f + pi/2.
Name the two neurons' angles so that f1 <= f2 <= f1 + pi; both are active between f2 - pi/2 and
f1 + pi/2, on the share

    F(f1 + pi/2) - F(f2 - pi/2) = 1/2 - (F(f2) - F(f1)).

The weights are uniform on the very same square, so f1 and f2 have the distribution function F, and
F(f1), F(f2) are independent U(0, 1) (probability integral transform). F(f2) - F(f1), which is at
most F(f1 + pi) - F(f1) = 1/2, is the distance of two independent uniform points on a circle of
circumference 1; that is U(0, 1/2), and so is 1/2 less it.

**A neuron active on all of the cube** (``always_on``). The least of w·x + b over the cube is at the
corner with x_i = c - 1 where w_i > 0 and x_i = c + 1 where w_i < 0, and is

    b + c·sum(w) - sum(|w|) = b + sum of (c - 1)|w_i| where w_i > 0, -(c + 1)|w_i| where w_i < 0.

Given the signs, this is a sum of independent U(0, 1) with known coefficients, positive with the
probability ``chance_positive``; the signs are 2^d (with a bias 2^(d + 1)) equally likely patterns.
Active on none of the cube is the same for (-w, -b), so it has the same probability.

**A sample is activated as a whole more often than its cube**, for it can miss a corner. Of a neuron
active on the share S of the cube, n points drawn from it are all active with probability S^n. What
n points show is therefore the mean of S^n: never less than P(S = 1), to which it falls as n grows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from fractions import Fraction
from itertools import accumulate, product
from math import comb, factorial, lcm, prod

# Beyond this many inputs the sums take seconds.
MOST_INPUTS = 50


def number_active(neurons: int) -> list[float]:
    """The distribution of the number of active neurons at a point: Binomial(neurons, 1/2).

    Args:
        neurons: of the layer, from 0 on.

    Returns:
        the probabilities of 0, 1, ..., ``neurons`` active ones.

    Example:
        >>> number_active(2)
        [0.25, 0.5, 0.25]
    """
    ways = accumulate(range(neurons), lambda way, k: way * (neurons - k) // (k + 1), initial=1)
    return [way / 2**neurons for way in ways]


def chance_positive(coefficients: Sequence[float | Fraction]) -> Fraction:
    """Probability that a sum of independent U(0, 1) with these coefficients is not negative.

    With v = 1 - u where the coefficient is positive and v = u elsewhere, the sum is t - a·v, t the
    sum of the positive coefficients and a their magnitudes: what is asked for is the share of the
    cube [0, 1]^n that lies where a·v <= t. It is

        1 / (n! · product of a) · sum over subsets S of (-1)^|S| max(0, t - sum of a over S)^n

    (Barrow & Smith 1979, "Spline notation applied to a volume problem", American Mathematical
    Monthly 86). Subsets with equally many of equal coefficients are counted together.

    Args:
        coefficients: any numbers, taken as exactly what they are; zeros change nothing.

    Returns:
        the probability, exact; 1 for an empty sum.

    Example:
        >>> chance_positive([1, -2])  # u1 >= 2 u2
        Fraction(1, 4)
    """
    exact = [Fraction(a) for a in coefficients if a]
    scale = lcm(*(a.denominator for a in exact))
    whole = [int(a * scale) for a in exact]  # the same sign, in whole numbers
    bound = sum(a for a in whole if a > 0)
    alike = Counter(abs(a) for a in whole)
    total = 0
    for taken in product(*(range(count + 1) for count in alike.values())):
        left = bound - sum(a * k for a, k in zip(alike, taken, strict=True))
        if left >= 0:
            ways = prod(comb(count, k) for count, k in zip(alike.values(), taken, strict=True))
            total += (-1) ** sum(taken) * ways * left ** len(whole)
    return Fraction(total, factorial(len(whole)) * prod(abs(a) for a in whole))


def always_on(inputs: int, shift: float | Fraction, bias: bool) -> Fraction:
    """Probability that a neuron is active on all of the cube; just as likely, on none of it.

    "All" but for a set of volume 0, such as the corner at 0 of the data shifted by 1. For two
    inputs and no bias it is c / (2 (c + 1)) from c = 1 on.

    Args:
        inputs: d, up to ``MOST_INPUTS``.
        shift: c, of either sign.
        bias: whether there is one, from U(-1, 1).

    Raises:
        ValueError: ``inputs`` is out of range.

    Example:
        >>> always_on(2, 9, bias=False), always_on(2, 9, bias=True)
        (Fraction(9, 20), Fraction(34591, 76800))
    """
    if not 1 <= inputs <= MOST_INPUTS:
        raise ValueError(f"inputs must be from 1 to {MOST_INPUTS}. Received: {inputs}")
    c = Fraction(shift)
    total = Fraction(0)
    for positive in range(inputs + 1):
        weights = [c - 1] * positive + [-(c + 1)] * (inputs - positive)
        chances = [chance_positive([*weights, b]) for b in ((-1, 1) if bias else (0,))]
        total += comb(inputs, positive) * sum(chances, Fraction(0)) / len(chances)
    return total / 2**inputs

"""The exact distribution of two neurons' overlaps in a sample."""

import numpy as np

from normlayers.experiments.activation_odds.exact_odds import number_active


def overlap_distribution(points):
    """How many points activate both of two neurons: centred data, bias 0, two inputs.

    Binomial(points, t) with t from U(0, 1/2). Its probability of k is

        2 · integral of C(n, k) t^k (1 - t)^(n - k) over 0 < t < 1/2
        = 2 / (n + 1) · P(Binomial(n + 1, 1/2) > k),

    the incomplete beta function as a binomial tail.
    """
    tails = np.cumsum(number_active(points + 1)[:0:-1])[::-1]
    return 2 / (points + 1) * tails

"""Article A2's claims about networks at initialization, and the rules they are held to.

The article leaves the bias open: a claim is held to networks with bias 0, Keras's default, and by
another reading to those with bias from U(-1, 1). Neurons of one network see the same points, but
have weights of their own: they are counted as independent.
"""

from __future__ import annotations

import numpy as np

from normlayers.experiments.activation_odds.simulated_odds import BIASES, Odds
from normlayers.experiments.claims.claim import Claim
from normlayers.experiments.claims.evidence import CONFIDENCE, Evidence, share_of_counts
from normlayers.experiments.claims.rules import AtLeast, AtMost, Between

ZERO, UNIFORM = map(BIASES.index, ("bias_zero", "bias_uniform"))
OTHER_BIAS = "with bias U(-1, 1)"
FAR = 9


def _mean_active(odds: Odds, bias: int, shift: float) -> Evidence:
    """The mean over networks, with Student's interval."""
    from scipy.stats import t

    at = (bias, odds.shifts.index(shift))
    n = odds.networks
    value = odds.active_sum[at] / n
    variance = max(0.0, odds.active_squares[at] / n - value**2) * n / max(1, n - 1)
    # Of a scale of 1: SciPy warns of one of 0, which a few networks have. NaN of one network.
    low, high = value + np.array(t.interval(CONFIDENCE, n - 1)) * np.sqrt(variance / n)
    return Evidence(float(value), float(low), float(high), n)


def _share_of_neurons(
    odds: Odds, bias: int, shift: float, least: float, most: float
) -> tuple[int, int]:
    """How many neurons are active on a share of the points in a range, and how many there are."""
    counts = odds.neuron_counts[bias, odds.shifts.index(shift)]
    shares = np.arange(odds.points + 1) / odds.points
    return int(counts[(shares >= least) & (shares <= most)].sum()), int(counts.sum())


def _about_half(odds: Odds, bias: int) -> Evidence:
    return share_of_counts(*_share_of_neurons(odds, bias, 0, 0.25, 0.75))


def _on_all_or_almost_none(odds: Odds, bias: int) -> Evidence:
    most, neurons = _share_of_neurons(odds, bias, FAR, 0.95, 1)
    few, _ = _share_of_neurons(odds, bias, FAR, 0, 0.05)
    return share_of_counts(most + few, neurons)


def _distance_from_uniform(odds: Odds, bias: int) -> Evidence:
    """Kolmogorov and Smirnov's distance of the overlaps from U(0, 1/2).

    Its interval is as wide as the distance of a sample from where it comes is in 95 % of samples.
    k of n points stand for the interval from k / (n + 1) to (k + 1) / (n + 1): of an overlap that
    is uniform, k points are as likely as any other number.
    """
    from scipy.stats import kstwo

    counts = odds.pair_counts[bias, odds.shifts.index(0)]
    pairs = int(counts.sum())
    if not pairs:
        return Evidence(float("nan"), float("nan"), float("nan"), 0)
    up_to = np.cumsum(counts) / pairs
    edges = np.arange(1, odds.points + 2) / (odds.points + 1)
    value = float(np.max(np.abs(up_to - np.minimum(1, 2 * edges))))
    width = float(kstwo.ppf(CONFIDENCE, pairs))
    return Evidence(value, max(0.0, value - width), min(1.0, value + width), pairs)


CLAIMS = (
    Claim(
        "A2.4",
        "At initialization half of the neurons are active on average.",
        "mean share of a network's neurons that a point activates (weights and data from U(-1, 1))",
        Between(0.45, 0.55),
        "G5_active_neurons.png",
        lambda odds: _mean_active(odds, ZERO, 0),
        (OTHER_BIAS, lambda odds: _mean_active(odds, UNIFORM, 0)),
    ),
    Claim(
        "A2.5",
        "On centred data each neuron is active on a random portion, about half.",
        "share of neurons that 1/4 to 3/4 of the points activate (data from U(-1, 1))",
        AtLeast(0.9, in_part=0.5),
        "G6_share_of_data.png",
        lambda odds: _about_half(odds, ZERO),
        (OTHER_BIAS, lambda odds: _about_half(odds, UNIFORM)),
    ),
    Claim(
        "A2.6",
        "The share of the data on which two neurons overlap is U(0, 1/2).",
        "largest difference between the distribution of overlaps and that of U(0, 1/2) "
        "(Kolmogorov-Smirnov; data from U(-1, 1))",
        AtMost(0.05, in_part=0.2),
        "overlap.png",
        lambda odds: _distance_from_uniform(odds, ZERO),
        (OTHER_BIAS, lambda odds: _distance_from_uniform(odds, UNIFORM)),
    ),
    Claim(
        "A2.7",
        "On shifted data a neuron is active on all of the data or on almost none.",
        "share of neurons that at least 95 % or at most 5 % of the points activate (data from "
        "U(8, 10))",
        AtLeast(0.9, in_part=0.5),
        "G7_shift.gif",
        lambda odds: _on_all_or_almost_none(odds, ZERO),
        (OTHER_BIAS, lambda odds: _on_all_or_almost_none(odds, UNIFORM)),
    ),
    Claim(
        "A2.8",
        "On shifted data half of the neurons are still active on average.",
        "mean share of a network's neurons that a point activates (data from U(8, 10))",
        Between(0.45, 0.55),
        "G8_active_neurons_shifted.png",
        lambda odds: _mean_active(odds, ZERO, FAR),
        (OTHER_BIAS, lambda odds: _mean_active(odds, UNIFORM, FAR)),
    ),
)

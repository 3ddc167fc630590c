"""Article A2's claims about networks at initialization, and their rules.

The article leaves the bias open: claims are checked on networks with bias 0, Keras's default, and
by another reading on those with bias from U(-1, 1). Neurons of one network have the same points but
weights of their own: they are counted as independent.
"""

from __future__ import annotations

import numpy as np

from normlayers.experiments.activation_odds.simulated_odds import BIASES, Odds
from normlayers.experiments.claims.claim import Claim, OtherReading
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
    # Scale 1 here: SciPy warns of scale 0, which occurs with few networks. NaN for one network.
    low, high = value + np.array(t.interval(CONFIDENCE, n - 1)) * np.sqrt(variance / n)
    return Evidence(float(value), float(low), float(high), n)


def _share_of_neurons(
    odds: Odds, bias: int, shift: float, least: float, most: float
) -> tuple[int, int]:
    """The number of neurons whose share of active points is in a range, and of all neurons."""
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
    """The Kolmogorov-Smirnov distance of the overlaps from U(0, 1/2).

    Its interval is as wide as the distance of a sample from its own distribution is in 95 % of
    samples. k of n points stand for the interval from k / (n + 1) to (k + 1) / (n + 1): if the
    overlap is uniform, k points are as likely as any other number.
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
        id="A2.4",
        measure=(
            "mean share of a network's neurons that a point activates (weights and data from U(-1, "
            "1))"
        ),
        rule=Between(0.45, 0.55),
        figure="G5_active_neurons.png",
        evidence=lambda odds: _mean_active(odds, ZERO, 0),
        other_reading=OtherReading(
            measure=OTHER_BIAS,
            evidence=lambda odds: _mean_active(odds, UNIFORM, 0),
        ),
    ),
    Claim(
        id="A2.5",
        measure="share of neurons that 1/4 to 3/4 of the points activate (data from U(-1, 1))",
        rule=AtLeast(0.9, in_part=0.5),
        figure="G6_share_of_data.png",
        evidence=lambda odds: _about_half(odds, ZERO),
        other_reading=OtherReading(
            measure=OTHER_BIAS,
            evidence=lambda odds: _about_half(odds, UNIFORM),
        ),
    ),
    Claim(
        id="A2.6",
        measure=(
            "largest difference between the distribution of overlaps and that of U(0, 1/2) "
            "(Kolmogorov-Smirnov; data from U(-1, 1))"
        ),
        rule=AtMost(0.05, in_part=0.2),
        figure="overlap.png",
        evidence=lambda odds: _distance_from_uniform(odds, ZERO),
        other_reading=OtherReading(
            measure=OTHER_BIAS,
            evidence=lambda odds: _distance_from_uniform(odds, UNIFORM),
        ),
    ),
    Claim(
        id="A2.7",
        measure=(
            "share of neurons that at least 95 % or at most 5 % of the points activate (data from "
            "U(8, 10))"
        ),
        rule=AtLeast(0.9, in_part=0.5),
        figure="G7_shift.gif",
        evidence=lambda odds: _on_all_or_almost_none(odds, ZERO),
        other_reading=OtherReading(
            measure=OTHER_BIAS,
            evidence=lambda odds: _on_all_or_almost_none(odds, UNIFORM),
        ),
    ),
    Claim(
        id="A2.8",
        measure="mean share of a network's neurons that a point activates (data from U(8, 10))",
        rule=Between(0.45, 0.55),
        figure="G8_active_neurons_shifted.png",
        evidence=lambda odds: _mean_active(odds, ZERO, FAR),
        other_reading=OtherReading(
            measure=OTHER_BIAS,
            evidence=lambda odds: _mean_active(odds, UNIFORM, FAR),
        ),
    ),
)

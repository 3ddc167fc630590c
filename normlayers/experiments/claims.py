"""What the articles claim, checked: a named measure, its 95 % interval, and a verdict by a rule.

A claim carries its rule, which is thus fixed before a run finds a number. Rules look at the
interval, not at the value: what a few networks more could turn is not settled. Where chance plays
a part and fewer than ``FEWEST`` networks or neurons were looked at, a claim is left open: it has no
row.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Verdict = Literal["holds", "holds in part", "does not hold"]

CONFIDENCE = 0.95
FEWEST = 200
RESAMPLES = 2000
# Beyond so many cases a mean is as good as normally distributed, and resampling takes long.
MANY = 20_000


@dataclass(frozen=True)
class Evidence:
    """A measure's value.

    Attributes:
        value: the estimate.
        low, high: its 95 % confidence interval.
        n: how many networks, neurons or pairs it is of.
        exact: whether no chance plays a part, so that one case tells all.
    """

    value: float
    low: float
    high: float
    n: int
    exact: bool = False


@dataclass(frozen=True)
class AtLeast:
    """Holds where the whole interval is from ``holds`` on; in part where it reaches ``in_part``.

    Example:
        >>> rule = AtLeast(0.9, in_part=0.5)
        >>> rule.verdict(Evidence(0.95, 0.91, 0.98, 300))
        'holds'
        >>> rule.verdict(Evidence(0.95, 0.89, 0.98, 300))
        'holds in part'
        >>> rule.verdict(Evidence(0.1, 0.08, 0.12, 300))
        'does not hold'
    """

    holds: float
    in_part: float

    def verdict(self, evidence: Evidence) -> Verdict:
        """What the evidence says."""
        if evidence.low >= self.holds:
            return "holds"
        return "holds in part" if evidence.high >= self.in_part else "does not hold"

    def __str__(self) -> str:
        return f"at least {self.holds:g} (in part from {self.in_part:g} on)"


@dataclass(frozen=True)
class AtMost:
    """Holds where the whole interval is up to ``holds``; in part where it reaches ``in_part``.

    Example:
        >>> AtMost(0.05, in_part=0.2).verdict(Evidence(0.3, 0.28, 0.33, 300))
        'does not hold'
    """

    holds: float
    in_part: float

    def verdict(self, evidence: Evidence) -> Verdict:
        """What the evidence says."""
        if evidence.high <= self.holds:
            return "holds"
        return "holds in part" if evidence.low <= self.in_part else "does not hold"

    def __str__(self) -> str:
        return f"at most {self.holds:g} (in part up to {self.in_part:g})"


@dataclass(frozen=True)
class Between:
    """Holds where the whole interval is in a range; in part where it reaches into it.

    Example:
        >>> Between(0.45, 0.55).verdict(Evidence(0.5, 0.49, 0.51, 300))
        'holds'
    """

    least: float
    most: float

    def verdict(self, evidence: Evidence) -> Verdict:
        """What the evidence says."""
        if self.least <= evidence.low and evidence.high <= self.most:
            return "holds"
        touches = evidence.low <= self.most and evidence.high >= self.least
        return "holds in part" if touches else "does not hold"

    def __str__(self) -> str:
        return f"from {self.least:g} to {self.most:g}"


@dataclass(frozen=True)
class Claim:
    """What an article says, and how it is checked.

    Attributes:
        id: such as ``"A2.4"``.
        text: the claim in short.
        measure: what is measured, in words.
        rule: which values make it hold.
        figure: file that shows it, under the experiment's log directory.
        evidence: takes the experiment's findings and returns the measure's value.
        other_reading: where the article leaves open what it means: the other meaning in words, and
            the measure's value by it. A claim that holds by one meaning only holds in part.
    """

    id: str
    text: str
    measure: str
    rule: AtLeast | AtMost | Between
    figure: str
    evidence: Callable[[Any], Evidence]
    other_reading: tuple[str, Callable[[Any], Evidence]] | None = None

    def judged(self, evidence: Evidence, findings: Any) -> tuple[str, Verdict]:
        """The measure in words, with the other reading's value, and the verdict."""
        verdict = self.rule.verdict(evidence)
        if self.other_reading is None:
            return self.measure, verdict
        words, other = self.other_reading[0], self.other_reading[1](findings)
        if self.rule.verdict(other) != verdict:
            verdict = "holds in part"
        return f"{self.measure}; {words}: {number(other.value)}", verdict


def check(claims: Sequence[Claim], findings: Any) -> list[dict[str, Any]]:
    """Rows of results.json's ``claims``; see DESIGN.md.

    Args:
        claims: what to check.
        findings: what their ``evidence`` takes.

    Returns:
        a row a claim, with the rule in words too (``rule``). A claim whose arms were not run (its
        evidence raises ``KeyError``), or of which fewer than ``FEWEST`` were seen, has none.
    """
    rows = []
    for claim in claims:
        try:
            evidence = claim.evidence(findings)
        except KeyError:
            continue
        if (evidence.n < FEWEST and not evidence.exact) or not np.isfinite(evidence.value):
            continue
        measure, verdict = claim.judged(evidence, findings)
        rows.append(
            {
                "id": claim.id,
                "article": claim.id.split(".")[0],
                "claim": claim.text,
                "measure": measure,
                "rule": str(claim.rule),
                "value": evidence.value,
                "ci95": [evidence.low, evidence.high],
                "n": evidence.n,
                "exact": evidence.exact,
                "verdict": verdict,
                "figure": claim.figure,
            }
        )
    return rows


def number(value: float) -> str:
    """A measure's value as it is printed.

    Example:
        >>> [number(value) for value in (0.9304, 26414.2, 3.2e-7, 0)]
        ['0.930', '26,414', '3.2e-07', '0']
    """
    if value == 0:
        return "0"
    if abs(value) < 0.001:
        return f"{value:.1e}"
    return f"{value:.3f}" if abs(value) < 1000 else f"{value:,.0f}"


def exact(value: float) -> Evidence:
    """A measure in which no chance plays a part.

    Example:
        >>> exact(7.0)
        Evidence(value=7.0, low=7.0, high=7.0, n=1, exact=True)
    """
    return Evidence(value, value, value, 1, exact=True)


def share(happened: Array) -> Evidence:
    """The share of cases in which something happened; its interval is Clopper and Pearson's (1934).

    Args:
        happened: booleans, one a case, any shape.

    Example:
        >>> found = share(np.ones(100, bool))
        >>> found.value, round(found.low, 3), found.high
        (1.0, 0.964, 1.0)
    """
    happened = np.asarray(happened, bool)
    return share_of_counts(int(happened.sum()), happened.size)


def share_of_counts(happened: int, cases: int) -> Evidence:
    """As ``share``, from counts; NaN of no case."""
    from scipy.stats import binomtest

    if not cases:
        return Evidence(float("nan"), float("nan"), float("nan"), 0)
    interval = binomtest(happened, cases).proportion_ci(CONFIDENCE, method="exact")
    return Evidence(happened / cases, float(interval.low), float(interval.high), cases)


def mean(values: Array) -> Evidence:
    """A mean; its interval is a percentile bootstrap's, of over 20,000 cases Student's.

    Args:
        values: one a case; those that are not finite are left out.

    Example:
        >>> found = mean(np.repeat([0.0, 1.0], 500))
        >>> found.value, found.low < 0.5 < found.high, found.n
        (0.5, True, 1000)
    """
    from scipy.stats import ttest_1samp

    values = _finite(values)
    if len(values) > MANY:
        low, high = ttest_1samp(values, 0).confidence_interval(CONFIDENCE)
        return Evidence(float(values.mean()), float(low), float(high), len(values))
    return _bootstrapped((values,), np.mean)


def difference(values: Array, reference: Array) -> Evidence:
    """The difference of the means of two samples.

    Its interval is a percentile bootstrap's, of over 20,000 cases Welch's.

    Args:
        values: one a case; those that are not finite are left out.
        reference: what is taken away, the same way.

    Returns:
        with the smaller sample's ``n``.
    """

    def of_means(one: Array, other: Array, axis: int) -> Array:
        return np.mean(one, axis=axis) - np.mean(other, axis=axis)

    from scipy.stats import ttest_ind

    one, other = _finite(values), _finite(reference)
    if min(len(one), len(other)) > MANY:
        low, high = ttest_ind(one, other, equal_var=False).confidence_interval(CONFIDENCE)
        value = float(one.mean() - other.mean())
        return Evidence(value, float(low), float(high), min(len(one), len(other)))
    return _bootstrapped((one, other), of_means)


def _bootstrapped(samples: tuple[Array, ...], statistic: Callable[..., Array]) -> Evidence:
    from scipy.stats import bootstrap

    n = min(map(len, samples))
    if n < 2:
        return Evidence(float("nan"), float("nan"), float("nan"), n)
    interval = bootstrap(
        samples, statistic, n_resamples=RESAMPLES, batch=100, confidence_level=CONFIDENCE,
        method="percentile", rng=np.random.default_rng(0),
    ).confidence_interval  # fmt: skip
    value = float(statistic(*samples, axis=-1))
    return Evidence(value, float(interval.low), float(interval.high), n)


def _finite(values: Array) -> Array:
    values = np.asarray(values, float).ravel()
    return values[np.isfinite(values)]

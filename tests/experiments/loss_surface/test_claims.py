"""Claims about loss surfaces, on findings whose truth is known."""

import numpy as np
import pytest

from normlayers.experiments.claims.claim import check
from normlayers.experiments.loss_surface.claims import CLAIMS
from normlayers.experiments.loss_surface.data import SCALINGS
from normlayers.experiments.loss_surface.figures import FILES
from normlayers.experiments.loss_surface.measures import SQUARED_ERROR, Counted, Findings, Surface

SETS = 400


def findings(condition, steps, detour, shared):
    """The same numbers in every data set, by scaling."""

    def of_all(value):
        return np.full(SETS, float(value))

    none = np.zeros((SETS, 2))
    return Findings(
        {
            (SQUARED_ERROR, scaling): Surface(none, none, none, of_all(condition[scaling]))
            for scaling in SCALINGS
        },
        {
            s: Counted(of_all(steps[s]), of_all(steps[s]), of_all(detour[s]), of_all(shared[s]))
            for s in SCALINGS
        },
        {}, SETS, 200, 0.01, 1e-3,
    )  # fmt: skip


def numbers(raw, standardized, min_max, divided_by_std):
    return {
        "raw": raw,
        "standardized": standardized,
        "min_max": min_max,
        "divided_by_std": divided_by_std,
    }


ALL_TRUE = {
    "condition": numbers(500, 1.1, 1.5, 1.5),
    "steps": numbers(1000, 3, 10, 10),
    "detour": numbers(50, 1.1, 2, 2),
    "shared": numbers(np.inf, 100, 100, 100),
}


def verdicts(**changed):
    rows = check(CLAIMS, findings(**{**ALL_TRUE, **changed}))
    return {row["id"]: row["verdict"] for row in rows}


def test_every_claim_can_hold():
    assert verdicts() == dict.fromkeys(("A3.1", "A3.2", "A4.3", "A4.4"), "holds")
    rows = check(CLAIMS, findings(**ALL_TRUE))
    assert {row["n"] for row in rows} == {SETS}
    assert {row["figure"] for row in rows} <= set(FILES)


@pytest.mark.parametrize(
    ("name", "values", "claim", "verdict"),
    [
        ("condition", numbers(99, 1.1, 1.5, 1.5), "A3.1", "does not hold"),
        ("condition", numbers(500, 1.1, 7, 1.5), "A3.1", "holds in part"),
        ("condition", numbers(500, 2.5, 2.5, 1.5), "A3.1", "does not hold"),
        ("steps", numbers(1000, 101, 10, 10), "A3.2", "holds in part"),
        ("shared", numbers(np.inf, np.inf, 1, 1), "A3.2", "holds in part"),
        ("shared", numbers(999, 100, 1, 1), "A3.2", "holds in part"),
        ("condition", numbers(500, 1.1, 7, 7), "A4.3", "holds in part"),
        ("condition", numbers(500, 200, 7, 200), "A4.3", "does not hold"),
        ("detour", numbers(1.9, 1, 1, 0.5), "A4.4", "does not hold"),
        ("detour", numbers(50, 1.1, 2, 26), "A4.4", "holds in part"),
        ("steps", numbers(1000, 1001, 10, 1001), "A4.4", "does not hold"),
    ],
)
def test_every_claim_can_fail(name, values, claim, verdict):
    assert verdicts(**{name: values})[claim] == verdict

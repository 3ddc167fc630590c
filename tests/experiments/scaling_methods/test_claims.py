"""The claims' evidence on findings that are made up."""

import numpy as np
import pytest

from normlayers.experiments.claims.claim import check
from normlayers.experiments.scaling_methods.claims import CLAIMS, varying
from normlayers.experiments.scaling_methods.float_precision import (
    FACTOR_EXPONENTS,
    OFFSET_EXPONENTS,
    RoundingErrors,
)
from normlayers.experiments.scaling_methods.training import ACTIVATIONS, EXPONENTS, arm_name

NETWORKS = 200


def made_up(accuracy, saturation, gradient, epochs):
    """Findings: of each measure a value an exponent, which all networks have."""
    found = {
        arm_name(a, e): {
            "accuracy": np.full(NETWORKS, accuracy[at]),
            "saturation_start": np.full(NETWORKS, saturation[at]),
            "gradient_start": np.full(NETWORKS, gradient[at]),
            "epochs_to_target": np.full(NETWORKS, epochs[at]),
        }
        for a in ACTIVATIONS
        for at, e in enumerate(EXPONENTS)
    }
    scores = np.linspace(0.7, 0.8, NETWORKS)
    found["neighbours-wine"] = {"raw": scores, "min_max": scores + 0.1}
    found["neighbours-digits"] = {"raw": scores, "min_max": scores + 0.1}
    found["variances"] = {
        "digits": {"divided_by_std": np.array([0, 1, 1.001]), "min_max": np.array([0, 0.5, 0.2])}
    }
    none = np.zeros(len(OFFSET_EXPONENTS))
    found["rounding"] = RoundingErrors(none, none, none, np.zeros(len(FACTOR_EXPONENTS)))
    return found


@pytest.fixture
def as_claimed():
    return made_up(
        accuracy=[0.1, 0.5, 0.9, 0.7, 0.3], saturation=[0, 0, 0.1, 0.9, 1],
        gradient=[1, 1, 2, 0.5, 0.1], epochs=[np.inf, 12, 3, 4, np.inf],
    )  # fmt: skip


def rows(findings):
    return {row["id"]: row for row in check(CLAIMS, findings)}


def test_evidence_is_the_arithmetic_of_the_findings(as_claimed):
    found = rows(as_claimed)
    assert set(found) == {"A1.2", "A3.3", "A4.1", "A4.2", "A4.5"}
    values = {name: row["value"] for name, row in found.items()}
    assert values == pytest.approx(
        {"A1.2": 0.1, "A3.3": 0.9 - 0.2, "A4.1": 0.8, "A4.2": 1, "A4.5": 1.001}
    )
    assert {name: row["n"] for name, row in found.items()} == {
        "A1.2": 200, "A3.3": 600, "A4.1": 400, "A4.2": 600, "A4.5": 1,
    }  # fmt: skip
    assert found["A4.1"]["measure"].endswith("(0.750).")
    assert "after min-max scaling (2.500)." in found["A4.5"]["measure"]


def test_verdicts_take_both_readings(as_claimed):
    verdicts = {name: row["verdict"] for name, row in rows(as_claimed).items()}
    assert verdicts == {
        "A1.2": "holds", "A3.3": "holds in part", "A4.1": "holds", "A4.2": "holds",
        "A4.5": "holds in part",
    }  # fmt: skip
    as_claimed["rounding"].offset[OFFSET_EXPONENTS.index(4)] = 0.5
    as_claimed["neighbours-digits"]["min_max"] = as_claimed["neighbours-digits"]["raw"]
    as_claimed["variances"]["digits"]["min_max"] = np.array([0, 0.5, 0.5])
    verdicts = {name: row["verdict"] for name, row in rows(as_claimed).items()}
    assert verdicts["A3.3"] == "holds"
    assert verdicts["A1.2"] == "holds in part"
    assert verdicts["A4.5"] == "holds"


def test_inputs_that_change_nothing_do_not_bear_the_claims_out():
    same = made_up([0.9] * 5, [0.1] * 5, [1] * 5, [np.inf] * 5)
    same["neighbours-wine"]["min_max"] = same["neighbours-wine"]["raw"]
    same["neighbours-digits"]["min_max"] = same["neighbours-digits"]["raw"]
    verdicts = {name: row["verdict"] for name, row in rows(same).items()}
    for claim in ("A1.2", "A3.3", "A4.1", "A4.2"):
        assert verdicts[claim] == "does not hold"


def test_constant_features_do_not_count():
    assert varying(np.array([0, 2, 0, 0.5])).tolist() == [2, 0.5]

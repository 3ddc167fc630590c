"""A0's claims on findings that are as the article says, and on others."""

import numpy as np
import pytest

from normlayers.experiments.claims.claim import check
from normlayers.experiments.claims.findings import ByArm
from normlayers.experiments.input_normalization.arms import ARMS
from normlayers.experiments.input_normalization.claims import (
    CLAIMS,
    UNTRAINED,
    share_of_largest,
    unevenness,
)
from normlayers.experiments.input_normalization.figures import FIGURES
from tests.experiments.input_normalization.made_up import made_up


@pytest.mark.parametrize(("as_claimed", "verdict"), [(True, "holds"), (False, "does not hold")])
def test_every_claim_can_hold_and_fail(as_claimed, verdict):
    rows = check(CLAIMS, made_up(as_claimed))
    assert [row["id"] for row in rows] == [*(f"A0.{n}" for n in range(1, 9)), "A1.1"]
    assert {row["id"]: row["verdict"] for row in rows} == {row["id"]: verdict for row in rows}
    assert all(row["n"] >= 200 for row in rows)
    assert {row["figure"] for row in rows} <= set(FIGURES)


def test_gradients_of_features():
    gradients = np.array([[3.0, 4.0], [1.0, 1.0]])
    np.testing.assert_allclose(share_of_largest(gradients, np.array([1, 5])), [16 / 25, 0.5])
    np.testing.assert_allclose(unevenness(gradients), [4 / 3, 1])


def test_claims_whose_other_reading_lacks_its_arms_are_open():
    found = made_up(True)
    some = {name: arm for name, arm in found.items() if not name.startswith("article-")}
    rows = check(CLAIMS, ByArm(some, (*ARMS, UNTRAINED)))
    assert [row["id"] for row in rows] == ["A0.4", "A0.6", "A0.7", "A0.8", "A1.1"]


def test_a_network_without_a_gradient_has_no_share_and_warns_of_nothing():
    gradients = np.array([[0.0, 0.0], [np.nan, 1.0], [0.0, 2.0]])
    with np.errstate(all="raise"):
        share = share_of_largest(gradients, np.array([1, 5]))
    np.testing.assert_array_equal(share, [np.nan, np.nan, 1.0])

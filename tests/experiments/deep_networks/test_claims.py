"""Claims on findings that are as the articles say, and on others."""

from normlayers.experiments.claims.claim import check
from normlayers.experiments.claims.findings import ByArm
from normlayers.experiments.deep_networks.arms import ARMS
from normlayers.experiments.deep_networks.claims import CLAIMS
from normlayers.experiments.deep_networks.figures import PICTURES
from normlayers.experiments.deep_networks.measures import Findings, cells
from tests.experiments.deep_networks.made_up import as_told, otherwise, world


def test_claims_hold_in_a_world_that_is_as_the_articles_say_and_in_no_other():
    assert {claim.figure for claim in CLAIMS} <= set(PICTURES)
    rows = {row["id"]: row for row in check(CLAIMS, as_told())}
    assert set(rows) == {f"A1.{n}" for n in (3, 4, 5, 6)} | {f"A3.{n}" for n in (4, 5, 6, 7, 8)}
    assert {row["verdict"] for row in rows.values()} == {"holds"}
    rows = {row["id"]: row for row in check(CLAIMS, otherwise())}
    assert {name: row["value"] for name, row in rows.items()} == dict.fromkeys(rows, 0.0)
    assert {row["verdict"] for row in rows.values()} == {"does not hold"}


def test_networks_as_fast_as_others_or_never_there_are_no_improvement():
    slow = [lambda depth: {"reached": None}] * 3
    found = world(slow, slow[:2])
    rows = {row["id"]: row["value"] for row in check(CLAIMS, found)}
    assert rows["A1.3"] == rows["A1.6"] == rows["A3.4"] == rows["A3.7"] == rows["A3.8"] == 0


def test_claims_without_their_arms_are_open():
    found = as_told()
    some = {name: arm for name, arm in found.arms.items() if "-raw-" not in name}
    rows = check(CLAIMS, Findings(ByArm(some, ARMS), found.undone, found.moved_by_biases))
    assert {row["id"] for row in rows} == {"A3.4", "A3.6"}
    assert len(cells()) == 18

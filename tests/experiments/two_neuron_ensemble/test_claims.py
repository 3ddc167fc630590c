"""Claims on findings that are as the article says, and on others."""

import numpy as np

from normlayers.experiments.claims.claim import check
from normlayers.experiments.claims.findings import ByArm
from normlayers.experiments.two_neuron_ensemble.arms import ARMS, SIZES
from normlayers.experiments.two_neuron_ensemble.claims import CLAIMS
from normlayers.experiments.two_neuron_ensemble.figures import PICTURES


def test_every_claim_about_trained_networks_is_checked():
    ids = {claim.id for claim in CLAIMS}
    assert ids == {f"A2.{n}" for n in (1, 2, 3, 9, 10, 11, 12, 13)}
    assert {claim.figure for claim in CLAIMS} <= set(PICTURES)


def told(**measures):
    """An arm in which every network has these measures."""
    usual = {
        "accuracy": 0.6, "linearity_end": 1.0, "exclusive_end": 1.0, "dead_moved": 0.0,
        "alike_end": 1.0, "states_kept": 1.0,
    }  # fmt: skip
    return {name: np.full(1000, value, "f4") for name, value in (usual | measures).items()}


def test_claims_hold_in_a_world_that_is_as_the_article_says_and_in_no_other():
    larger = [f"relu-{size}" for size in SIZES]
    shifted = ["relu-shift-10", "sigmoid-shift-10"]
    learning = ["relu-shift-0", "relu-standardized"]
    world = {name: told() for name in ["none-shift-0", *shifted, *larger]}
    world |= {name: told(accuracy=0.9) for name in learning}
    assert {row["verdict"] for row in check(CLAIMS, ByArm(world, ARMS))} == {"holds"}

    other = {
        name: told(exclusive_end=0.1, dead_moved=1.0, alike_end=0.5, states_kept=0.0,
                   linearity_end=0.9)
        for name in world
    }  # fmt: skip
    other |= {name: told(accuracy=0.9, alike_end=-1.0) for name in larger}
    rows = check(CLAIMS, ByArm(other, ARMS))
    assert len(rows) == len(CLAIMS)
    assert {row["verdict"] for row in rows} == {"does not hold"}


def test_a_network_that_diverged_beats_nothing():
    world = {"relu-shift-10": told(accuracy=np.nan), "relu-standardized": told(accuracy=0.9)}
    rows = {row["id"]: row for row in check(CLAIMS, ByArm(world, ARMS))}
    assert rows["A2.13"]["value"] == 1
    assert set(rows) == {"A2.3", "A2.11", "A2.13"}  # the others need more arms

"""Findings of deep networks, made up."""

import numpy as np

from normlayers.experiments.claims.findings import ByArm
from normlayers.experiments.deep_networks.arms import ARMS
from normlayers.experiments.deep_networks.measures import TARGET_LOSS, Findings

NETWORKS, EPOCHS = 40, 12


def networks(depth, reached=None, accuracy=0.5, first=1.0, last=1.0, drift=1.0):
    """An arm whose networks all reach the target in the same epochs; ``None``: never."""
    epochs = np.arange(1, EPOCHS + 1)
    loss = np.full(EPOCHS, 2.0) if reached is None else 3 - (3 - TARGET_LOSS) * epochs / reached
    norms = np.r_[first, np.ones(depth - 2), last, 1.0]
    ones = np.ones((NETWORKS, 1))
    return {
        "loss": ones * loss, "validation_loss": ones * loss, "diverged": np.zeros(NETWORKS, bool),
        "validation_accuracy": ones * np.full(EPOCHS, accuracy),
        "first_gradient_norms": ones * norms,
        "gradient_norms": ones[..., None] * np.ones((EPOCHS, 1)) * norms,
        "drift": drift * np.ones((NETWORKS, EPOCHS, depth)),
    }  # fmt: skip


def world(with_bn, without, undone=0.0, moved=0.0):
    """Findings of all arms: with batch normalization, on raw and standardized inputs; without."""
    arms = {}
    for name, arm in ARMS.items():
        raw, standardized, fixed = with_bn
        kinds = without if arm.normalization == "none" else (raw, standardized)
        measured = fixed if arm.fixed else kinds[arm.inputs == "standardized"]
        arms[name] = networks(arm.depth, **measured(arm.depth))
    moved = {p: {"relu": np.full(300, moved)} for p in ("pre", "post")}
    return Findings(ByArm(arms, ARMS), np.full(300, undone), moved)


def as_told():
    return world(
        (
            lambda depth: {"reached": 3, "accuracy": 0.8, "drift": 0.1},
            lambda depth: {"reached": 2, "accuracy": 0.9, "drift": 0.1},
            lambda depth: {"reached": 20},
        ),
        [lambda depth: {"reached": 9, "first": 1e-6 if depth == 20 else 1.0}] * 2,
    )


def otherwise():
    def worse(depth, times, accuracy):
        reached = times * (1 if depth == 2 else 11)
        return {"reached": reached, "accuracy": accuracy, "first": 10.0 ** (depth / 4), "drift": 9}

    return world(
        (
            lambda depth: worse(depth, 1.0, 0.2),
            lambda depth: worse(depth, 1.05, 0.1),
            lambda depth: {"reached": 1},
        ),
        [lambda depth: {"reached": 0.9, "first": 1e-6 if depth == 20 else 1.0}] * 2,
        undone=1.0,
        moved=1.0,
    )

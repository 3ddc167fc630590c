"""Findings of standardized and raw inputs, made up."""

import numpy as np

from normlayers.experiments.claims.findings import ByArm
from normlayers.experiments.input_normalization.arms import ARMS
from normlayers.experiments.input_normalization.claims import UNTRAINED
from normlayers.experiments.input_normalization.data import points

NETWORKS = 70


def made_up(as_claimed):
    """Findings of every arm that are as the article claims, or the other way round."""
    findings = {UNTRAINED: {"selective_start": np.full(300, 0.0 if as_claimed else 1.0)}}
    for name, arm in ARMS.items():
        good = arm.standardized == as_claimed
        scales = points(arm.data)[0].std(axis=0)
        leaky = arm.activation in ("leaky-relu", "prelu")
        value = {
            "diverged": False, "unsteadiness": 0.0 if good else 0.3,
            "epochs_to_target": 10.0 if good else np.inf,
            "validation_accuracy": 0.9 if good else 0.7, "hidden_gradient": 1.0 if good else 1e4,
            "output_gradient": 1.0, "hidden_gradient_largest": 2.0,
            "dead_start": 0.0 if good else 0.5, "always_on_start": 0.0,
            "selective_start": 1.0 if good else 0.5, "dead_end": 0.2, "always_on_end": 0.2,
            "selective_end": 0.6, "revived": 0.9 if leaky == as_claimed else 0.0,
            "saturated_start": 0.0 if good else 0.9, "saturated_end": 0.0 if good else 0.9,
        }  # fmt: skip
        findings[name] = {key: np.full(NETWORKS, v) for key, v in value.items()}
        findings[name]["loss"] = np.tile(np.linspace(1, 0.1, 7), (NETWORKS, 1))
        gradient = np.ones_like(scales) if arm.standardized == as_claimed else scales
        findings[name]["feature_gradients"] = np.tile(gradient, (NETWORKS, 1))
    return ByArm(findings, (*ARMS, UNTRAINED))


def trained():
    found = made_up(True)
    return ByArm({name: found[name] for name in ARMS}, ARMS)

"""A diagnosis for a model that is watched while it trains: no step of training is tried."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np

from normlayers.diagnosis.causes import under_their_causes
from normlayers.diagnosis.diagnose import look
from normlayers.diagnosis.diagnosis import Diagnosis
from normlayers.diagnosis.evidence.data import Data
from normlayers.diagnosis.evidence.gathered import Evidence
from normlayers.diagnosis.evidence.layers import Activity
from normlayers.diagnosis.finding import Finding
from normlayers.diagnosis.rules.neurons import (
    always_on_neurons,
    dead_neurons,
    saturated_neurons,
)
from normlayers.tracking.reading.wiring import Wiring

Row = dict[str, Any]

_OF_READINGS = (dead_neurons, always_on_neurons, saturated_neurons)
_LATER = tuple(rule.__name__ for rule in _OF_READINGS)


def at_start(model: keras.Model, x: Any) -> list[Row]:
    """What is wrong with a model before it trains, but for what ``of_reading`` finds.

    The targets are left out: what a tracker is given are classes, whatever the model trains on.

    Args:
        model: a built model; it stays as it is.
        x: the points it is watched on.
    """
    found = look(model, x, trials=False).every()
    return [_row(finding) for finding in found if finding.fault not in _LATER]


def of_reading(summaries: Mapping[str, Mapping[str, Any]], wiring: Wiring) -> list[Row]:
    """What is wrong with the neurons, from what a tracker has measured of them already.

    Args:
        summaries: each watched layer's, see ``layer_summary``.
        wiring: of the same reading.
    """
    activities = [
        Activity(
            name,
            wiring.activations.get(name, ""),
            np.asarray(summary["share"], float),
            float(summary.get("saturation", np.nan)),
            int(np.sum(summary["counts"])) // max(1, len(summary["share"])),
            float("nan"),
            bool(summary["finite"]),
        )
        for name, summary in summaries.items()
        if name in wiring.roles.neurons
    ]
    evidence = Evidence(Data(np.zeros(0), None, 0, []), None, 1, {"activities": activities})
    findings = [finding for rule in _OF_READINGS for finding in rule(evidence)]
    return [_row(finding) for finding in Diagnosis(under_their_causes(findings)).every()]


def _row(finding: Finding) -> Row:
    kept = ("fault", "where", "severity", "message", "cure")
    return {name: value for name, value in finding.to_dict().items() if name in kept}

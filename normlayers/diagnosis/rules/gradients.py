"""Gradients that vanish or explode on their way through the layers."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from normlayers.diagnosis.evidence.gathered import Evidence
from normlayers.diagnosis.evidence.trials import Training
from normlayers.diagnosis.finding import Finding

Array = npt.NDArray[Any]

# Gradient of a matrix relative to its size, of one layer against the largest. Ten sigmoid layers
# make about 1e-7 of it, three about 1/30.
FAINT, VANISHED = 1e-4, 1e-6
# Length of the loss's gradient by a matrix, of that matrix's length; a healthy one is below 10.
STEEP, EXPLODED = 100.0, 1e4


def vanishing_gradients(evidence: Evidence) -> list[Finding]:
    """Layers whose gradient is next to nothing beside that of others."""
    found = evidence.training
    relative, names = _relative(found)
    if not len(relative) or not np.isfinite(relative).all():
        return []
    largest = relative.max()
    if largest == 0:
        return [
            _vanishing(
                names[0],
                {"largest": 0.0, "smallest": 0.0},
                "No weight gets any gradient: nothing is learned.",
            )
        ]
    faint = relative <= FAINT * largest
    if not faint.any():
        return []
    index = int(np.argmin(relative))
    ratio = float(relative[index] / largest)
    finding = _vanishing(
        names[index],
        {
            "ratio": ratio,
            "smallest": float(relative[index]),
            "largest": float(largest),
            "layers": [names[i] for i in np.flatnonzero(faint)[:10]],
        },
        f"The gradient of {names[index]!r} is {ratio:.1g} of that of "
        f"{names[int(np.argmax(relative))]!r}, each relative to its weights"
        f"{f'; {int(faint.sum())} layers are like that' if faint.sum() > 1 else ''}.",
    )
    if ratio > VANISHED:
        from dataclasses import replace

        return [replace(finding, severity="warning")]
    return [finding]


def _vanishing(where: str, measured: dict[str, Any], message: str) -> Finding:
    return Finding(
        "vanishing_gradients",
        where,
        measured,
        "error",
        message,
        "Use relu with he_normal in place of sigmoid or tanh, or a BatchNormalization before each "
        "activation.",
        True,
    )


def exploding_gradients(evidence: Evidence) -> list[Finding]:
    """Gradients much longer than the weights they belong to, or not finite."""
    found = evidence.training
    if not np.isfinite(found.gradients).all() or not np.isfinite(found.loss):
        return [
            _exploding(
                "", {"loss": repr(found.loss)}, "The loss or its gradient is NaN or infinite.", True
            )
        ]
    relative, names = _relative(found)
    if not len(relative) or relative.max() <= STEEP:
        return []
    index = int(np.argmax(relative))
    return [
        _exploding(
            names[index],
            {"ratio": float(relative[index]), "loss": found.loss},
            f"The gradient of {names[index]!r} is {relative[index]:.3g} times as long as its "
            f"weights, and the loss {found.loss:.3g}.",
            relative[index] > EXPLODED,
        )
    ]


def _exploding(where: str, measured: dict[str, Any], message: str, bad: bool) -> Finding:
    return Finding(
        "exploding_gradients",
        where,
        measured,
        "error" if bad else "warning",
        message,
        "Standardize inputs and targets, initialize with he_normal or glorot_uniform, put "
        "BatchNormalization between the layers, or give the optimizer clipnorm=1.",
        True,
    )


def _relative(found: Training) -> tuple[Array, list[str]]:
    """Each matrix's gradient relative to its length, and the names of their layers."""
    chosen = found.matrices & (found.weights > 0)
    if not chosen.any():
        return np.zeros(0), []
    names = [found.names[i].rpartition("/")[0] or found.names[i] for i in np.flatnonzero(chosen)]
    return found.gradients[chosen] / found.weights[chosen], names

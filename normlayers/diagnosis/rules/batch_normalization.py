"""Faults in how batch normalization is used."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from normlayers.diagnosis.evidence.gathered import Evidence
from normlayers.diagnosis.evidence.normalizations import Normalization
from normlayers.diagnosis.finding import Finding, Severity
from normlayers.diagnosis.rules.first_layers import AS_TRAINED_ON

Array = npt.NDArray[Any]

# Values of a channel in a batch: the variance of n values is off by sqrt(2 / (n - 1)), which is
# 0.5 of it for 9; Wu & He, Group Normalization (2018), see the error rise below 16.
FEW, TOO_FEW = 8, 2
# Mean of (moving mean - mean)² / variance, and the factor between moving and true variance: an
# estimate from hundreds of batches is within 0.1 and 1.3.
OFF, FAR_OFF = (1.0, 3.0), (9.0, 10.0)
# The same where they are known to be mostly the 0 and 1 that they begin with: momentum**steps.
MOSTLY_INITIAL, OFF_AS_INITIAL = 0.2, (0.1, 1.25)
# Variance as a part of epsilon.
BELOW, FAR_BELOW = 1.0, 0.01
# The largest epsilon that a layer has by default.
USUAL = 1e-3


def idle_bias(evidence: Evidence) -> list[Finding]:
    """Biases that a batch normalization takes away again (article A3, claim A3.6)."""
    return [
        Finding(
            "idle_bias",
            layer,
            {"layer": layer, "normalization": normalization},
            "note",
            f"The bias of {layer!r} does nothing: {normalization!r} subtracts it with the batch's "
            "mean.",
            "Give the layer use_bias=False, or call normlayers.without_idle_bias(model).",
            True,
        )
        for layer, normalization in evidence.idle
    ]


def batch_too_small(evidence: Evidence) -> list[Finding]:
    """Batches of too few values for a mean and a variance."""
    rows = evidence.data.rows
    batch = min(evidence.batch_size, rows)
    findings = []
    for layer in _training(evidence):
        values = batch * layer.values
        if values >= FEW:
            continue
        findings.append(
            Finding(
                "batch_too_small",
                layer.name,
                {"batch_size": evidence.batch_size, "rows": rows, "values": values},
                "error" if values <= TOO_FEW else "warning",
                f"{layer.name!r} normalizes by the statistics of {values} values a channel, which "
                f"{'are no statistics' if values <= TOO_FEW else 'are off by half and more'}.",
                "Train with batches of 16 or more, or use LayerNormalization or "
                "GroupNormalization.",
                True,
            )
        )
        break  # one batch size for all of them
    return findings


def stale_moving_statistics(evidence: Evidence) -> list[Finding]:
    """Moving statistics that are not those of the data: inference differs from training."""
    subject = evidence.subject
    findings = []
    for layer in evidence.normalizations:
        fresh = np.all(layer.moving_mean == 0) and np.all(layer.moving_variance == 1)
        # New behind layers that were trained before, as in fine-tuning, it has not begun to learn.
        begins = not subject.trained or (subject.steps == 0 and layer.untouched)
        learns = fresh and layer.trainable and begins
        if learns or len(layer.mean) == 0 or evidence.data.rows < FEW:
            continue
        with np.errstate(all="ignore"):
            size = layer.variance + layer.epsilon
            mean_off = float(np.mean((layer.moving_mean - layer.mean) ** 2 / size))
            factor = np.log((layer.moving_variance + layer.epsilon) / size)
            variance_off = float(np.exp(np.median(np.abs(factor))))
        initial = _initial_share(layer, subject.steps)
        off = OFF_AS_INITIAL if initial >= MOSTLY_INITIAL else OFF
        if mean_off <= off[0] and variance_off <= off[1]:
            continue
        far = mean_off > FAR_OFF[0] or variance_off > FAR_OFF[1]
        why = "" if layer.trainable else " The layer is frozen, and does not learn them."
        if fresh and not layer.trainable:
            why = " The layer is frozen with those that it began with, as if nothing was loaded."
        if initial >= MOSTLY_INITIAL:
            why = (
                f" After {subject.steps} steps at momentum {layer.momentum:g} they are still "
                f"{initial:.0%} the values that they began with."
            )
        findings.append(
            Finding(
                "stale_moving_statistics",
                layer.name,
                {
                    "mean_off": mean_off,
                    "variance_factor": variance_off,
                    "frozen": not layer.trainable,
                    "initial_share": initial,
                },
                "error" if far else "warning",
                f"The moving statistics of {layer.name!r} are not those of the data: means are "
                f"{np.sqrt(mean_off):.2g} standard deviations off, variances by a factor of "
                f"{variance_off:.3g}, so that inference differs from training.{why}",
                *_cure(layer, bool(fresh)),
            )
        )
    return findings


def _cure(layer: Normalization, fresh: bool) -> tuple[str, bool]:
    """What to do, and whether ``repair`` can."""
    if layer.trainable:
        return (
            "Compute them from the data with normlayers.recalibrate, train longer, or lower the "
            "layer's momentum.",
            True,
        )
    if fresh:
        return "Load the weights that the layer was trained to have, or let it train.", False
    return (
        f"{AS_TRAINED_ON} Where other data are meant: set trainable = True on the batch "
        "normalizations, call normlayers.recalibrate, and freeze them again.",
        False,
    )


def _initial_share(layer: Normalization, steps: int) -> float:
    """How much of the moving statistics are the values they began with; 0 where not known."""
    return layer.momentum**steps if steps and layer.trainable else 0.0


def unfrozen_normalization(evidence: Evidence) -> list[Finding]:
    """Normalizations that train behind kernels that do not: fine-tuning forgets what was learned.

    Keras's guide to transfer learning keeps them in inference mode.
    """
    return [
        Finding(
            "unfrozen_normalization",
            layer.name,
            {"layer": layer.before},
            "warning",
            f"{layer.name!r} goes on learning behind the frozen {layer.before!r}, and changes what "
            "the frozen layers were trained to give.",
            f"Set trainable = False for {layer.name!r} too.",
            False,
        )
        for layer in evidence.normalizations
        if layer.trainable and layer.before and not layer.before_trainable
    ]


def dropout_before_normalization(evidence: Evidence) -> list[Finding]:
    """A dropout right before a normalization, whose variance in training is not inference's.

    Li et al., Understanding the disharmony between dropout and batch normalization by variance
    shift (2019).
    """
    return [
        Finding(
            "dropout_before_normalization",
            layer.dropout,
            {"dropout": layer.dropout, "normalization": layer.name},
            "warning",
            f"{layer.dropout!r} stands right before {layer.name!r}: it raises the variance in "
            "training only, so that the moving variance does not fit inference.",
            "Put the dropout behind the normalization and its activation.",
            True,
        )
        for layer in _training(evidence)
        if layer.dropout
    ]


def epsilon_dominates(evidence: Evidence) -> list[Finding]:
    """Variances below epsilon: the output is not of unit variance, but next to nothing.

    A frozen layer divides by its moving variance, what it is given does not matter, and what is
    behind it was trained so: a note. Before training, variances behind embeddings and recurrences
    are small and will grow: beside a usual epsilon that is a note, too.
    """
    findings = []
    for layer in evidence.normalizations:
        varies = layer.variance > 1e-12 * (layer.mean**2 + 1e-30)
        if not varies.any() or evidence.data.rows < 2:
            continue
        divides_by = layer.variance if layer.trainable else layer.moving_variance
        ratio = float(np.median(divides_by[varies]) / max(layer.epsilon, 1e-30))
        if ratio >= BELOW:
            continue
        grows = layer.trainable and layer.epsilon <= USUAL and not evidence.subject.trained
        beside: Severity = "note" if grows or not layer.trainable else "warning"
        findings.append(
            Finding(
                "epsilon_dominates",
                layer.name,
                {"variance": ratio * layer.epsilon, "epsilon": layer.epsilon},
                "error" if ratio < FAR_BELOW and layer.trainable else beside,
                f"{layer.name!r} adds epsilon={layer.epsilon:.3g} to variances of about "
                f"{ratio * layer.epsilon:.2g}, so that what it gives has a standard deviation of "
                f"{np.sqrt(ratio / (1 + ratio)):.2g} and not 1.",
                "Use a smaller epsilon, such as 1e-5, or scale what the layer takes.",
                True,
            )
        )
    return findings


def _training(evidence: Evidence) -> list[Normalization]:
    return [layer for layer in evidence.normalizations if layer.trainable]

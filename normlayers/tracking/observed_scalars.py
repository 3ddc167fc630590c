"""A reading as the scalars that are written and kept."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np
import numpy.typing as npt

from normlayers.tracking import measures
from normlayers.tracking.reading.probe import Reading
from normlayers.tracking.reading.roles import Roles

# Layers up to this size have their neurons shown one by one.
SMALL_LAYER = 16


def observed_scalars(
    reading: Reading, tolerance: float, found: Roles, layers: Collection[str], each: bool = True
) -> dict[str, float]:
    """Layers' measures under their tags; NaN for a layer that is not finite.

    States, overlap and entropy are those of layers of neurons; of softmax there is only what its
    derivative tells.

    Args:
        reading: what a model does on the points.
        tolerance: as for ``measures.states``.
        found: the layers' roles.
        layers: those that are shown.
        each: whether small layers' neurons are shown one by one.
    """
    scalars: dict[str, float] = {}
    for name, summary in reading.summaries.items():
        if name not in layers:
            continue
        slopes = [k for k in ("saturation", "zero_gradient") if k in summary]
        measured: dict[str, float] = {k: float(summary[k]) for k in slopes}
        if name in found.neurons:
            measured |= _of_neurons(summary, tolerance)
        if name not in found.softmaxes:
            measured |= _of_each(summary, reading.activations.get(name), each)
        if not summary["finite"]:
            measured = dict.fromkeys(measured, float("nan"))
        scalars |= {f"activity/{name}/{tag}": value for tag, value in measured.items()}
    return scalars


def _of_neurons(summary: dict[str, Any], tolerance: float) -> dict[str, float]:
    share = np.asarray(summary["share"], float)
    measured = measures.state_shares(share, tolerance)
    measured["entropy"] = float(measures.entropy(share).mean())
    if "overlap" in summary:
        measured["overlap"] = float(summary["overlap"])
    return measured


def _of_each(
    summary: dict[str, Any], values: npt.NDArray[Any] | None, each: bool
) -> dict[str, float]:
    share = np.asarray(summary["share"], float)
    measured: dict[str, float] = {}
    if values is not None and 1 < len(share) <= measures.PAIRS_COMPARED:
        measured["duplicates"] = float(measures.duplicates(values).mean())
    if each and len(share) <= SMALL_LAYER:
        measured |= {f"neuron_{i}": float(part) for i, part in enumerate(share)}
    return measured

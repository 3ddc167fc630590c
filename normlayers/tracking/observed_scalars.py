"""A reading as the scalars that are written and kept."""

from __future__ import annotations

import numpy as np

from normlayers.tracking import measures
from normlayers.tracking.probe import Reading

# Layers up to this size have their neurons shown one by one.
SMALL_LAYER = 16


def observed_scalars(reading: Reading, tolerance: float) -> dict[str, float]:
    """Each layer's measures under their tags; NaN for a layer that is not finite.

    Args:
        reading: what a model does on the points.
        tolerance: as for ``measures.states``.
    """
    scalars: dict[str, float] = {}
    for name, summary in reading.summaries.items():
        share = np.asarray(summary["share"], float)
        found = {**measures.state_shares(share, tolerance)}
        found["entropy"] = float(measures.entropy(share).mean())
        for measure in ("overlap", "saturation", "zero_gradient"):
            if measure in summary:
                found[measure] = float(summary[measure])
        values = reading.activations.get(name)
        if values is not None and 1 < len(share) <= measures.PAIRS_COMPARED:
            found["duplicates"] = float(measures.duplicates(values).mean())
        if len(share) <= SMALL_LAYER:
            found |= {f"neuron_{i}": float(part) for i, part in enumerate(share)}
        if not summary["finite"]:
            found = dict.fromkeys(found, float("nan"))
        scalars |= {f"activity/{name}/{tag}": value for tag, value in found.items()}
    return scalars

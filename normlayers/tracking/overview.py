"""A model in a dozen curves, however many layers it has."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from normlayers.tracking import measures
from normlayers.tracking.reading.input_summary import input_measures
from normlayers.tracking.reading.roles import Roles
from normlayers.tracking.writing.tag_descriptions import OVERVIEW_GROUP

OVER_LAYERS = ("dead", "always_on", "saturation")


def overview(
    summaries: Mapping[str, Mapping[str, Any]],
    inputs: Mapping[str, Any],
    found: Roles,
    tolerance: float,
) -> dict[str, float]:
    """The worst layer and the mean over layers of what should be small, and the inputs.

    Args:
        summaries: each watched layer's, see ``layer_summary``.
        inputs: of ``input_summary``.
        found: the layers' roles. Only layers of neurons count, each of them once.
        tolerance: as for ``measures.states``.

    Returns:
        by tag: ``dead``, ``always_on`` and ``saturation``, each ``_worst`` and ``_mean``, where
        there are layers to have them, and what ``input_measures`` measures. NaN where a layer is
        not finite.

    Example:
        >>> share = {"a": np.array([0.0, 0.5]), "b": np.array([1.0, 0.5])}
        >>> layers = {name: {"share": of, "finite": True} for name, of in share.items()}
        >>> told = overview(layers, {}, Roles(frozenset("ab")), 0.0)
        >>> told["overview/dead_worst"], told["overview/dead_mean"]
        (0.5, 0.25)
    """
    values: dict[str, list[float]] = {name: [] for name in OVER_LAYERS}
    for layer, summary in summaries.items():
        if layer not in found.neurons:
            continue
        shares = measures.state_shares(np.asarray(summary["share"], float), tolerance)
        measured = {**shares, **{k: float(summary[k]) for k in ("saturation",) if k in summary}}
        for name in OVER_LAYERS:
            if name in measured:
                values[name].append(measured[name] if summary["finite"] else float("nan"))
    told: dict[str, float] = {}
    for name, of_layers in values.items():
        if of_layers:
            told[f"{name}_worst"] = float(np.max(of_layers))
            told[f"{name}_mean"] = float(np.mean(of_layers))
    if inputs:
        told |= input_measures(inputs["mean"], inputs["deviation"])
    return {f"{OVERVIEW_GROUP}/{name}": value for name, value in told.items()}


def notes(remarks: Iterable[str], shown: Sequence[str], watched: int) -> str:
    """What is not in TensorBoard, and why, as Markdown; empty where all of it is.

    Args:
        remarks: what could not be measured.
        shown: the layers in detail.
        watched: how many layers are watched.
    """
    lines = [f"- {remark}" for remark in remarks]
    if len(shown) < watched:
        names = ", ".join(f"`{name}`" for name in shown)
        lines.append(
            f"- {len(shown)} of {watched} layers are shown in detail: {names}. Others are, too, "
            "with `details=` (their names, or how many)."
        )
    return "\n".join(lines)

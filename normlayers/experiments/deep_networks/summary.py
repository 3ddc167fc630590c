"""The ``measures`` of ``deep_networks``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from normlayers.experiments.claims.findings import ArmNotRunError
from normlayers.experiments.claims.summaries import QUANTILES, finite_or_none, quantiles
from normlayers.experiments.deep_networks.arms import (
    DEEP,
    NORMALIZATIONS,
)
from normlayers.experiments.deep_networks.identities import ROUNDING
from normlayers.experiments.deep_networks.measures import (
    MEASURES,
    TARGET_LOSS,
    Findings,
    cells,
    deep_in_time,
    deep_untold,
    depth_ratio,
    is_near,
)

Array = npt.NDArray[Any]


def measures_of(found: Findings) -> dict[str, Any]:
    """The ``measures`` of results.json, explained at the top of ``experiment``."""
    return {
        "target_loss": TARGET_LOSS,
        "quantile_levels": list(QUANTILES),
        "arms": {name: _of_arm(networks) for name, networks in found.arms.items()},
        "comparisons": {
            name: {normalization: _share(compare, found, normalization) for normalization in among}
            for name, (compare, among) in _COMPARED.items()
        },
        "idle_bias": {
            placement: {a: float(np.mean(moved < ROUNDING)) for a, moved in of.items()}
            for placement, of in found.moved_by_biases.items()
        },
        "undone_largest": float(found.undone.max()),
    }


def _of_arm(networks: Mapping[str, Array]) -> dict[str, Any]:
    measured = {name: of(networks) for name, of in MEASURES.items() if name != "drift"}
    moved = networks.get("drift")
    return {
        "networks": len(networks["loss"]),
        "diverged": float(networks["diverged"].mean()),
        "reached": float(np.isfinite(measured["epochs"]).mean()),
        "epochs": _quantiles(measured["epochs"]),
        "loss": _quantiles(measured["loss"]),
        "losses": _medians(networks["loss"]),
        "accuracy": {
            "mean": float(measured["accuracy"].mean()),
            "quantiles": _quantiles(measured["accuracy"]),
        },
        "first_gradient_norms": _medians(networks["first_gradient_norms"]),
        "gradient_norms": {
            "first_hidden": _medians(networks["gradient_norms"][:, :, 0]),
            "last_hidden": _medians(networks["gradient_norms"][:, :, -2]),
        },
        "first_to_last": _quantiles(measured["first_to_last"]),
        "drift": None if moved is None else _medians(moved.mean(axis=2)),
    }


def _quantiles(values: Array) -> list[float | None]:
    return finite_or_none(quantiles(values))


def _medians(values: Array) -> list[float | None]:
    return finite_or_none(quantiles(values, 0.5, axis=0))


def _share(
    compare: Callable[[Findings, str], Array], found: Findings, normalization: str
) -> float | None:
    try:
        return float(compare(found, normalization).mean())
    except ArmNotRunError:
        return None


def _sooner(found: Findings, normalization: str) -> Array:
    other = {"bn-pre": "bn-post", "bn-post": "bn-pre"}[normalization]
    return found.of("epochs", normalization, cells()) < found.of("epochs", other, cells())


_COMPARED: dict[str, tuple[Callable[[Findings, str], Array], tuple[str, ...]]] = {
    "even_gradients": (
        lambda found, name: is_near(found.of("first_to_last", name, cells(depths=[DEEP]))),
        tuple(NORMALIZATIONS),
    ),
    "gradients_kept": (
        lambda found, name: is_near(depth_ratio(found, name)),
        tuple(NORMALIZATIONS),
    ),
    "deep_in_time": (deep_in_time, tuple(NORMALIZATIONS)),
    "deep_untold": (deep_untold, tuple(NORMALIZATIONS)),
    "sooner_than_the_other": (_sooner, ("bn-pre", "bn-post")),
}

"""Normalization for Keras that is right, fast, and can be seen working."""

from importlib.metadata import version as _version
from typing import Any as _Any

from normlayers.inference.recalibration import recalibrate
from normlayers.layers.adapt import adapt
from normlayers.layers.batch_normalization import BatchNormalization
from normlayers.layers.idle_bias import without_idle_bias
from normlayers.layers.min_max_scale import MinMaxScale
from normlayers.layers.standardize import Standardize
from normlayers.tracking import measures
from normlayers.tracking.activation_tracker import ActivationTracker

__all__ = [
    "ActivationTracker",
    "BatchNormalization",
    "MinMaxScale",
    "Standardize",
    "adapt",
    "diagnose",
    "measures",
    "recalibrate",
    "without_idle_bias",
]
__version__ = _version("normlayers")


def __getattr__(name: str) -> _Any:
    """What few programs need is imported when it is first used."""
    if name == "diagnose":
        from normlayers.diagnosis.diagnose import diagnose

        return diagnose
    raise AttributeError(f"module 'normlayers' has no attribute {name!r}")

"""Normalization for Keras that is right, fast, and can be seen working."""

from importlib.metadata import version as _version

from normlayers.inference.folding import fold
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
    "fold",
    "measures",
    "recalibrate",
    "without_idle_bias",
]
__version__ = _version("normlayers")

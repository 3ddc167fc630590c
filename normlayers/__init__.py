"""Normalization for Keras that is right, fast, and can be seen working."""

from importlib.metadata import version as _version

from normlayers.layers.batch_normalization import BatchNormalization
from normlayers.layers.standardize import Standardize
from normlayers.tracking import measures
from normlayers.tracking.activation_tracker import ActivationTracker

__all__ = ["ActivationTracker", "BatchNormalization", "Standardize", "measures"]
__version__ = _version("normlayers")

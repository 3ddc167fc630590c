"""Normalization for Keras that is right, fast, and can be seen working.

Everything here is imported when it is first used, so that a command line's ``--help`` does not
wait for Keras. The layers are imported together with Keras at the latest: a model that was saved
with them loads after ``import normlayers``.
"""

from importlib import import_module as _import_module
from importlib.metadata import version as _version
from typing import TYPE_CHECKING, Any

from wrapt import register_post_import_hook as _after_import_of

if TYPE_CHECKING:
    from normlayers.diagnosis.diagnose import diagnose
    from normlayers.diagnosis.repair.repairing import repair
    from normlayers.inference.folding import fold
    from normlayers.inference.idle_bias import without_idle_bias
    from normlayers.inference.recalibration import recalibrate
    from normlayers.layers.adapt import adapt
    from normlayers.layers.batch_normalization import BatchNormalization
    from normlayers.layers.min_max_scale import MinMaxScale
    from normlayers.layers.standardize import Standardize
    from normlayers.statistics.extrema import Extrema
    from normlayers.statistics.moments import Moments
    from normlayers.tracking import measures
    from normlayers.tracking.activation_tracker import ActivationTracker

__all__ = [
    "ActivationTracker",
    "BatchNormalization",
    "Extrema",
    "MinMaxScale",
    "Moments",
    "Standardize",
    "adapt",
    "diagnose",
    "fold",
    "measures",
    "recalibrate",
    "repair",
    "without_idle_bias",
]
__version__ = _version("normlayers")

_MODULES = {
    "ActivationTracker": "tracking.activation_tracker",
    "BatchNormalization": "layers.batch_normalization",
    "Extrema": "statistics.extrema",
    "MinMaxScale": "layers.min_max_scale",
    "Moments": "statistics.moments",
    "Standardize": "layers.standardize",
    "adapt": "layers.adapt",
    "diagnose": "diagnosis.diagnose",
    "fold": "inference.folding",
    "measures": "tracking.measures",
    "recalibrate": "inference.recalibration",
    "repair": "diagnosis.repair.repairing",
    "without_idle_bias": "inference.idle_bias",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = _import_module(f"{__name__}.{_MODULES[name]}")
    value = globals()[name] = getattr(module, name, module)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def _register_layers(keras: Any) -> None:
    """Keras finds a saved layer's class by its name once the class's module is imported."""
    for layer in ("batch_normalization", "fill_missing", "min_max_scale", "standardize"):
        _import_module(f"{__name__}.layers.{layer}")


_after_import_of(_register_layers, "keras")

"""scikit-learn's tests of its scalers, which its wheel brings along, with our layers instead.

Its test module is loaded once more, with adapters of our layers where it imports the scalers; its
tests that use them are those of this module, but for what a layer is not.
"""

import importlib.util
import types

import keras
import pytest
from sklearn.base import BaseEstimator

from tests.peers.scikit_learn_scalers import MinMaxScaler, Scaler, StandardScaler

OURS = {"StandardScaler": StandardScaler, "MinMaxScaler": MinMaxScaler}

NOT_FOR_LAYERS = {
    "of scikit-learn's array API, which dispatches inside its own functions": (
        "test_standard_scaler_sample_weight_array_api",
        "test_preprocessing_array_api_compliance",
        "test_preprocessing_integer_array_api_on_float32_only_device",
        "test_standard_scaler_array_api_compliance",
    ),
    "of names, warnings and callbacks of scikit-learn's estimators": (
        "test_one_to_one_features",
        "test_one_to_one_features_pandas",
        "test_transformer_inverse_transform_feature_names_warning",
        "test_transformer_inverse_transform_shape_error",
        "test_standard_scaler_callback_support",
    ),
    "of scikit-learn's check that data have two axes: a layer takes any": (
        "test_standard_scaler_raise_error_for_1d_input",
    ),
    "of weights of shape (rows, 1), refused there and taken here": (
        "test_raises_value_error_if_sample_weights_greater_than_1d",
    ),
}

NAN_THROUGHOUT = {
    f"test_standard_scaler_sample_weight[{container}-Xw2-X2-sample_weight2]"
    for container in ("array", "sparse_csr", "sparse_csc")
}


def _load():
    """scikit-learn's test module, with our scalers in the place of its own."""
    import sklearn.preprocessing as theirs

    try:
        found = importlib.util.find_spec("sklearn.preprocessing.tests.test_data")
    except ImportError:
        found = None
    if found is None:
        pytest.skip("this scikit-learn comes without its tests", allow_module_level=True)
    module = importlib.util.module_from_spec(found)
    with pytest.MonkeyPatch.context() as patch:
        for name, ours in OURS.items():
            patch.setattr(theirs, name, ours)
        found.loader.exec_module(module)
    return module


def _names(code):
    """All names in a function's code, with the functions within."""
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _names(constant)


def _parameters(test):
    """The lists of values that a test is parametrized with."""
    marks = (mark.args for mark in getattr(test, "pytestmark", ()) if len(mark.args) > 1)
    return [values for _, values in marks if isinstance(values, list)]


def _is_ours(entry):
    return isinstance(entry, Scaler) or (isinstance(entry, type) and issubclass(entry, Scaler))


def _uses_ours(test):
    given = any(_is_ours(entry) for values in _parameters(test) for entry in values)
    return given or not set(OURS).isdisjoint(_names(test.__code__))


def _only_ours(test):
    """The test without its cases of scikit-learn's other estimators."""
    for values in _parameters(test):
        values[:] = [v for v in values if _is_ours(v) or not isinstance(v, BaseEstimator)]
    return test


UPSTREAM = _load()
LEFT_OUT = {name for names in NOT_FOR_LAYERS.values() for name in names}
TAKEN = {
    name: _only_ours(test)
    for name, test in vars(UPSTREAM).items()
    if name.startswith("test_") and name not in LEFT_OUT and _uses_ours(test)
}
globals().update(TAKEN)


@pytest.fixture(autouse=True)
def _differences(request):
    """A feature that is NaN throughout has NaN for a variance there; here it is refused."""
    if request.node.name in NAN_THROUGHOUT:
        refused = pytest.mark.xfail(raises=ValueError, strict=True, reason="no data of a feature")
        request.applymarker(refused)


@pytest.fixture(autouse=True)
def _float64():
    """They are tests of float64, which JAX has only where it is told so."""
    if keras.backend.backend() != "jax":
        yield
        return
    import jax

    with jax.enable_x64(True):
        yield


def test_there_are_tests():
    assert len(TAKEN) >= 20

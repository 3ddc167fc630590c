import keras
import numpy as np
import pytest

from normlayers.layers.fill_missing import FillMissing


def test_fills_nan_and_infinite_values_and_nothing_else():
    x = np.array([[1.0, np.nan, -np.inf], [np.inf, 0.0, -3.0]], "float32")
    out = keras.ops.convert_to_numpy(FillMissing(2.0)(x))
    np.testing.assert_array_equal(out, [[1.0, 2.0, 2.0], [2.0, 0.0, -3.0]])


def test_saved_and_loaded(tmp_path):
    model = keras.Sequential([keras.Input((2,)), FillMissing(-1.0)])
    model.save(tmp_path / "model.keras")
    x = np.array([[np.nan, 4.0]], "float32")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(loaded(x)), [[-1.0, 4.0]])


@pytest.mark.parametrize("value", [np.float32(0.5), np.int64(-1), 2])
def test_takes_numpy_s_numbers(value):
    assert FillMissing(value).get_config()["value"] == float(value)


@pytest.mark.parametrize("value", [np.nan, np.inf, "0", None, True])
def test_refuses_what_is_no_finite_number(value):
    with pytest.raises(ValueError, match="finite number"):
        FillMissing(value)

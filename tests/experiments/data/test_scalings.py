"""The ways to scale inputs against scikit-learn's scalers."""

import numpy as np
import pytest
from sklearn.preprocessing import MinMaxScaler, StandardScaler

from normlayers.experiments.data.digits import digits
from normlayers.experiments.data.scalings import SCALINGS, scaled, scalings_of
from normlayers.experiments.data.wine import wine

SCALERS = {
    "standardized": StandardScaler(),
    "min_max": MinMaxScaler(),
    "divided_by_std": StandardScaler(with_mean=False),
}


@pytest.mark.parametrize("data", [digits(), wine()], ids=["digits", "wine"])
@pytest.mark.parametrize("scaling", list(SCALERS))
def test_scalings_are_scikit_learns_also_where_a_pixel_is_constant(data, scaling):
    half = len(data.x) // 2
    train, rest = data.x[::2], data.x[1::2]
    assert len(train) >= half
    scaler = SCALERS[scaling].fit(train.astype(float))
    for ours, points in zip(scaled(scaling, train, rest), (train, rest), strict=True):
        np.testing.assert_allclose(ours, scaler.transform(points), rtol=1e-4, atol=1e-4)
        assert ours.dtype == np.float32


def test_raw_is_as_it_was_and_a_sixteenth_is_exact():
    x, rest = digits().x[:5], digits().x[5:9]
    assert scaled("raw", x, rest)[1] is rest
    divided = scaled("divided_by_16", x, rest)
    np.testing.assert_array_equal(divided[1] * 16, rest)
    assert divided[0].max() == 1


def test_only_data_bounded_by_16_are_divided_by_it():
    assert scalings_of(digits()) == tuple(SCALINGS)
    assert set(SCALINGS) - set(scalings_of(wine())) == {"divided_by_16"}

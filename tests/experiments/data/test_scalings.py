"""The ways to scale inputs against scikit-learn's scalers."""

import numpy as np
import pytest
from sklearn.preprocessing import MinMaxScaler, StandardScaler

from normlayers.experiments.data.scalings import DATA_SETS, SCALINGS, digits, scaled, wine

SCALERS = {
    "standardized": StandardScaler(),
    "min_max": MinMaxScaler(),
    "divided_by_std": StandardScaler(with_mean=False),
}


@pytest.mark.parametrize("data", [digits(), wine()], ids=list(DATA_SETS))
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


def test_data_sets_are_what_they_are_said_to_be():
    d, w = digits(), wine()
    assert (d.x.shape, w.x.shape) == ((1797, 64), (178, 13))
    assert len(d.features) == 64
    assert d.features[42] == "pixel (5, 2)"
    assert w.features[12] == "proline"
    assert w.x[:, 12].mean() == pytest.approx(746.9, abs=0.1)
    assert d.scalings == tuple(SCALINGS)
    assert "divided_by_16" not in w.scalings

"""Saturation of many networks at once against the tracker's measure of each."""

import numpy as np
import pytest
from keras import ops

from normlayers.ensembles.classifier_network import Classifier
from normlayers.ensembles.dense_networks import NOT_ELEMENTWISE
from normlayers.ensembles.saturation import saturation, slopes
from normlayers.ensembles.stacked_network import Architecture
from normlayers.tracking import measures


@pytest.mark.parametrize(
    "activation", [name for name in measures.DERIVATIVES if name not in NOT_ELEMENTWISE]
)
def test_saturation_is_the_trackers_in_both_layouts(activation):
    # Of five networks of four neurons on fifty points; outputs in [-1, 1] and of both ends.
    outputs = np.tanh(np.random.default_rng(0).normal(scale=3, size=(5, 4, 50))).astype("float32")
    outputs[:, :, :3] = [-1, 0, 1]
    expected = [measures.saturation(one.T, activation).mean() for one in outputs]
    assert np.ptp(expected) > 0 or activation == "linear"
    for networks, laid in (
        (Classifier(2, (4,), 2, activation), outputs),
        (Architecture(2, (4,), activation), outputs.T),
    ):
        tensor = ops.convert_to_tensor(np.ascontiguousarray(laid))
        found = ops.convert_to_numpy(saturation(networks, tensor))
        assert found.shape == (5,)
        np.testing.assert_allclose(found, expected, atol=1e-6)
        np.testing.assert_allclose(
            ops.convert_to_numpy(slopes(networks, tensor)),
            np.abs(measures.derivative(laid, activation)),
            atol=1e-6,
        )

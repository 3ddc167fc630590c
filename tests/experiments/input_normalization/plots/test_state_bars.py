"""Bars of neurons' states."""

import numpy as np

from normlayers.experiments.input_normalization.plots.state_bars import state_bars


def test_bars_add_up_to_1():
    shares = {"start": np.array([0.5, 0.3, 0.2]), "end": np.array([0.0, 0.0, 1.0])}
    figure = state_bars({"relu": {"wine": shares}}, "two")
    tops = [patch.get_y() + patch.get_height() for patch in figure.axes[0].patches]
    np.testing.assert_allclose(tops, [0.5, 0, 0.8, 0, 1, 1])

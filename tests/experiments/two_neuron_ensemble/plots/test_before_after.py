"""Histograms at the start and at the end."""

import numpy as np

from normlayers.experiments.two_neuron_ensemble.plots.before_after import before_after


def test_shares_before_and_after_add_up():
    start, end = np.array([0.1, 0.1, np.nan]), np.array([0.9, 0.5, 0.5])
    figure = before_after({"relu": (start, end)}, "cosine", (0, 1), "t")
    for patch, expected in zip(figure.axes[0].patches, ({1.0}, {1 / 3, 2 / 3}), strict=True):
        heights = {round(float(h), 6) for h in patch.get_xy()[:, 1]} - {0}
        assert heights == {round(h, 6) for h in expected}
    assert figure.axes[0].get_title() == "relu (3 networks)"

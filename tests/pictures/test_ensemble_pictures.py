"""The ensembles' pictures show the numbers they are given."""

import numpy as np
import pytest

from normlayers.experiments.plots.courses import courses
from normlayers.experiments.plots.violins import violins
from normlayers.experiments.two_neuron_ensemble.plots.before_after import before_after
from normlayers.experiments.two_neuron_ensemble.plots.sweep import sweep
from normlayers.pictures.palette import INK
from normlayers.pictures.png import to_png


def line(axes, label):
    (found,) = [a for a in axes.lines if a.get_label() == label]
    return found.get_ydata()


def test_a_sweep_shows_medians_and_all_of_the_neurons():
    random = np.random.default_rng(0)
    accuracy = {"relu": list(random.uniform(0.4, 0.9, (3, 50))), "tanh": list(np.ones((3, 50)))}
    states = {
        name: np.array([[0.2, 0.3, 0.4], [0.5, 0.5, 0.5], [0.3, 0.2, 0.1]]) for name in accuracy
    }
    figure = sweep([0, 5, 10], accuracy, states, {"a line": 0.6, "another": 0.7}, "many")
    top, *_, bottom = figure.axes[:3]
    np.testing.assert_allclose(line(top, "median network"), np.median(accuracy["relu"], axis=1))
    np.testing.assert_allclose(line(top, "a line"), 0.6)
    np.testing.assert_allclose(line(top, "another"), 0.7)
    highest = max(path.vertices[:, 1].max() for c in bottom.collections for path in c.get_paths())
    assert highest == pytest.approx(1)
    assert to_png(figure)


def test_what_diverged_is_left_out():
    sample = np.array([0.5, 0.6, np.nan, 0.7])
    figure = violins(
        {"relu": {"shifted": sample}}, "accuracy", "few", {"a line": 0.6, "another": 0.7}
    )
    np.testing.assert_allclose(line(figure.axes[0], "median"), [0.6])
    figure = sweep([0, 1], {"relu": [sample, sample]}, {"relu": np.ones((3, 2)) / 3}, {}, "")
    np.testing.assert_allclose(line(figure.axes[0], "median network"), [0.6, 0.6])
    assert to_png(figure)


def test_samples_that_are_all_one_value_are_drawn():
    assert to_png(violins({"relu": {"dead": np.full(9, 0.518)}}, "accuracy", "same"))


def test_courses_show_estimates_and_intervals():
    values = np.array([[0.5, 0.6], [0.4, 0.5], [0.6, 0.7]])
    figure = courses(("shift", [0, 1]), {"moved": {"relu": values}, "kept": {"relu": values}}, "t")
    axes = figure.axes[1]
    assert axes.get_title() == "kept"
    np.testing.assert_allclose(line(axes, "relu"), values[0])
    band = axes.collections[0].get_paths()[0].vertices[:, 1]
    assert (band.min(), band.max()) == pytest.approx((0.4, 0.7))
    assert line(axes, "relu") is not None
    assert axes.lines[0].get_color() == "#000000" != INK


def test_shares_before_and_after_add_up():
    start, end = np.array([0.1, 0.1, np.nan]), np.array([0.9, 0.5, 0.5])
    figure = before_after({"relu": (start, end)}, "cosine", (0, 1), "t")
    for patch, expected in zip(figure.axes[0].patches, ({1.0}, {1 / 3, 2 / 3}), strict=True):
        heights = {round(float(h), 6) for h in patch.get_xy()[:, 1]} - {0}
        assert heights == {round(h, 6) for h in expected}
    assert figure.axes[0].get_title() == "relu (3 networks)"

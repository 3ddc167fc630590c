"""The pictures of the activation experiment."""

import numpy as np
import pytest

from normlayers.experiments.activation_odds.plots.odds import (
    active_neurons,
    neuron_states,
    share_histograms,
    shifted_histograms,
)
from normlayers.pictures.palette import STATES_OF_NEURONS
from normlayers.pictures.png import to_png

KINDS = ("bias 0", "bias U(-1, 1)")


def heights(axes):
    return [bar.get_height() for bar in axes.patches]


def legend(holder):
    return [text.get_text() for text in holder.get_texts()]


def test_bars_stand_side_by_side_and_marks_between():
    shares = dict(zip(KINDS, ([0.2, 0.5, 0.3], [0.1, 0.6, 0.3]), strict=True))
    axes = active_neurons(shares, [0.25, 0.5, 0.25], "three").axes[0]
    assert heights(axes) == [0.2, 0.5, 0.3, 0.1, 0.6, 0.3]
    middles = [bar.get_x() + bar.get_width() / 2 for bar in axes.patches]
    np.testing.assert_allclose(middles, [-0.2, 0.8, 1.8, 0.2, 1.2, 2.2])
    (marks,) = axes.lines
    np.testing.assert_array_equal(marks.get_xydata(), [[0, 0.25], [1, 0.5], [2, 0.25]])
    assert set(legend(axes.get_legend())) == {*KINDS, "exact"}
    assert axes.get_title() == "three"
    assert axes.get_xlabel() == "number of active neurons"


def test_of_a_large_layer_only_the_numbers_that_occur_are_drawn():
    exact = np.zeros(1001)
    exact[480:521] = 1 / 41
    axes = active_neurons({"bias 0": exact}, exact, "many").axes[0]
    assert len(axes.patches) == 41
    assert axes.lines[0].get_xdata().tolist() == list(range(480, 521))


def test_histograms_have_a_panel_a_kind_on_one_scale():
    shares = dict(zip(KINDS, ([0.1, 0.9], [0.5, 0.5]), strict=True))
    figure = share_histograms(shares, "title", ("share", "neurons"))
    assert [heights(axes) for axes in figure.axes] == [[0.1, 0.9], [0.5, 0.5]]
    assert [axes.get_title() for axes in figure.axes] == list(KINDS)
    for axes in figure.axes:
        assert axes.get_ylim() == (0, pytest.approx(0.99))
    assert (figure.get_suptitle(), figure.get_supxlabel()) == ("title", "share")
    assert figure.axes[0].get_ylabel() == "neurons"
    assert all(axes.get_legend() is None for axes in figure.axes)


def test_frames_of_a_film_share_their_scale_and_size():
    sizes = set()
    for share in ([0.1, 0.9], [0.5, 0.5]):
        figure = share_histograms({"bias 0": share}, "frame", ("share", "neurons"), top=1.5)
        assert figure.axes[0].get_ylim() == (0, 1.5)
        sizes.add(to_png(figure)[16:24])
    assert len(sizes) == 1


def test_an_exact_uniform_distribution_is_drawn_where_there_is_one():
    shares = {kind: [0.5, 0.5, 0, 0] for kind in KINDS}
    figure = share_histograms(shares, "overlap", ("share", "pairs"), uniform={KINDS[0]: (0, 0.5)})
    (line,) = figure.axes[0].lines
    # As high as the two bars that it fills evenly.
    np.testing.assert_allclose(line.get_xydata(), [[0, 0], [0, 0.5], [0.5, 0.5], [0.5, 0]])
    assert legend(figure.axes[0].get_legend()) == ["exact, whole cube: U(0, 0.5)"]
    assert not figure.axes[1].lines


def test_a_heat_map_has_a_column_a_shift():
    shares = {"bias 0": [[0.2, 0.7, 0.1], [0.5, 0, 0.5]]}
    figure = shifted_histograms(shares, [0, 9], "shifts")
    (image,) = figure.axes[0].images
    np.testing.assert_array_equal(image.get_array(), [[0.2, 0.5], [0.7, 0], [0.1, 0.5]])
    assert image.origin == "lower"
    assert [label.get_text() for label in figure.axes[0].get_xticklabels()] == ["0", "9"]
    figure.canvas.draw()
    assert "0.1%" in [label.get_text() for label in figure.axes[1].get_yticklabels()]


def stacked(*shares):
    return dict(zip(STATES_OF_NEURONS, shares, strict=True))


def test_states_are_stacked_and_exact_borders_marked():
    found = {kind: stacked([0, 0.4], [0.9, 0.3], [0.1, 0.3]) for kind in KINDS}
    exact = {KINDS[0]: stacked([0, 0.45], [1, 0.1], [0, 0.45])}
    figure = neuron_states(found, exact, [0, 9], "states")
    first, second = figure.axes
    np.testing.assert_allclose(heights(first), [0, 0.4, 0.9, 0.3, 0.1, 0.3])
    tops = [bar.get_y() + bar.get_height() for bar in first.patches]
    np.testing.assert_allclose(tops, [0, 0.4, 0.9, 0.7, 1, 1])
    np.testing.assert_allclose(first.lines[0].get_xydata(), [[0, 0], [1, 0.45], [0, 1], [1, 0.55]])
    assert not second.lines
    assert legend(figure.legends[0]) == [*STATES_OF_NEURONS, "exact, whole cube"]


def test_states_can_be_drawn_without_exact_ones():
    found = {"bias 0": stacked([0.4], [0.3], [0.3])}
    figure = neuron_states(found, {}, [0], "states")
    assert legend(figure.legends[0]) == list(STATES_OF_NEURONS)

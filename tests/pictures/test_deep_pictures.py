"""The pictures of deep networks show the numbers they are given."""

import numpy as np
import pytest

from normlayers.pictures.band_grid import LINES, band_grid
from normlayers.pictures.interval_groups import interval_groups
from normlayers.pictures.png import to_png


def lines(axes, label):
    return [a for a in axes.lines if a.get_label() == label]


def test_a_grid_has_a_panel_a_cell_with_lines_bands_and_a_level():
    places, values = np.arange(1, 4), np.array([[3.0, 2, 1], [2, 1, 0.5], [4, 3, 2]])
    panels = {"8 layers": {"none": (places, values), "before": (places, 2 * values)}}
    rows = {name: panels | {"20 layers": panels["8 layers"]} for name in ("ReLU", "tanh")}
    figure = band_grid(
        rows,
        ("epoch", "loss (nats)"),
        "three networks",
        True,
        ("target", dict.fromkeys(rows, 1.15)),
    )
    assert [axes.get_title() for axes in figure.axes] == [
        "8 layers", "20 layers", "", ""
    ]  # fmt: skip
    axes = figure.axes[0]
    for number, (label, expected) in enumerate((("none", values), ("before", 2 * values))):
        (line,) = lines(axes, label)
        np.testing.assert_array_equal(line.get_xdata(), places)
        np.testing.assert_array_equal(line.get_ydata(), expected[0])
        assert line.get_color() == LINES[number][0]
        band = axes.collections[number].get_paths()[0].vertices[:, 1]
        assert (band.min(), band.max()) == (expected[1].min(), expected[2].max())
    assert set(lines(axes, "target")[0].get_ydata()) == {1.15}
    assert axes.get_yscale() == "log"
    assert axes.get_ylabel() == "ReLU\nloss (nats)"
    assert figure.axes[2].get_ylabel() == "tanh\nloss (nats)"
    assert figure.axes[2].get_xlabel() == "epoch"
    legend = [text.get_text() for text in figure.legends[0].get_texts()]
    assert legend == ["none", "before", "target"]
    assert to_png(figure)


def test_what_is_not_finite_is_left_out_of_a_line():
    values = np.array([[3.0, np.inf], [2, 1], [4, np.nan]])
    figure = band_grid({"a": {"b": {"none": (np.arange(2), values)}}}, ("x", "y"), "t")
    shown = lines(figure.axes[0], "none")[0].get_ydata()
    assert shown[0] == 3
    assert np.isnan(shown[1])
    assert to_png(figure)


def test_groups_show_medians_and_ranges():
    sample = np.linspace(0, 1, 101)
    series = {"none": {"2": sample, "8": sample + 1}, "before": {"2": sample + 2, "8": sample}}
    figure = interval_groups({"raw": {"ReLU": series}}, ("hidden layers", "accuracy"), "101")
    axes = figure.axes[0]
    (mark,) = lines(axes, "none")
    np.testing.assert_allclose(mark.get_ydata(), [0.5])
    shown = [tuple(line.get_ydata()) for line in axes.lines]
    for ends in ((0.05, 0.95), (0.25, 0.75), (1.05, 1.95), (2.25, 2.75)):
        assert any(np.allclose(ends, pair) for pair in shown if len(pair) == 2)
    assert [label.get_text() for label in axes.get_xticklabels()] == ["2", "8"]
    # A mark is nearer to its own group than to another's.
    assert all(abs(x - round(x)) < 0.35 for line in axes.lines for x in line.get_xdata())
    assert (axes.get_title(), axes.get_xlabel()) == ("ReLU, raw", "hidden layers")
    assert to_png(figure)


@pytest.mark.parametrize("diverged", [1, 3])
def test_diverged_networks_are_told_of(diverged):
    sample = np.r_[[0.1, 0.2, 0.3][: 3 - diverged], np.full(diverged, np.inf)]
    series = {"none": {"2": sample, "8": np.array([0.5, 0.6])}}
    figure = interval_groups({"raw": {"ReLU": series}}, ("layers", "loss"), "few")
    assert figure.axes[0].get_title() == f"ReLU, raw ({diverged} diverged)"
    assert to_png(figure)

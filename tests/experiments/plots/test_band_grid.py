"""Lines, bands and levels of a grid are those given."""

import numpy as np

from normlayers.experiments.plots.band_grid import LINES, band_grid
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

"""Figures of all arms, and of some."""

from normlayers.experiments.claims.findings import ByArm
from normlayers.experiments.input_normalization.arms import ARMS
from normlayers.experiments.input_normalization.figures import FIGURES, caption, figures
from normlayers.pictures.png import to_png
from tests.experiments.input_normalization.made_up import NETWORKS, trained


def test_every_figure_is_drawn_and_told():
    drawn = figures(trained())
    assert tuple(drawn) == FIGURES
    for name, figure in drawn.items():
        assert to_png(figure).startswith(b"\x89PNG")
        assert f"{NETWORKS} networks an arm" in figure.get_suptitle()
        assert "70" in caption(name, NETWORKS)


def test_figures_of_missing_arms_are_left_out():
    some = {name: arm for name, arm in trained().items() if "sigmoid" not in name}
    assert set(figures(ByArm(some, ARMS))) == {"neurons.png", "features.png"}

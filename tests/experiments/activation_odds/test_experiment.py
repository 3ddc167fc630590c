"""The activation experiment of the article: its measures, its figures, its results.

Covers too: figures.py, table.py.
"""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from normlayers.experiments.activation_odds import experiment
from normlayers.experiments.activation_odds import figures as activation_figures
from normlayers.experiments.activation_odds.figures import KINDS, picture_files
from normlayers.experiments.activation_odds.simulated_odds import BIASES, simulate
from tests.experiments.printed_run import printed_run
from tests.tensorboard_reader import Read

OF_A_BIAS = {
    *("share_on_all", "share_on_part", "share_on_none", "mean_active", "number_active"),
    *("selective_neurons", "share_quantiles", "share_histogram"),
    *("overlap_quantiles", "overlap_histogram"),
}


@pytest.fixture(scope="module")
def article(tmp_path_factory):
    """The article's network, 5,000 times."""
    log_dir = tmp_path_factory.mktemp("article")
    results, printed = printed_run(experiment, log_dir, networks=5000)
    return log_dir, results, printed


@given(st.lists(st.integers(0, 12), min_size=1, max_size=40), st.integers(1, 30))
@settings(deadline=None)
def test_histograms_spread_every_count_evenly(counts, bins):
    found = experiment._histogram(np.bincount(counts, minlength=13)[np.newaxis], bins)
    fine = (np.array(counts)[:, np.newaxis] + (np.arange(bins) + 0.5) / bins) / 13
    expected, _ = np.histogram(fine, bins, (0, 1))
    np.testing.assert_allclose(found[0], expected / fine.size, atol=1e-12)


def test_counts_that_are_all_as_frequent_give_a_flat_histogram():
    np.testing.assert_allclose(experiment._histogram(np.ones((1, 201)), 21), 1 / 21)


def test_measures_are_those_promised(article):
    measures = article[1]["measures"]
    assert set(measures) == {"shift", "quantile_levels", "bias_zero", "bias_uniform", "exact"}
    assert measures["shift"] == list(range(10))
    assert measures["quantile_levels"] == [0.05, 0.25, 0.5, 0.75, 0.95]
    shapes = {"number_active": 3, "selective_neurons": 3, "share_quantiles": 5}
    shapes |= {"overlap_quantiles": 5, "share_histogram": 21, "overlap_histogram": 20}
    for bias in ("bias_zero", "bias_uniform"):
        assert set(measures[bias]) == OF_A_BIAS
        for name, values in measures[bias].items():
            assert np.shape(values) == ((10, shapes[name]) if name in shapes else (10,)), name
        states = [measures[bias][f"share_on_{state}"] for state in ("all", "part", "none")]
        np.testing.assert_allclose(np.sum(states, axis=0), 1)
        for name in ("number_active", "selective_neurons", "share_histogram", "overlap_histogram"):
            np.testing.assert_allclose(np.sum(measures[bias][name], axis=1), 1, err_msg=name)


def test_measures_agree_with_each_other(article):
    for bias in BIASES:
        found = article[1]["measures"][bias]
        number = np.array(found["number_active"])
        np.testing.assert_allclose(number @ [0, 0.5, 1], found["mean_active"])
        selective = np.array(found["selective_neurons"])
        np.testing.assert_allclose(selective @ [0, 0.5, 1], found["share_on_part"])


def test_measures_near_what_is_exact(article):
    """Within 4.5 standard errors of 5,000 networks, and what a sample misses of the square."""
    measures = article[1]["measures"]
    exact = measures["exact"]
    assert exact["mean_active"] == 0.5
    assert exact["number_active"] == [0.25, 0.5, 0.25]
    assert exact["bias_zero"]["share_on_all"][0] == 0
    np.testing.assert_allclose(exact["bias_zero"]["share_on_part"][1:], 1 / np.arange(2, 11))
    for bias in BIASES:
        found = measures[bias]
        np.testing.assert_allclose(found["mean_active"], 0.5, atol=4.5 * 0.5 / 5000**0.5)
        number = np.tile(exact["number_active"], (10, 1))
        np.testing.assert_allclose(found["number_active"], number, atol=4.5 * 0.5 / 5000**0.5)
        for state in ("all", "none"):
            missed = np.subtract(found[f"share_on_{state}"], exact[bias][f"share_on_{state}"])
            assert (missed > -4.5 * 0.5 / 10_000**0.5).all()
            assert (missed < 0.02 + 4.5 * 0.5 / 10_000**0.5).all()
    overlaps = measures["bias_zero"]["overlap_quantiles"][0]
    assert exact["overlap_quantiles"] == [0.025, 0.125, 0.25, 0.375, 0.475]
    np.testing.assert_allclose(overlaps, exact["overlap_quantiles"], atol=0.02)


def test_shifted_neurons_are_active_on_all_or_none(article):
    """The article's G6 has its peak in the middle, G7's last frame at both ends."""
    histograms = np.array(article[1]["measures"]["bias_zero"]["share_histogram"])
    assert histograms[0].argmax() == 10
    assert histograms[0, [0, 20]].sum() == 0
    assert histograms[9, [0, 20]].sum() > 0.9


def test_results_hold_what_they_promise(article):
    log_dir, results, printed = article
    assert json.loads((log_dir / "results.json").read_text()) == results
    assert set(results) == {
        *("experiment", "seed", "arguments", "versions", "device", "runtime_seconds"),
        *("measures", "claims", "figures"),
    }
    assert results["arguments"] == {
        "seed": 0, "networks": 5000, "points": 200, "inputs": 2, "neurons": 2,
    }  # fmt: skip
    assert [row["id"] for row in results["claims"]] == [f"A2.{n}" for n in range(4, 9)]
    assert "holds where" in printed
    assert results["runtime_seconds"] > 0
    for bias in BIASES:
        for name in ("share_on_all", "share_on_part", "share_on_none", "mean_active"):
            assert f"{results['measures'][bias][name][9]:.4f}" in printed
        assert f"{results['measures']['exact'][bias]['share_on_all'][9]:.4f}" in printed
    assert "U(8, 10)" in printed
    assert max(map(len, printed.splitlines())) <= 80


def test_pictures_are_there_and_the_film_has_a_frame_a_shift(article):
    log_dir = article[0]
    written = {path.name for path in log_dir.glob("*.[pg][ni]*")}
    assert written == set(picture_files(2)) == {
        *("G5_active_neurons.png", "G6_share_of_data.png", "G7_shift.gif", "G7_all_shifts.png"),
        *("G8_active_neurons_shifted.png", "overlap.png", "neuron_states.png"),
    }  # fmt: skip
    for name in written:
        with Image.open(log_dir / name) as picture:
            assert getattr(picture, "n_frames", 1) == (10 if name.endswith("gif") else 1)


def test_every_picture_has_a_caption_that_tells_of_how_many_networks(article):
    figures = {figure["file"]: figure["caption"] for figure in article[1]["figures"]}
    assert set(figures) == set(picture_files(2))
    assert {row["figure"] for row in article[1]["claims"]} <= set(figures)
    for file, caption in figures.items():
        assert "5,000 networks" in caption
        assert not file.startswith("G") or caption.startswith(file[:2])


def test_figures_show_the_data_that_they_name(article):
    measures = article[1]["measures"]
    stills = activation_figures._stills(measures, article[1]["arguments"])
    for name, at, data in (
        ("G5_active_neurons", 0, "U(-1, 1)"), ("G8_active_neurons_shifted", 9, "U(8, 10)"),
    ):  # fmt: skip
        (axes,) = stills[name].axes
        shown = [bar.get_height() for bar in axes.patches]
        assert shown == [share for bias in BIASES for share in measures[bias]["number_active"][at]]
        assert data in axes.get_title()
        assert "5,000 networks" in axes.get_title()
    for name, measure in (("G6_share_of_data", "share"), ("overlap", "overlap")):
        shown = [bar.get_height() for axes in stills[name].axes for bar in axes.patches]
        assert shown == [
            share for bias in BIASES for share in measures[bias][f"{measure}_histogram"][0]
        ]
        assert "U(-1, 1)" in stills[name].get_suptitle()


def test_pictures_are_there_for_tensorboard(article):
    read = Read(article[0] / "initialization")
    expected = {f"initialization/{Path(name).stem}" for name in picture_files(2)}
    assert read.tags("images") == expected
    assert read.steps("initialization/G7_shift") == list(range(10))
    assert read.steps("initialization/G6_share_of_data") == [0]
    assert all(read.description(tag) for tag in expected)


def test_three_inputs_have_an_exact_share_but_no_exact_overlap():
    exact = experiment.measures_of(simulate(networks=10, inputs=3))["exact"]
    assert exact["bias_zero"]["share_on_all"][1] == 1 / 8  # all weights positive
    assert exact["overlap_quantiles"] is None


def test_kinds_are_in_the_order_of_the_simulation():
    assert tuple(KINDS) == BIASES

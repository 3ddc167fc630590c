"""The loss-surface experiment: its measures, what it writes, what it refuses.

Covers too: figures.py, measures.py, table.py.
"""

import json
from functools import partial

import numpy as np
import pytest
from PIL import Image

from normlayers.experiments.loss_surface import experiment
from normlayers.experiments.loss_surface.data import SCALINGS, draw
from normlayers.experiments.loss_surface.figures import FILES, PREVIEW
from normlayers.experiments.loss_surface.losses import LOSSES
from normlayers.experiments.running.command_line import UsageError
from tests.experiments.printed_run import measures_of_seeds, printed_run
from tests.tensorboard_reader import Read

# Coarser than the default, so that raw inputs take a third of the steps.
TOLERANCE = 0.1
SMALL = {"data_sets": 2, "points": 60, "tolerance": 0.5}
run = partial(printed_run, experiment)


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """210 data sets."""
    log_dir = tmp_path_factory.mktemp("surface")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(experiment, "MOST_STEPS", 60_000)
        results, printed = run(log_dir, data_sets=210, tolerance=TOLERANCE)
    return log_dir, results, printed


@pytest.fixture
def quick(monkeypatch):
    """No pictures, and short runs."""

    def write_figures(findings, directory, folder):
        for name in FILES:
            directory.write(name, b"")

    monkeypatch.setattr(experiment, "write_figures", write_figures)
    monkeypatch.setattr(experiment, "MOST_STEPS", 1000)


def of_first(found):
    for name in LOSSES:
        for scaling in SCALINGS:
            yield name, scaling, found[1]["measures"][name][scaling]["first"]


def test_population_condition_numbers_are_closed_forms(found):
    """Of [[a, c], [c, b]]: (a + b ± sqrt((a - b)² + 4c²)) / 2."""
    measures = found[1]["measures"]["mean_squared_error"]
    a, b, c = 1 / 3, 1e-4 / 3, 1 / 400
    root = np.sqrt((a - b) ** 2 + 4 * c**2)
    exact = {"raw": (a + b + root) / (a + b - root), "standardized": 1}
    for scaling in SCALINGS:
        told = measures[scaling]["condition_population"]
        assert told == pytest.approx(exact.get(scaling, 7), rel=1e-9)
        low, _, median, _, high = measures[scaling]["condition_quantiles"]
        assert (low < told < high) or scaling == "standardized"
        assert median == pytest.approx(told, rel=0.15)
        assert found[1]["measures"]["cross_entropy"][scaling]["condition_population"] is None


def test_eigenvalues_and_rates_of_raw_inputs_are_those_of_the_hessian(found):
    x = draw(210, 200).inputs[0]
    first = found[1]["measures"]["mean_squared_error"]["raw"]["first"]
    flat, steep = np.linalg.svd(x, compute_uv=False)[::-1] ** 2 * 2 / 200
    np.testing.assert_allclose(first["eigenvalues"], [flat, steep])
    assert first["condition"] == pytest.approx(steep / flat)
    assert first["best_rate"] == pytest.approx(2 / (flat + steep))
    assert first["largest_stable_rate"] == pytest.approx(2 / steep)
    assert first["contraction"] == pytest.approx((steep - flat) / (steep + flat))


def test_steps_are_within_a_tenth_of_the_predicted(found):
    """On quadratic surfaces everywhere, on cross-entropy near its minimum."""
    for scaling in SCALINGS:
        counted = found[1]["measures"]["mean_squared_error"][scaling]["all"]
        assert counted["within_a_tenth"] == 1
        assert counted["off_largest"] <= 0.1
    for name, scaling, first in of_first(found):
        condition, best = first["condition"], first["near"]
        predicted = np.log(1 / TOLERANCE) / np.log((condition + 1) / (condition - 1))
        assert best["predicted"] == np.ceil(predicted)
        assert abs(best["steps"] - best["predicted"]) <= 0.1 * best["predicted"]
        if name == "mean_squared_error":
            assert first["best"]["off"] <= 0.1, scaling


def test_the_shared_rate_does_not_arrive_on_raw_inputs(found):
    for name, scaling, first in of_first(found):
        shared = first["shared"]
        assert (shared["steps"] == "not reached") == (scaling == "raw"), name
        assert (shared["off"] is None) == (scaling == "raw")
        if scaling != "raw":
            # Cross-entropy is not quadratic on the way.
            limit = 0.3 if name == "cross_entropy" else 0.001
            assert shared["off"] <= limit
    slowest = found[1]["measures"]["mean_squared_error"]["raw"]["all"]["shared_steps_quantiles"]
    assert slowest[0] > 60_000


def test_measures_are_plain_and_paths_are_told(found):
    for _, scaling, first in of_first(found):
        for run_name in ("best", "shared", "near"):
            made = first[run_name]
            assert 0 < made["detour"] <= first["condition"] * 1.1 or scaling == "raw"
    quantiles = found[1]["measures"]["mean_squared_error"]["standardized"]["all"]
    assert 1 - 1e-2 < quantiles["detour_quantiles"][2] < 1.2


def test_results_hold_what_they_promise(found):
    log_dir, results, printed = found
    assert json.loads((log_dir / "results.json").read_text()) == results
    assert set(results) == {
        *("experiment", "seed", "arguments", "versions", "device", "runtime_seconds"),
        *("measures", "claims", "figures"),
    }
    assert [row["id"] for row in results["claims"]] == ["A3.1", "A3.2", "A4.3", "A4.4"]
    files = {figure["file"] for figure in results["figures"]}
    assert files | {PREVIEW} == set(FILES)
    assert "210" in results["figures"][0]["caption"]
    assert "holds where" in printed
    assert max(map(len, printed.splitlines())) <= 80
    raw = results["measures"]["mean_squared_error"]["raw"]["first"]
    assert f"{raw['best']['steps']:,} ({raw['best']['predicted']:,.0f})" in printed


def test_pictures_and_the_page_are_there(found):
    assert {path.name for path in found[0].iterdir()} >= set(FILES)
    for name in set(FILES) - {"surfaces.html"}:
        with Image.open(found[0] / name) as picture:
            assert picture.width > 600
    page = (found[0] / "surfaces.html").read_text()
    assert page.startswith("<!DOCTYPE html>")
    assert page.rstrip().endswith("</html>")
    read = Read(found[0] / "surfaces")
    names = ("contours", "surfaces", "convergence", "condition_numbers")
    assert read.tags("images") == {f"loss_surface/{name}" for name in names}
    assert all(read.description(tag) for tag in read.tags("images"))


@pytest.mark.usefixtures("quick")
def test_the_same_seed_gives_identical_measures_and_another_does_not(tmp_path):
    measures = measures_of_seeds(run, tmp_path, (3, 3, 4), **SMALL)
    assert measures[0] == measures[1]
    assert measures[0] != measures[2]


@pytest.mark.usefixtures("quick")
def test_an_unstable_shared_rate_is_told_and_not_dropped(tmp_path):
    results, printed = run(tmp_path, learning_rate=5.0, **SMALL)
    squared = results["measures"]["mean_squared_error"]
    for scaling in SCALINGS:
        shared = squared[scaling]["first"]["shared"]
        assert (shared["steps"], shared["predicted"]) == ("diverged", "diverged")
        assert squared[scaling]["all"]["shared_steps_quantiles"] == ["diverged"] * 5
    assert printed.count("diverged") >= 4
    assert results["claims"] == []  # of two data sets


@pytest.mark.usefixtures("quick")
def test_a_finished_run_is_not_made_again_unless_a_file_is_missing(tmp_path, monkeypatch):
    first, printed = run(tmp_path, **SMALL)
    with monkeypatch.context() as patch:
        patch.setattr(experiment, "descend_everywhere", lambda *_: pytest.fail("made again"))
        (tmp_path / "contours.png").unlink()
        assert run(tmp_path, **SMALL) == (first, printed)
    assert (tmp_path / "contours.png").exists()
    (tmp_path / "surfaces" / "runs.npz").write_bytes(b"half")
    assert run(tmp_path, **SMALL)[0]["measures"] == first["measures"]
    with pytest.raises(UsageError, match=r"made with --data-sets 2 \(now 3\)"):
        run(tmp_path, **{**SMALL, "data_sets": 3})
    run(tmp_path, start_over=True, **{**SMALL, "data_sets": 3})


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"seed": -1}, "--seed must be from 0 to 4294967295, not -1"),
        ({"data_sets": 0}, "--data-sets must be from 1 to 100000, not 0"),
        ({"data_sets": 10**6}, "--data-sets must be from 1 to 100000"),
        ({"points": 1}, "--points must be from 20 to 100000, not 1"),
        ({"points": 10**4}, "1,000 data sets of 10,000 points are more than 1,000,000 points"),
        ({"tolerance": 0.0}, "--tolerance must be from 1e-06 to under 1, not 0.0"),
        ({"tolerance": 1.0}, "--tolerance must be from 1e-06 to under 1"),
        ({"tolerance": float("nan")}, "--tolerance must be from 1e-06 to under 1"),
        ({"learning_rate": 0.0}, "--learning-rate must be over 0 and finite, not 0.0"),
        ({"learning_rate": float("inf")}, "--learning-rate must be over 0 and finite"),
        ({"learning_rate": float("nan")}, "--learning-rate must be over 0 and finite"),
        ({"points": 20}, "data sets of 20 points one has a line .*; ask for more --points"),
    ],
)
def test_impossible_arguments_are_refused_and_nothing_is_written(tmp_path, options, says):
    with pytest.raises(UsageError, match=says):
        run(tmp_path / "logs", **options)
    assert not (tmp_path / "logs").exists()

"""Runs of a few networks: other sizes, made again or not, refused, shown on a terminal."""

import io
import json
import re
import runpy
import sys
from functools import partial
from pathlib import Path

import pytest
from rich.console import Console

from normlayers.experiments.activation_odds import experiment
from normlayers.experiments.activation_odds.figures import picture_files
from normlayers.experiments.activation_odds.simulated_odds import BIASES
from normlayers.experiments.running.command_line import UsageError
from tests.experiments.printed_run import measures_of_seeds, printed_run

ROOT = Path(__file__).parents[3]
SMALL = {"networks": 300, "points": 20}
run = partial(printed_run, experiment)


@pytest.fixture
def undrawn(monkeypatch):
    """Pictures that take no time."""

    def write_pictures(measures, sizes, directory, folder):
        for name in picture_files(sizes["neurons"]):
            directory.write(name, b"")

    monkeypatch.setattr(experiment, "write_pictures", write_pictures)


@pytest.mark.usefixtures("undrawn")
def test_the_same_seed_gives_identical_measures_and_another_does_not(tmp_path):
    measures = measures_of_seeds(run, tmp_path, (3, 3, 4), **SMALL)
    assert measures[0] == measures[1]
    assert measures[0] != measures[2]


def test_a_finished_run_is_not_made_again_unless_a_file_is_missing(tmp_path, monkeypatch):
    first, printed = run(tmp_path, **SMALL)
    (tmp_path / "G7_shift.gif").unlink()
    with monkeypatch.context() as patch:
        patch.setattr(experiment, "simulate", None)
        assert run(tmp_path, **SMALL) == (first, printed)
    assert (tmp_path / "G7_shift.gif").exists()
    assert len(list((tmp_path / "initialization").glob("events.*"))) == 1
    (tmp_path / "initialization" / "counts.npz").write_bytes(b"half")
    assert run(tmp_path, **SMALL)[0]["measures"] == first["measures"]


@pytest.mark.usefixtures("undrawn")
def test_other_arguments_are_refused_until_asked_to_start_over(tmp_path):
    run(tmp_path, **SMALL)
    with pytest.raises(UsageError, match=r"made with --points 20 \(now 10\)"):
        run(tmp_path, networks=300, points=10)
    results, _ = run(tmp_path, networks=300, points=10, neurons=1, start_over=True)
    assert results["arguments"]["points"] == 10
    assert not (tmp_path / "overlap.png").exists()


def test_a_single_neuron_overlaps_with_none(tmp_path):
    results = run(tmp_path, neurons=1, **SMALL)[0]
    assert "overlap.png" not in [figure["file"] for figure in results["figures"]]
    measures = results["measures"]
    for bias in BIASES:
        assert measures[bias]["overlap_quantiles"] is measures[bias]["overlap_histogram"] is None
    assert measures["exact"]["overlap_quantiles"] is None


def test_many_inputs_and_neurons(tmp_path):
    results, printed = run(tmp_path, networks=20, points=10, inputs=51, neurons=300)
    exact = results["measures"]["exact"]
    assert exact["bias_zero"] is exact["bias_uniform"] is exact["overlap_quantiles"] is None
    assert len(exact["number_active"]) == 301
    assert "U(8, 10)" in printed


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"seed": -1}, "--seed must be from 0 to 4294967295, not -1"),
        ({"seed": 2**32}, "--seed must be from 0 to 4294967295"),
        ({"networks": 0}, "--networks must be from 1 to 1000000000, not 0"),
        ({"networks": 10**10}, "--networks must be from 1 to 1000000000"),
        ({"points": -3}, "--points must be from 1 to 100000, not -3"),
        ({"points": 10**6}, "--points must be from 1 to 100000"),
        ({"inputs": 0}, "--inputs must be from 1 to"),
        ({"neurons": 0}, "--neurons must be from 1 to"),
        ({"neurons": 10**5}, "--neurons must be from 1 to 10000"),
        ({"points": 10**5, "neurons": 1000}, "takes 801 MB, more than 67; ask for fewer --points"),
    ],
)
def test_impossible_arguments_are_refused_and_nothing_is_written(tmp_path, options, says):
    with pytest.raises(UsageError, match=says):
        run(tmp_path / "logs", **options)
    assert not (tmp_path / "logs").exists()


def plain(printed):
    """Without the terminal's control sequences."""
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", printed)


@pytest.mark.usefixtures("undrawn")
def test_a_bar_is_shown_on_a_terminal_and_only_there(tmp_path):
    for is_terminal in (True, False):
        console = Console(file=io.StringIO(), width=80, force_terminal=is_terminal)
        experiment.run(tmp_path / str(is_terminal), console=console, **SMALL)
        assert ("300/300 networks" in plain(console.file.getvalue())) == is_terminal


def script(monkeypatch, *arguments):
    """Run the script here, where TensorFlow is imported already."""
    path = ROOT / "scripts" / "activation_odds.py"
    monkeypatch.syspath_prepend(path.parent)
    monkeypatch.setattr(sys, "argv", [path.name, *map(str, arguments)])
    runpy.run_path(str(path), run_name="__main__")


@pytest.mark.usefixtures("undrawn")
def test_the_script_prints_a_table(tmp_path, monkeypatch, capsys):
    script(monkeypatch, "--log-dir", tmp_path, "--networks", 200, "--points", 10)
    assert "Which neurons are active at initialization" in capsys.readouterr().out
    assert json.loads((tmp_path / "results.json").read_text())["arguments"]["points"] == 10


def test_the_script_refuses_in_one_sentence(tmp_path, monkeypatch, capsys):
    with pytest.raises(SystemExit) as stopped:
        script(monkeypatch, "--log-dir", tmp_path / "logs", "--networks", 0)
    said = "activation_odds.py: error: --networks must be from 1 to 1000000000, not 0.\n"
    assert (stopped.value.code, capsys.readouterr()) == (2, ("", said))
    assert not (tmp_path / "logs").exists()

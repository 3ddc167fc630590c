"""The command line: what is refused, and in which words.

Covers too: usage_error.py.
"""

import argparse
import importlib
import runpy
import sys
from pathlib import Path

import pytest

from normlayers.experiments.report.reproduction import EXPERIMENTS
from normlayers.experiments.running.command_line import UsageError, check_ranges, folder

SCRIPTS = Path(__file__).parents[3] / "scripts"


@pytest.mark.parametrize("value", [0, 11, -1, float("nan"), float("inf")])
def test_what_is_out_of_range_is_refused_with_the_range(value):
    with pytest.raises(UsageError, match=f"^--epochs must be from 1 to 10, not {value}.$"):
        check_ranges({"epochs": value}, {"epochs": (1, 10)})


@pytest.mark.parametrize("value", [1, 10])
def test_a_range_holds_its_ends(value):
    check_ranges({"epochs": value}, {"epochs": (1, 10)})


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_all_experiments_refuse_in_the_same_words(tmp_path, name):
    experiment = importlib.import_module(f"normlayers.experiments.{name}.experiment")
    with pytest.raises(UsageError, match=r"^--seed must be from 0 to 4294967295, not -1\.$"):
        experiment.run(tmp_path / "logs", seed=-1)
    assert not (tmp_path / "logs").exists()


@pytest.mark.parametrize("name", [*EXPERIMENTS, "reproduce"])
@pytest.mark.parametrize("text", ["", "  "])
def test_no_script_takes_nothing_for_the_current_folder(tmp_path, monkeypatch, capsys, name, text):
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(SCRIPTS)
    monkeypatch.setattr(sys, "argv", [f"{name}.py", "--log-dir", text])
    with pytest.raises(SystemExit) as stopped:
        runpy.run_path(str(SCRIPTS / f"{name}.py"), run_name="__main__")
    said = (
        f"{name}.py: error: argument --log-dir: {text!r} names no folder; "
        "give a folder's path, . for the current one.\n"
    )
    assert (stopped.value.code, capsys.readouterr()) == (2, ("", said))
    assert list(tmp_path.iterdir()) == []


def test_the_current_folder_can_be_asked_for():
    assert folder(".") == Path()


def test_the_home_folder_is_known_in_quotes_too(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert folder("~/logs") == tmp_path / "logs"
    with pytest.raises(argparse.ArgumentTypeError, match="there is no such user"):
        folder("~nobody-of-this-name/logs")

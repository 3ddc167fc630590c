"""What experiments can be asked for: the same in ``checked``, in ``run`` and on the command line.

Covers too: activation_odds/arguments.py, deep_networks/arguments.py,
input_normalization/arguments.py, loss_surface/arguments.py, scaling_methods/arguments.py,
two_neuron_circle/arguments.py, two_neuron_ensemble/arguments.py.
"""

import importlib
import inspect
import runpy
import sys
from pathlib import Path

import pytest

from normlayers.experiments.report.reproduction import EXPERIMENTS
from normlayers.experiments.running.command_line import ArgumentParser, UsageError

SCRIPTS = Path(__file__).parents[2] / "scripts"


def arguments_of(name):
    return importlib.import_module(f"normlayers.experiments.{name}.arguments")


def defaults(function):
    return {name: given.default for name, given in inspect.signature(function).parameters.items()}


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_defaults_are_the_same_in_all_three_places(monkeypatch, name):
    checked = defaults(arguments_of(name).checked)
    run = importlib.import_module(f"normlayers.experiments.{name}.experiment").run
    others = {"log_dir", "start_over", "console", "scheduler"}
    assert {n: value for n, value in defaults(run).items() if n not in others} == checked
    seen = {}
    monkeypatch.setattr(ArgumentParser, "carry_out", lambda _, run, options: seen.update(options))
    monkeypatch.setattr(ArgumentParser, "accepted", lambda self, *_: vars(self.parse_args()))
    monkeypatch.setattr(sys, "argv", [f"{name}.py"])
    monkeypatch.syspath_prepend(SCRIPTS)
    runpy.run_path(str(SCRIPTS / f"{name}.py"), run_name="__main__")
    assert seen.pop("log_dir") == Path("logs", name)
    assert seen.pop("start_over") is False
    assert seen.pop("scheduler", None) is None
    as_given = {n: tuple(v) if isinstance(v, list) else v for n, v in seen.items()}
    assert as_given == checked


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_arguments_are_named_as_options_are(name):
    checked = arguments_of(name).checked
    assert {n.replace("-", "_") for n in checked()} == set(defaults(checked))


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_each_range_is_held(name):
    module = arguments_of(name)
    for option, (least, most) in module.RANGES.items():
        for value in (least - 1, most + 1):
            said = f"^--{option} must be from {least} to {most}, not {value}.$"
            with pytest.raises(UsageError, match=said):
                module.checked(**{option.replace("-", "_"): value})

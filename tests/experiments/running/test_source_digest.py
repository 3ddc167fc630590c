"""The digest of what an arm's numbers depend on: no more, no less."""

import importlib
import shutil
import subprocess
import sys
from functools import cache

import pytest

from normlayers.experiments.report.reproduction import EXPERIMENTS
from normlayers.experiments.running.source_digest import PACKAGE, dependencies, source_digest


def makers_of(experiment):
    return importlib.import_module(f"normlayers.experiments.{experiment}.experiment").MAKERS


@pytest.fixture(scope="module")
def edited(tmp_path_factory):
    """Whether an edit of a file of the package changes an experiment's digest."""
    copy = tmp_path_factory.mktemp("copy") / "normlayers"
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__"))

    @cache
    def unedited(experiment):
        return source_digest(*makers_of(experiment), package=copy)

    def edited(file, experiment):
        before, whole = unedited(experiment), (copy / file).read_text()
        (copy / file).write_text(whole + "# edited\n")
        after = source_digest(*makers_of(experiment), package=copy)
        (copy / file).write_text(whole)
        return after != before

    return edited


@pytest.mark.parametrize("experiment", EXPERIMENTS)
def test_an_edit_of_what_is_said_and_drawn_of_the_arms_leaves_the_digest(edited, experiment):
    for file in ("experiment.py", "claims.py", "figures.py", "table.py"):
        if (PACKAGE / "experiments" / experiment / file).exists():
            assert not edited(f"experiments/{experiment}/{file}", experiment), file
    for file in ("claims/claim.py", "plots/courses.py", "report/page.py", "running/arms.py"):
        assert not edited(f"experiments/{file}", experiment), file


@pytest.mark.parametrize(
    ("experiment", "file"),
    [
        ("two_neuron_circle", "layers/standardize.py"),
        ("two_neuron_circle", "layers/batch_normalization.py"),
        ("two_neuron_circle", "experiments/running/keras_fit/whole_passes.py"),
        ("two_neuron_circle", "tracking/measures.py"),
        ("two_neuron_circle", "experiments/two_neuron_circle/plots/lit_point.py"),  # of its films
        ("two_neuron_ensemble", "layers/standardize.py"),
        ("two_neuron_ensemble", "ensembles/ensemble.py"),
        ("two_neuron_ensemble", "experiments/data/circles.py"),
        ("deep_networks", "experiments/deep_networks/layer_drift.py"),
        ("deep_networks", "experiments/data/digits.py"),
        ("input_normalization", "experiments/data/wine.py"),
        ("input_normalization", "tracking/activation_tracker.py"),
        ("scaling_methods", "layers/min_max_scale.py"),
        ("scaling_methods", "experiments/scaling_methods/neighbours.py"),
        ("loss_surface", "experiments/loss_surface/quadratic_descent.py"),
        ("activation_odds", "experiments/activation_odds/simulated_odds.py"),
    ],
)
def test_an_edit_of_what_makes_the_arms_changes_the_digest(edited, experiment, file):
    assert edited(file, experiment)


def test_dependencies_are_what_an_import_loads():
    """Of a module whose imports are all at its top: what Python then has loaded of ours.

    ``__init__`` files, which hold names only, and what the one of the package loads for its public
    names, aside.
    """
    module = "normlayers.statistics.block_moments"
    code = (
        "import sys, types; package = types.ModuleType('normlayers')\n"
        f"package.__path__ = [{str(PACKAGE)!r}]; sys.modules['normlayers'] = package\n"
        f"import {module}\n"
        "print(*(m.__file__ for n, m in sys.modules.items() if n.startswith('normlayers.')))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = {file for file in done.stdout.split() if not file.endswith("__init__.py")}
    assert {str(file) for file in dependencies(module)} == loaded


def test_imports_within_functions_and_names_from_packages_count(tmp_path):
    package = tmp_path / "ours"
    (package / "room").mkdir(parents=True)
    files = {
        "__init__.py": "from ours.never import x",
        "room/__init__.py": "from ours.e import name",
        "a.py": "def f():\n    from ours import b\n    import ours.c, os",
        "b.py": "from ours.room import name, d",
        "c.py": "import numpy\nimport ours.a",
        "room/d.py": "",
        "e.py": "",
        "never.py": "",
    }
    for file, code in files.items():
        (package / file).write_text(code)
    found = dependencies("ours.a", package=package)
    expected = {"a.py", "b.py", "c.py", "room/__init__.py", "room/d.py", "e.py"}
    assert {path.relative_to(package).as_posix() for path in found} == expected


def test_a_module_that_is_not_there_is_named():
    with pytest.raises(ValueError, match=r"no module 'normlayers\.experiments\.drawer'"):
        source_digest("normlayers.experiments.drawer")

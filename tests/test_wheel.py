"""The wheel, in an environment of its base dependencies alone."""

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tomllib
import venv
from importlib.metadata import distribution
from importlib.util import find_spec
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
# What TensorBoard serves of a run: its name, the tab's, and whether the view's script is there.
SERVED = """
import json, os, time
from urllib.request import urlopen
from tensorboard import program

board = program.TensorBoard()
board.configure(argv=[None, "--logdir", "logs", "--port", "0", "--load_fast", "false"])
url = board.launch()
get = lambda path: urlopen(url + "data/" + path).read()
for _ in range(600):
    runs = json.loads(get("plugin/normlayers/runs"))["runs"]
    if runs:
        break
    time.sleep(0.1)
tab = json.loads(get("plugins_listing"))["normlayers"]["tab_name"]
print(runs, tab, b"export" in get("plugin/normlayers/static/index.js"), flush=True)
# An interpreter that ends while TensorBoard's threads are in TensorFlow's reader can abort.
os._exit(0)
"""


@pytest.fixture(scope="module")
def python(tmp_path_factory):
    """The interpreter of an environment that holds the wheel and what it requires without extras.

    The requirements are not installed again, which would take minutes: their files are linked from
    the environment that runs the tests, package by package, as their metadata name them.
    """
    folder = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    source = folder / "source"  # a copy: a build leaves files beside what it builds
    shutil.copytree(ROOT / "normlayers", source / "normlayers")
    for file in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / file, source)
    build = ["wheel", str(source), "--no-deps", "--no-build-isolation", "--wheel-dir", str(folder)]
    subprocess.run([*pip, *build], check=True)
    (wheel,) = folder.glob("*.whl")
    venv.create(folder / "empty", with_pip=False)
    (packages,) = (folder / "empty").glob("lib/python*/site-packages")
    install = ["install", "--no-deps", "--no-index", "--target", str(packages), str(wheel)]
    subprocess.run([*pip, *install], check=True)
    (metadata,) = packages.glob("normlayers-*.dist-info/METADATA")
    required = re.findall(r"^Requires-Dist: (.*)$", metadata.read_text(), re.MULTILINE)
    for name in with_their_own(required):
        link(name, packages)
    return folder / "empty" / "bin" / "python"


def with_their_own(required):
    """The names of the distributions required, and of those that they require, without extras."""
    names, left = set(), list(required)
    while left:
        requirement = Requirement(left.pop())
        extras = {"", *requirement.extras}
        marker = requirement.marker
        if marker and not any(marker.evaluate({"extra": extra}) for extra in extras):
            continue
        if requirement.name not in names:
            names.add(requirement.name)
            left += distribution(requirement.name).requires or []
    return names


def link(name, packages):
    """Link a distribution's files, whole folders where it has them to itself."""
    ours = Path(sysconfig.get_path("purelib"))
    for file in distribution(name).files:
        parts = file.parts
        if parts[0] in ("..", "__pycache__"):
            continue
        # google/ is shared by several distributions.
        depth = 2 if parts[0] == "google" and len(parts) > 2 else 1
        target = packages.joinpath(*parts[:depth])
        if not target.exists() and ours.joinpath(*parts[:depth]).exists():
            target.parent.mkdir(exist_ok=True)
            target.symlink_to(ours.joinpath(*parts[:depth]))


def run(python, code, folder, backend="tensorflow"):
    return run_arguments(python, ["-c", code], folder, backend)


def run_arguments(python, arguments, folder, backend="tensorflow"):
    # What a backend needs is beside the environment, which the other tests find as it was.
    environment = {**os.environ, "KERAS_BACKEND": backend}
    environment["PYTHONPATH"] = str(python.parents[2] / backend)
    return subprocess.run(
        [python, *arguments], cwd=folder, env=environment, capture_output=True, text=True
    )


@pytest.fixture(scope="module", params=["tensorflow", "jax", "torch"])
def ten_lines(request, python, tmp_path_factory):
    """README's ten lines as they ran on a backend: its name, how that went, and the folder."""
    backend = request.param
    if backend != "tensorflow":
        if find_spec(backend) is None:
            pytest.skip(f"needs {backend}: make backends")
        for name in with_their_own([backend]):
            link(name, python.parents[2] / backend)
    folder = tmp_path_factory.mktemp(backend)
    (code,) = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    code += "\nprint(nl.__version__, keras.backend.backend(), nl.__file__)"
    return backend, run(python, code, folder, backend), folder


def test_readmes_ten_lines_run_without_extras(ten_lines, python):
    backend, done, folder = ten_lines
    assert done.returncode == 0, done.stderr
    version, ran_on, file = done.stdout.splitlines()[-1].split()
    assert (version, ran_on) == (PROJECT["version"], backend)
    assert str(python.parents[1]) in file
    assert list(folder.glob("logs/mine/events.out.tfevents.*"))


def test_the_tabs_page_is_written_from_the_command_line(ten_lines, python):
    backend, _, folder = ten_lines
    command = ["-m", "normlayers.explorer", "logs", "-o", "run.html"]
    done = run_arguments(python, command, folder, backend)
    assert done.returncode == 0, done.stderr
    page = (folder / "run.html").read_text()
    assert '"run":"mine"' in page
    assert "normlayers/index.js" in page


def test_the_tab_is_in_tensorboard(ten_lines, python):
    backend, _, folder = ten_lines
    done = run(python, SERVED, folder, backend)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "['mine'] Neurons True"


@pytest.mark.parametrize("library", ["sklearn", "scipy", "plotly", "jinja2", "threadpoolctl"])
def test_what_only_the_articles_need_is_not_there(python, tmp_path, library):
    assert "ModuleNotFoundError" in run(python, f"import {library}", tmp_path).stderr


def test_an_experiment_says_which_extra_to_install(python, tmp_path):
    done = run(python, "import normlayers.experiments.loss_surface.experiment", tmp_path)
    assert done.stderr.splitlines()[-1] == (
        "ImportError: normlayers.experiments needs jinja2, plotly, scipy, sklearn, threadpoolctl, "
        "which the extra articles installs: pip install 'normlayers[articles]'"
    )


def test_tensorboard_finds_the_plugin(python, tmp_path):
    code = (
        "from tensorboard.default import get_dynamic_plugins\n"
        "print(*(plugin.__qualname__ for plugin in get_dynamic_plugins()))"
    )
    assert "NeuronsLoader" in run(python, code, tmp_path).stdout.split()

"""Who may import whom, and what no room may know: CONTRIBUTING.md's drawing, by path."""

import ast
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

import normlayers
from normlayers.experiments.report import reproduction

PACKAGE = Path(normlayers.__file__).parent
MODULES = sorted(PACKAGE.rglob("*.py"))
TOOLS = ["statistics", "pictures", "explorer", "layers", "tracking", "ensembles", "inference"]
# Rooms from the ground up. Each may import what its entry names, and itself.
ALLOWED = {
    "statistics": [],
    "pictures": [],
    "experiments/claims": [],
    "layers": ["statistics"],
    "explorer": [],
    "tracking": ["pictures", "explorer", "statistics"],
    "ensembles": ["layers", "tracking", "statistics"],
    "inference": ["layers", "statistics"],
    "diagnosis": ["tracking", "layers", "inference", "statistics"],
    "experiments/running": TOOLS,
    "experiments/data": TOOLS,
    "experiments/plots": ["pictures"],
    "experiments/report": ["experiments/claims", "experiments/running"],
}
SHARED = [*TOOLS, *(f"experiments/{room}" for room in ("claims", "running", "data", "plots"))]
EXPERIMENTS = {
    f"experiments/{name}": SHARED
    for name in (
        "two_neuron_circle",
        "two_neuron_ensemble",
        "activation_odds",
        "input_normalization",
        "scaling_methods",
        "loss_surface",
        "deep_networks",
    )
}
ALLOWED |= EXPERIMENTS
MOST_MODULES, MOST_LINES, LONGEST_FUNCTION = 15, 300, 50
FORBIDDEN = {
    "statistics": {"keras", "tensorflow", "jax", "torch", "matplotlib"},
    "pictures": {"keras", "tensorflow", "jax", "torch", "sklearn"},
    "experiments/claims": {"keras", "tensorflow", "jax", "torch", "matplotlib"},
    "experiments/plots": {"keras", "tensorflow", "jax", "torch", "sklearn"},
    "explorer": {"keras", "tensorflow", "jax", "torch", "matplotlib"},
    "layers": {"matplotlib", "tensorboard"},
    "inference": {"matplotlib", "tensorboard"},
}
FORBIDDEN |= {f"{room}/plots": FORBIDDEN["experiments/plots"] for room in EXPERIMENTS}


def folder_of(module):
    return module.parent.relative_to(PACKAGE).as_posix()


def room_of(module):
    """``experiments/claims`` and the like; a folder within a room belongs to it."""
    parts = folder_of(module).split("/")
    return "/".join(parts[: 2 if parts[0] == "experiments" else 1])


def imported(module):
    """The modules a file imports, wherever in it."""
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}: imports are absolute"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


INSIDE = [m for m in MODULES if folder_of(m) not in (".", "experiments")]


@pytest.mark.parametrize("module", INSIDE, ids=lambda m: m.relative_to(PACKAGE).as_posix())
def test_imports_run_down(module):
    room, folder = room_of(module), folder_of(module)
    for name in imported(module):
        parts = name.split(".")
        if parts[0] == "normlayers":
            other = "/".join(parts[1 : 3 if parts[1] == "experiments" else 2])
            assert other in [room, *ALLOWED[room]], f"{room} must not import {name}"
            if room == "tracking" and other == "pictures":
                assert module.stem == "run_pictures", "only the run's pictures are drawn"
            if folder == f"{room}/plots" and other == room:
                assert parts[3] == "plots", f"pictures measure nothing: {name}"
        assert parts[0] not in FORBIDDEN.get(folder, set()), f"{folder} must not import {name}"


SUMMARIES = {"quantile", "nanquantile", "percentile", "nanpercentile", "median", "nanmedian"}
DRAWN_ONLY = [m for m in INSIDE if "plots" in folder_of(m).split("/")]


@pytest.mark.parametrize("module", DRAWN_ONLY, ids=lambda m: m.relative_to(PACKAGE).as_posix())
def test_pictures_are_given_their_summaries(module):
    """They measure nothing: quantiles are computed once, in the experiment, by one definition."""
    called = {
        node.func.attr
        for node in ast.walk(ast.parse(module.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    }
    assert called & SUMMARIES == set()


def test_rooms_import_in_no_circle_and_on_six_floors_at_most():
    def floor(room, above=()):
        assert room not in above, f"a circle: {' -> '.join([*above, room])}"
        below = [floor(other, (*above, room)) for other in ALLOWED[room]]
        return 1 + max(below, default=0)

    assert max(map(floor, ALLOWED)) <= 6


def test_every_room_is_known():
    rooms = {room_of(module) for module in INSIDE}
    assert rooms == set(ALLOWED)
    assert [m.name for m in MODULES if folder_of(m) == "experiments"] == ["__init__.py"]


def test_one_name_in_four_places():
    scripts = {path.stem for path in (PACKAGE.parent / "scripts").glob("*.py")}
    assert scripts - {"quiet_start", "reproduce"} == set(reproduction.EXPERIMENTS)
    assert {f"experiments/{name}" for name in reproduction.EXPERIMENTS} == set(EXPERIMENTS)
    for name in reproduction.EXPERIMENTS:
        arguments = (PACKAGE / "experiments" / name / "arguments.py").read_text()
        assert f'NAME = "{name}"' in arguments


def test_folders_files_and_functions_are_of_a_size_to_be_read():
    folders = Counter(folder_of(module) for module in MODULES if module.name != "__init__.py")
    assert {folder: n for folder, n in folders.items() if n > MOST_MODULES} == {}
    lines = {str(module.relative_to(PACKAGE)): len(module.open().readlines()) for module in MODULES}
    assert {file: n for file, n in lines.items() if n > MOST_LINES} == {}
    long = {
        f"{module.relative_to(PACKAGE)}: {node.name}": length
        for module in MODULES
        for node in ast.walk(ast.parse(module.read_text()))
        if isinstance(node, ast.FunctionDef) and (length := code_lines(node)) > LONGEST_FUNCTION
    }
    assert long == {}


def code_lines(function):
    """Lines of a function's body, its docstring aside."""
    first = function.body[1 if ast.get_docstring(function) and len(function.body) > 1 else 0]
    return function.end_lineno - first.lineno + 1


def test_tests_mirror_the_package_file_for_file():
    """A module has a test of its name, or a test beside that one's place says that it covers it."""
    tests = Path(__file__).parent
    covered = set()
    for test in tests.rglob("test_*.py"):
        text = ast.get_docstring(ast.parse(test.read_text())) or ""
        files = re.findall(r"[\w/]+\.py", text.partition("Covers too:")[2])
        covered |= {(test.parent / file).relative_to(tests) for file in files}
    places = [m.relative_to(PACKAGE) for m in MODULES if m.name != "__init__.py"]
    assert covered <= set(places)
    alone = [p for p in places if not (tests / p).with_name(f"test_{p.name}").exists()]
    assert [str(p) for p in alone if p not in covered] == []


def test_importing_the_package_loads_nothing_heavy_that_keras_does_not():
    code = (
        "import sys, keras; before = set(sys.modules); import normlayers\n"
        "heavy = {'tensorboard.compat.proto', 'sklearn', 'matplotlib', 'PIL', 'rich', 'pandas'}\n"
        "print(*sorted(heavy & (set(sys.modules) - before)))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def test_public_names():
    for name in normlayers.__all__:
        assert getattr(normlayers, name).__doc__

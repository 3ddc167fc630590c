"""Who may import whom: CONTRIBUTING.md's floors, and what no room may know."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import normlayers

PACKAGE = Path(normlayers.__file__).parent
MODULES = sorted(PACKAGE.rglob("*.py"))
ALLOWED = {
    "statistics": {"statistics"},
    "pictures": {"pictures"},
    "layers": {"layers", "statistics"},
    "tracking": {"tracking", "pictures"},
    "experiments": {"experiments", "tracking", "layers", "pictures", "statistics"},
}
FORBIDDEN = {
    "statistics": {"keras", "tensorflow", "jax", "torch", "matplotlib"},
    "pictures": {"keras", "tensorflow", "jax", "torch", "sklearn"},
    "layers": {"matplotlib", "tensorboard"},
}


def imported(module):
    """The modules a file imports, wherever in it."""
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}: imports are absolute"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize(
    "module", [m for m in MODULES if m.parent != PACKAGE], ids=lambda m: f"{m.parent.name}.{m.stem}"
)
def test_imports_run_down(module):
    room = module.parent.name
    for name in imported(module):
        parts = name.split(".")
        if parts[0] == "normlayers":
            assert parts[1] in ALLOWED[room], f"{room} must not import {name}"
            if room == "tracking" and parts[1] == "pictures":
                assert module.stem == "activation_tracker", "only the tracker draws"
        assert parts[0] not in FORBIDDEN.get(room, set()), f"{room} must not import {name}"


def test_every_room_is_known():
    rooms = {path.name for path in PACKAGE.iterdir() if (path / "__init__.py").exists()}
    assert rooms == set(ALLOWED)


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
    assert normlayers.__version__ == "0.1.0"

"""CI meets what a stranger meets: the README's command, in an environment of that command alone."""

import ast
import configparser
import re
import sys
import tomllib
from fnmatch import fnmatch
from importlib.metadata import packages_distributions
from pathlib import Path

from packaging.requirements import Requirement
from packaging.version import Version

from tests.test_wheel import with_their_own

ROOT = Path(__file__).parents[1]


def test_ci_runs_the_readmes_command_before_it_installs_anything():
    lines = (ROOT / ".ci" / "run").read_text().splitlines()
    commands = [line for line in lines if re.search(r"\b(make|pip|apt-get)\b", line)]
    assert commands[0] == "env -u PYTHONPATH -u CI make test COVERAGE=build/coverage"
    assert "make test-torch COVERAGE=build/coverage" in commands
    assert any("slipcover --fail-under 95" in line for line in lines)


def test_what_jax_does_not_test_asks_for_no_backend():
    left_out = re.search(r"^NOT_ON_JAX := (.+)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    folders = [ROOT / path.replace("tests/", "normlayers/", 1) for path in left_out[1].split()]
    files = [file for folder in folders for file in folder.rglob("*.py")]
    assert len(files) > 30
    asking = re.compile(
        r"keras\.(config\.)?backend|from keras\b.* import .*\bbackend"
        r"|\b(import|from) (tensorflow|jax|torch)\b|\b(tensorflow|jax|torch)\b\."
    )
    assert not [file for file in files if asking.search(file.read_text())]


def test_types_are_checked_without_what_that_command_does_not_install():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    required = [*project["dependencies"], *extras["articles"], *extras["dev"]]
    installed = {name.lower() for name in with_their_own(required)}
    known = {
        module
        for module, distributions in packages_distributions().items()
        if installed & {distribution.lower() for distribution in distributions}
    }
    ours = {"benchmarks", "normlayers", "quiet_start"}
    ours |= {path.stem for path in (ROOT / "benchmarks").glob("*.py")}
    beyond = imported_modules() - known - ours - set(sys.stdlib_module_names)
    assert beyond >= {"jax", "torch"}
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg")
    ignored = [
        pattern
        for section in config.sections()
        if config.get(section, "ignore_missing_imports", fallback="") == "true"
        for pattern in section.removeprefix("mypy-").split(",")
    ]
    missed = [m for m in beyond if not any(fnmatch(f"{m}.", pattern) for pattern in ignored)]
    assert not missed


def imported_modules():
    """The top-level names of all modules that are imported by what mypy reads."""
    files = [
        path
        for folder in ("normlayers", "scripts", "benchmarks")
        for path in (ROOT / folder).rglob("*.py")
    ]
    found = set()
    for path in files:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                found |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level:
                found.add((node.module or "").partition(".")[0])
    return found


def test_the_oldest_versions_that_are_tested_are_the_oldest_that_are_allowed():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    allowed = {
        found.name: Version(specifier.version)
        for found in map(
            Requirement,
            [
                *project["dependencies"],
                *(r for e in ("articles", "dask", "numba") for r in extras[e]),
            ],
        )
        for specifier in found.specifier
        if specifier.operator == ">="
    }
    lines = (ROOT / "constraints-oldest.txt").read_text().splitlines()
    pinned = dict(line.split("==") for line in lines if not line.startswith("#"))
    assert {name: Version(pinned[name]) for name in allowed} == allowed

"""The recipes in the documentation of ``Moments`` run as they stand."""

import os
import re
import subprocess
import sys
import textwrap

import numpy as np
import pytest

from normlayers.statistics import moments

RECIPES = re.findall(r"::\n\n((?:    .*\n|\n)+)", moments.__doc__)


@pytest.mark.parametrize("recipe", RECIPES, ids=["multiprocessing", "dask"])
def test_a_recipe_runs(recipe, tmp_path):
    x = np.random.default_rng(0).integers(0, 9, (30, 2))
    for name, rows in zip("abc", np.split(x, 3), strict=True):
        np.save(tmp_path / f"{name}.npy", rows)
    (tmp_path / "recipe.py").write_text(textwrap.dedent(recipe))
    done = subprocess.run(
        [sys.executable, "recipe.py"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == f"30 {x.mean(axis=0)} {x.var(axis=0)}"


def test_there_are_two():
    assert len(RECIPES) == 2

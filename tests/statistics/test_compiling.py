"""When the compiled loops are used: after many values, and only where numba is installed."""

import subprocess
import sys

import numpy as np
import pytest

from normlayers.statistics import compiling


@pytest.fixture
def fresh(monkeypatch):
    """As in a process that has counted nothing, where numba is installed."""
    monkeypatch.setattr(compiling, "_counted", 0)
    monkeypatch.setattr(compiling, "_missing", False)
    monkeypatch.setattr(compiling, "VALUES_BEFORE", 250)
    monkeypatch.setattr(compiling, "FEW_VALUES", 0)


def test_loops_are_compiled_once_many_values_have_been_counted(fresh):
    pytest.importorskip("numba")
    block = np.zeros((100, 1))
    found = [compiling.loops_for(block) is not None for _ in range(4)]
    assert found == [False, False, True, True]


@pytest.mark.parametrize("kind", ["int64", "uint64", "bool", "longdouble", ">f4"])
def test_types_that_they_do_not_take_are_left_to_numpy(fresh, kind):
    assert [compiling.loops_for(np.zeros((300, 1), kind)) for _ in range(2)] == [None, None]


def test_a_numba_that_cannot_be_imported_is_done_without(fresh, monkeypatch):
    monkeypatch.setitem(sys.modules, "numba", None)
    monkeypatch.delitem(sys.modules, "normlayers.statistics.compiled_loops", raising=False)
    assert compiling.loops_for(np.zeros((300, 1))) is None


def test_numba_is_not_imported_before():
    program = (
        "import sys\nimport numpy as np\nfrom normlayers.statistics.moments import Moments\n"
        "Moments().update(np.zeros((100_000, 4), 'float32'))\nprint('numba' in sys.modules)\n"
    )
    command = [sys.executable, "-c", program]
    assert subprocess.run(command, check=True, capture_output=True, text=True).stdout == "False\n"

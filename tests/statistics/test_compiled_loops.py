"""The compiled loops against NumPy; and the statistics' own bounds with them."""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from normlayers.statistics import compiling
from normlayers.statistics.extrema import Extrema
from normlayers.statistics.moments import Moments
from tests.statistics import test_block_moments as block_moments
from tests.statistics import test_extrema as extrema

loops = pytest.importorskip("normlayers.statistics.compiled_loops", exc_type=ImportError)

KINDS = ["float16", "float32", "float64", "int8", "uint16", "int32"]


@pytest.fixture
def compiled(monkeypatch):
    """Statistics that use them at once."""
    monkeypatch.setattr(compiling, "VALUES_BEFORE", 0)
    used = []
    for name in ("deviation_sums", "column_extrema"):
        loop = getattr(loops, name)
        monkeypatch.setattr(
            loops, name, lambda *given, loop=loop: used.append(loop) or loop(*given)
        )
    yield
    assert used


@pytest.mark.parametrize("kind", KINDS)
@given(rows=st.integers(1, 200), columns=st.integers(1, 40), seed=st.integers(0, 99))
@settings(deadline=None, max_examples=20)
def test_sums_and_extrema_are_those_of_numpy(kind, rows, columns, seed):
    random = np.random.default_rng(seed)
    if kind.startswith("float"):
        x = (random.normal(size=(rows, columns)) * 100).astype(kind)
    else:
        span = np.iinfo(kind)
        x = random.integers(span.min, span.max, (rows, columns), kind, endpoint=True)
    shift = random.normal(size=columns)
    deviations = x.astype(float) - shift
    # Not subtracted after, which would lose digits: a sum is off by so many units of its terms.
    terms = np.abs(deviations).sum(axis=0)
    total, squares = loops.deviation_sums(x, shift)
    assert (np.abs(total - deviations.sum(axis=0)) <= 1e-13 * terms).all()
    np.testing.assert_allclose(squares, (deviations**2).sum(axis=0), rtol=1e-13)
    lowest, highest = loops.column_extrema(x)
    np.testing.assert_array_equal(lowest, x.min(axis=0))
    np.testing.assert_array_equal(highest, x.max(axis=0))
    assert lowest.dtype == x.dtype


@pytest.mark.parametrize("kind", ["float16", "float32", "float64"])
@pytest.mark.parametrize("row", [0, 5, 64, 99])
@pytest.mark.parametrize("value", [np.nan, -np.nan, np.inf, -np.inf])
def test_a_value_that_is_not_finite_is_seen_in_its_column_alone(kind, row, value):
    x = np.ones((100, 3), kind)
    x[row, 1] = value
    for found in (*loops.deviation_sums(x, np.zeros(3)), *loops.column_extrema(x)):
        assert np.isfinite(found).tolist() == [True, False, True]


def test_every_float16_is_read_exactly():
    halves = np.arange(1 << 16, dtype=np.uint16).view(np.float16)
    halves = halves[np.isfinite(halves)]
    total, _ = loops.deviation_sums(halves[np.newaxis], np.zeros(len(halves)))
    assert total.tolist() == halves.astype(float).tolist()


def test_arrays_that_may_not_be_written_to_and_others_share_one_program():
    x = np.ones((10, 4), np.float32)
    loops.deviation_sums(x, np.zeros(4))
    before = len(loops._add_sums.signatures)
    x.flags.writeable = False
    loops.deviation_sums(x, np.zeros(4))
    assert len(loops._add_sums.signatures) == before


@pytest.mark.usefixtures("compiled")
class TestBoundsOfMoments:
    """Those of NumPy's way."""

    @pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64])
    @pytest.mark.parametrize("columns", [1, 3, 64, 1500])
    @pytest.mark.parametrize("offset", [0.0, 3.0, 1e3])
    def test_normal_data(self, kind, columns, offset):
        rows = 1_000_000 // columns
        x = np.random.default_rng(1).normal(loc=offset, size=(rows, columns)).astype(kind)
        block_moments.assert_right(x)

    @pytest.mark.parametrize("columns", [1, 64])
    @pytest.mark.parametrize(
        "data", block_moments.ADVERSARIAL.values(), ids=block_moments.ADVERSARIAL
    )
    def test_adversarial_data(self, data, columns):
        rows = 300_000 // columns
        x = np.repeat(data(rows)[:, np.newaxis], columns, axis=1).astype(np.float32)
        block_moments.assert_right(x)

    @pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
    @pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64])
    def test_what_is_not_finite(self, kind, value):
        block_moments.test_large_blocks_refuse_what_is_not_finite_and_leave_out_nan_where_asked(
            value, kind
        )

    def test_constant_features(self):
        block_moments.test_constant_features_have_no_variance_whatever_their_value()

    def test_pixels_and_data_of_several_threads(self):
        x = np.random.default_rng(0).integers(0, 256, (4000, 40, 40, 3), np.uint8)
        moments = Moments()
        moments.update(x)
        flat = x.reshape(-1, 3).astype(np.int64)
        n, total, squares = len(flat), flat.sum(axis=0), (flat**2).sum(axis=0)
        assert moments.mean.tolist() == (total / n).tolist()
        exact = [(n * int(s) - int(t) ** 2) / n**2 for t, s in zip(total, squares, strict=True)]
        np.testing.assert_allclose(moments.variance, exact, rtol=1e-15)


@pytest.mark.usefixtures("compiled")
@pytest.mark.parametrize("kind", ["float16", "float32", "float64", "uint8"])
@pytest.mark.parametrize("at", [0, 50_000])
def test_extrema_of_blocks(kind, at):
    extrema.test_blocks_that_are_compared_in_parts(kind, at)


@pytest.mark.usefixtures("compiled")
def test_arrays_that_are_no_plain_rows_in_memory():
    x = np.random.default_rng(0).normal(size=(64, 40_000)).astype(np.float32)
    for view in (x.T, x[:, ::-1].T, np.broadcast_to(x[:, :1].T, (40_000, 64))):
        moments, found = Moments(), Extrema()
        moments.update(view)
        found.update(view)
        np.testing.assert_allclose(moments.variance, view.astype(float).var(axis=0), atol=1e-12)
        assert found.maximum.tolist() == view.max(axis=0).tolist()


def test_they_run_where_no_folder_can_be_written_to(tmp_path):
    """As in a container whose file system is read-only: compiled anew each time."""
    program = (
        "from numba.core import caching\n"
        "caching.CacheImpl._locator_classes = []\n"
        "import numpy as np\n"
        "from normlayers.statistics import compiled_loops\n"
        "print(compiled_loops.deviation_sums(np.ones((9, 1)), np.zeros(1))[0, 0])\n"
    )
    command = [sys.executable, "-c", program]
    assert subprocess.run(command, check=True, capture_output=True, text=True).stdout == "9.0\n"

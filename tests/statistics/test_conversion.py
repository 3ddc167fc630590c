"""Dates, missing values, text and other libraries' tensors as numbers."""

import math
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import numpy as np
import pytest

from normlayers.statistics.conversion import to_array

# 2024-03-10 12:00:00.5 UTC, an hour later in Oslo; and a missing one.
MOMENT = datetime(2024, 3, 10, 12, 0, 0, 500_000)
UNIX = MOMENT.replace(tzinfo=UTC).timestamp()


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_times_are_seconds_since_1970(unit):
    exact = math.floor(UNIX) if unit == "s" else UNIX
    assert to_array(np.array([MOMENT, "NaT"], f"datetime64[{unit}]")).tolist()[0] == exact
    assert math.isnan(to_array(np.array(["NaT"], f"datetime64[{unit}]"))[0])


def test_days_and_durations():
    days = to_array(np.array(["1970-01-03", "1969-12-31"], "datetime64[D]"))
    assert days.tolist() == [2 * 86_400, -86_400]
    assert to_array(np.array([90, -1], "timedelta64[m]")).tolist() == [5400, -60]


def test_pandas_times_with_and_without_time_zone():
    pandas = pytest.importorskip("pandas")
    plain = pandas.Series([MOMENT, None])
    zoned = plain.dt.tz_localize("UTC").dt.tz_convert("Asia/Tokyo")
    for column in (plain, zoned, plain.astype("datetime64[ns]")):
        np.testing.assert_array_equal(to_array(column), [UNIX, np.nan])
    assert to_array(pandas.Series([timedelta(minutes=2)])).tolist() == [120]


def test_polars_times_with_and_without_time_zone():
    polars = pytest.importorskip("polars")
    tokyo = timezone(timedelta(hours=9))
    there = MOMENT.replace(tzinfo=UTC).astimezone(tokyo)
    for column in (polars.Series([MOMENT, None]), polars.Series([there, None])):
        np.testing.assert_array_equal(to_array(column), [UNIX, np.nan])
    assert to_array(polars.Series([date(1970, 1, 2)])).tolist() == [86_400]
    assert to_array(polars.Series([timedelta(minutes=2)])).tolist() == [120]


def test_a_lazy_frame_is_to_be_collected():
    polars = pytest.importorskip("polars")
    with pytest.raises(TypeError, match=r"no rows yet; pass data\.collect\(\)"):
        to_array(polars.LazyFrame({"a": [1.0]}))


def test_pandas_frames_of_mixed_and_nullable_columns():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(
        {
            "integer": [1, 2],
            "float": [0.5, 1.5],
            "boolean": [True, False],
            "nullable": pandas.array([3, pandas.NA], dtype="Int64"),
            "nullable boolean": pandas.array([pandas.NA, True], dtype="boolean"),
            "object": pandas.Series([None, 4], dtype=object),
            "category": pandas.Series([5, 6], dtype="category"),
            "time": [datetime(1970, 1, 1), datetime(1970, 1, 2)],
        }
    )
    expected = [
        [1, 0.5, 1, 3, np.nan, np.nan, 5, 0],
        [2, 1.5, 0, np.nan, 1, 4, 6, 86_400],
    ]
    np.testing.assert_array_equal(to_array(frame), expected)
    assert to_array(frame[["integer", "boolean"]]).dtype == np.int64
    assert to_array(frame[["nullable"]][:1]).tolist() == [[3]]


def test_polars_frames_of_mixed_and_nullable_columns():
    polars = pytest.importorskip("polars")
    frame = polars.DataFrame(
        {
            "integer": [1, None],
            "boolean": [None, True],
            "time": [datetime(1970, 1, 2), None],
            "duration": [timedelta(seconds=3), None],
        }
    )
    np.testing.assert_array_equal(
        to_array(frame), [[1, np.nan, 86_400, 3], [np.nan, 1, np.nan, np.nan]]
    )


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_text_is_refused_by_the_columns_name(library):
    frame = pytest.importorskip(library).DataFrame({"age": [1, 2], "city": ["Oslo", "Rome"]})
    for data in (frame, frame["city"], frame[["city"]]):
        with pytest.raises(TypeError, match=r"Received: 'Oslo' of type str in column 'city'"):
            to_array(data)


def test_columns_may_share_a_name():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame([[1, 2.5], [3, 4.5]], columns=["a", "a"])
    assert to_array(frame).tolist() == [[1, 2.5], [3, 4.5]]


def test_objects_that_are_numbers():
    objects = np.array([[1, Decimal("2.5")], [None, True]], object)
    np.testing.assert_array_equal(to_array(objects), [[1, 2.5], [np.nan, 1]])
    for wrong in ("3", b"3", 1j, [1, 2]):
        array = np.empty(1, object)
        array[0] = wrong
        with pytest.raises(TypeError, match="must be real numbers"):
            to_array(array)
    with pytest.raises(TypeError, match="'a' of type str"):
        to_array([["a", "b"]])


@pytest.mark.filterwarnings("ignore:the matrix subclass")
def test_of_a_matrix_comes_an_array():
    """SciPy's ``todense`` makes one; its columns would be matrices, and ``ravel`` of it one too."""
    found = to_array(np.matrix([[1.0], [2.0]]))
    assert type(found) is np.ndarray
    assert found.ravel().tolist() == [1.0, 2.0]


def test_bfloat16_is_read():
    torch = pytest.importorskip("torch")
    numbers = [[1.0, 2.0], [3.0, 4.0]]
    assert to_array(torch.tensor(numbers, dtype=torch.bfloat16)).tolist() == numbers


def test_refuses_ragged_tensors():
    tf = pytest.importorskip("tensorflow")
    with pytest.raises(TypeError, match="ragged"):
        to_array(tf.ragged.constant([[1.0, 2.0], [3.0]]))


def test_refuses_masked_arrays():
    with pytest.raises(TypeError, match="mask would be lost"):
        to_array(np.ma.masked_less([1.0, 2.0], 2))


def _sparse_tensor(library):
    module = pytest.importorskip(library)
    if library == "tensorflow":
        return module.sparse.from_dense([[0.0, 1.0]])
    if library == "torch":
        return module.tensor([[0.0, 1.0]]).to_sparse()
    return module.BCOO.fromdense(np.array([[0.0, 1.0]]))


@pytest.mark.parametrize("library", ["tensorflow", "torch", "jax.experimental.sparse"])
def test_refuses_sparse_tensors_and_says_what_to_pass(library):
    with pytest.raises(TypeError, match=r"sparse tensors .*pass a SciPy sparse matrix"):
        to_array(_sparse_tensor(library))

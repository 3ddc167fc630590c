import keras
import numpy as np
import pytest

from normlayers.diagnosis.evidence import data as module
from normlayers.diagnosis.evidence.data import read_data

X, Y = np.arange(12.0).reshape(6, 2), np.arange(6)


def model(*widths):
    inputs = [keras.Input((width,), name=f"in_{i}") for i, width in enumerate(widths)]
    joined = keras.layers.Concatenate()(inputs) if len(inputs) > 1 else inputs[0]
    return keras.Model(inputs, keras.layers.Dense(1)(joined))


@pytest.mark.parametrize("x", [X, X.tolist(), X.astype("int8"), tuple(map(tuple, X.tolist()))])
def test_one_input_in_any_form(x):
    found = read_data(model(2), x, Y.tolist())
    np.testing.assert_array_equal(found.x, X)
    assert (found.rows, found.names, found.remark) == (6, ["in_0"], "")


def test_frames_keep_their_columns_names():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"age": [1, 2], "height": [1.5, None]})
    found = read_data(model(2), frame, pandas.Series([0, 1]))
    assert found.feature_name("in_0", 1) == "height"
    assert np.isnan(found.x[1, 1])
    with pytest.raises(TypeError, match="real numbers"):
        read_data(model(2), pandas.DataFrame({"age": [1, 2], "name": ["a", "b"]}))


def test_several_inputs():
    parts = {"in_1": X, "in_0": X[:, :1]}
    found = read_data(model(1, 2), parts)
    assert found.names == ["in_0", "in_1"]
    assert [part.shape for part in found.parts] == [(6, 1), (6, 2)]
    found = read_data(model(1, 2), [X[:, :1], X])
    assert [part.shape for part in found.parts] == [(6, 1), (6, 2)]


def test_streams_are_read_so_far(monkeypatch):
    monkeypatch.setattr(module, "STREAM_ROWS", 10)

    def batches(count):
        for _ in range(count):
            yield X, Y

    ended = read_data(model(2), batches(1))
    assert (ended.rows, ended.remark) == (6, "")
    found = read_data(model(2), batches(9))
    assert (found.rows, len(found.y)) == (12, 12)
    assert found.remark == "The first 12 rows of the data were read."


def test_a_generator_may_fill_one_array_again_and_again():
    def batches():
        x, y = np.empty((2, 2)), np.empty(2)
        for start in (0, 2, 4):
            x[:], y[:] = X[start : start + 2], Y[start : start + 2]
            yield x, y

    found = read_data(model(2), batches())
    np.testing.assert_array_equal(found.x, X)
    np.testing.assert_array_equal(found.y, Y)


def test_large_arrays_are_read_in_part(monkeypatch):
    monkeypatch.setattr(module, "MOST_VALUES", 8)
    found = read_data(model(2), X, Y)
    assert found.remark == "4 of 6 rows were read, evenly spaced."
    np.testing.assert_array_equal(found.x[:, 0] / 2, found.y)


@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        (X[:0], None, "one row or more"),
        (X, Y[:3], "a target for each of the 6 rows"),
        (iter([]), None, "no batches"),
        ([X[:, :1], X[:3]], None, "as many rows in each input"),
    ],
)
def test_what_holds_no_rows_is_refused(x, y, message):
    with pytest.raises(ValueError, match=message):
        read_data(model(1, 2) if isinstance(x, list) else model(2), x, y)


def test_a_data_set_of_single_rows_is_refused():
    tensorflow = pytest.importorskip("tensorflow")
    pairs = tensorflow.data.Dataset.from_tensor_slices((X, Y))
    columns = pairs.map(lambda x, y: (x, y[None]))
    named = columns.map(lambda x, y: ({"in_0": x}, y))
    for rows in (pairs, pairs.map(lambda x, y: y), columns, named):
        with pytest.raises(ValueError, match="x must be batched"):
            read_data(model(2), rows)
    np.testing.assert_array_equal(read_data(model(2), pairs.batch(4)).x, X)


def test_a_data_set_of_unknown_shapes_is_read():
    tensorflow = pytest.importorskip("tensorflow")
    types = (tensorflow.float32, tensorflow.int64)
    stream = tensorflow.data.Dataset.from_generator(lambda: iter([(X, Y)]), types)
    found = read_data(model(2), stream)
    np.testing.assert_array_equal(found.x, X)
    np.testing.assert_array_equal(found.y, Y)


@pytest.mark.parametrize(
    ("weights", "read", "remark"),
    [
        (np.ones(6), 6, ""),
        (np.full(6, 2.0), 6, ""),
        ([1, 1, 1, 1, 1, 2], 6, "Sample weights were not taken into account."),
        ([0, 1, 0, 1, 1, 1], 4, "Rows of weight 0 were left out; all others count alike."),
        ([0, 3, 0, 1, 1, 1], 4, "Rows of weight 0 were left out; all others count alike."),
        (np.eye(6)[:, :2], 2, "Rows of weight 0 were left out; all others count alike."),
        ({"a": np.ones(6), "b": np.arange(6)}, 6, "Sample weights were not taken into account."),
        (2.0, 6, ""),
    ],
)
def test_weights_of_rows(weights, read, remark):
    weights = weights if isinstance(weights, dict) else np.asarray(weights)
    found = read_data(model(2), iter([(X, Y, weights)]))
    assert (found.rows, found.remark) == (read, remark)


@pytest.mark.parametrize("weights", [[0, 1, 0, 1, 1, 2], np.array([0, 1, 0, 1, 1, 2])])
def test_rows_in_memory_of_weight_0_are_left_out(weights, monkeypatch):
    found = read_data(model(2), X, Y, weights)
    np.testing.assert_array_equal(found.x, X[[1, 3, 4, 5]])
    np.testing.assert_array_equal(found.y, Y[[1, 3, 4, 5]])
    monkeypatch.setattr(module, "MOST_VALUES", 2 * X.shape[1])
    np.testing.assert_array_equal(read_data(model(2), X, Y, weights).x, X[[1, 5]])
    with pytest.raises(ValueError, match="a row of a weight other than 0"):
        read_data(model(2), X, Y, np.zeros(6))


def test_an_endless_stream_of_weight_0_is_refused():
    def batches():
        while True:
            yield X, Y, np.zeros(6)

    with pytest.raises(ValueError, match="no row of a weight other than 0"):
        read_data(model(2), batches())


def test_weights_that_differ_from_batch_to_batch(monkeypatch):
    monkeypatch.setattr(module, "STREAM_ROWS", 12)
    stream = ((X, Y, np.full(6, float(weight))) for weight in range(1, 9))
    remark = read_data(model(2), stream).remark
    assert remark == (
        "The first 12 rows of the data were read. Sample weights were not taken into account."
    )

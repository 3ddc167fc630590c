"""Layers adapted to Dask collections, on the schedulers of one machine.

Covers too: partition_counts.py.
"""

import subprocess
import sys

import dask
import dask.array as da
import dask.bag as db
import dask.dataframe as dd
import numpy as np
import pandas as pd
import pytest

import normlayers as nl

RNG = np.random.default_rng(0)
X = RNG.normal(1e3, 3, (1000, 4))
FRAME = pd.DataFrame(X, columns=list("abcd"))
WEIGHT = RNG.integers(0, 3, 1000)


@pytest.fixture(params=["synchronous", "threads"], autouse=True)
def scheduler(request):
    with dask.config.set(scheduler=request.param):
        yield


def delayed_batches(x, size=300):
    return [dask.delayed(x[start : start + size]) for start in range(0, len(x), size)]


def records(x):
    return db.from_sequence(x.tolist(), npartitions=3)


SOURCES = {
    "array": lambda: da.from_array(X, chunks=(130, 4)),
    "array cut along its features": lambda: da.from_array(X, chunks=(400, 3)),
    "array with labels": lambda: (da.from_array(X, chunks=(130, 4)), da.ones(1000)),
    "array of unknown rows": lambda: (a := da.from_array(X, chunks=(130, 4)))[a[:, 0] > -1],
    "frame": lambda: dd.from_pandas(FRAME, npartitions=5),
    "frame with labels": lambda: (dd.from_pandas(FRAME, npartitions=5), None),
    "bag of rows": lambda: records(X),
    "bag of vectors": lambda: db.from_sequence(list(X), npartitions=3),
    "bag of batches": lambda: db.from_sequence([X[:400], X[400:]], npartitions=2),
    "delayed batches": lambda: delayed_batches(X),
    "delayed batches with labels": lambda: [dask.delayed((X[:9], 0)), dask.delayed((X[9:], 0))],
    "delayed generators": lambda: [dask.delayed(iter)([X[:9], X[9:30]]), dask.delayed(X[30:])],
    "one delayed": lambda: dask.delayed(X),
    "empty partitions": lambda: delayed_batches(X) + [dask.delayed(X[:0])] * 2,
}


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("kind", [nl.Standardize, nl.MinMaxScale])
def test_the_same_bits_as_in_memory(source, kind):
    ours, expected = kind(), kind()
    ours.adapt(SOURCES[source]())
    expected.adapt(X)
    assert ours.count == 1000
    for one, other in zip(ours.get_weights()[:2], expected.get_weights(), strict=False):
        np.testing.assert_array_equal(one, other)


NAMED = {
    "frame": lambda: dd.from_pandas(FRAME, npartitions=5),
    "dict of arrays": lambda: {c: da.from_array(FRAME[c].values, chunks=300) for c in "abcd"},
    "dict of series": lambda: {c: dd.from_pandas(FRAME[c], npartitions=2) for c in "abcd"},
    "bag of dicts": lambda: db.from_sequence(FRAME.to_dict("records"), npartitions=4),
    "bag of dicts of arrays": lambda: db.from_sequence([{c: FRAME[c].values for c in "abc"}]),
    "bag of frames": lambda: db.from_sequence([FRAME[:7], FRAME[7:]], npartitions=2),
    "delayed frames": lambda: [dask.delayed(FRAME[:7]), dask.delayed(FRAME[7:])],
    "delayed with labels": lambda: [dask.delayed((dict(FRAME), FRAME["d"]))],
}


@pytest.mark.parametrize("source", NAMED)
def test_several_layers_in_one_scan(source):
    layers, expected = ({"a": nl.Standardize(), "c": nl.MinMaxScale()} for _ in range(2))
    nl.adapt(layers, NAMED[source]())
    nl.adapt(expected, FRAME)
    for key, layer in layers.items():
        for one, other in zip(layer.get_weights()[:2], expected[key].get_weights(), strict=False):
            np.testing.assert_array_equal(one, other)


def test_each_partition_is_read_once_and_only_its_columns():
    read = []

    def load(number):
        read.append(number)
        return {"a": np.ones(3) * number, "b": np.ones(3), "text": ["x"] * 3}

    layers = {"a": nl.Standardize(), "b": nl.MinMaxScale()}
    nl.adapt(layers, [dask.delayed(load)(number) for number in range(40)])
    assert sorted(read) == list(range(40))
    assert layers["a"].mean.ravel().tolist() == [19.5]
    layer = nl.Standardize()
    layer.adapt([dask.delayed(load)(number)["a"][:, None] for number in range(40)], steps=2)
    assert layer.count == 6


def test_of_parquet_files_only_the_columns_that_are_needed_are_read(tmp_path):
    dd.from_pandas(FRAME.assign(text="x"), npartitions=4).to_parquet(tmp_path)
    frame = dd.read_parquet(tmp_path)
    layers, expected = ({"a": nl.Standardize(), "c": nl.MinMaxScale()} for _ in range(2))
    nl.adapt(layers, frame)
    nl.adapt(expected, FRAME)
    for key, layer in layers.items():
        np.testing.assert_array_equal(layer.get_weights()[1], expected[key].get_weights()[1])


@pytest.mark.parametrize("kind", ["array", "dask array", "dask array cut otherwise"])
def test_weights_and_masks(kind):
    mask = RNG.random(1000) < 0.7

    def given(values):
        if kind == "array":
            return values
        return da.from_array(values, chunks=130 if kind == "dask array" else 77)

    ours, expected = nl.Standardize(), nl.Standardize()
    expected.adapt(X, sample_weight=WEIGHT, mask=mask)
    data = da.from_array(X, chunks=(130, 4))
    ours.adapt(data, sample_weight=given(WEIGHT), mask=given(mask))
    np.testing.assert_array_equal(ours.get_weights()[1], expected.get_weights()[1])
    layers = {"a": nl.Standardize(), "b": nl.Standardize()}
    nl.adapt(layers, {"a": data, "b": data}, sample_weight={"a": given(WEIGHT)}, mask=given(mask))
    np.testing.assert_array_equal(layers["a"].get_weights()[1], expected.get_weights()[1])
    assert np.all(layers["b"].variance != layers["a"].variance)


def test_weights_beside_frames_and_batches():
    expected = nl.Standardize()
    expected.adapt(X, sample_weight=WEIGHT)
    frame = dd.from_pandas(FRAME.assign(w=WEIGHT), npartitions=3)
    parts = [WEIGHT[:600], dask.delayed(WEIGHT[600:])]
    for data, weight in (
        (frame[list("abcd")], frame["w"]),
        (frame[list("abcd")], frame["w"].to_dask_array()),
        ([dask.delayed(X[:600]), dask.delayed(X[600:])], parts),
    ):
        layer = nl.Standardize()
        layer.adapt(data, sample_weight=weight)
        np.testing.assert_array_equal(layer.get_weights()[1], expected.get_weights()[1])
    with pytest.raises(
        ValueError, match="partition 1: the weights or the mask end before the data"
    ):
        nl.Standardize().adapt(data, sample_weight=[WEIGHT[:600], WEIGHT[601:]])
    with pytest.raises(ValueError, match="partition 0: there are more weights than data"):
        nl.Standardize().adapt(data, sample_weight=[WEIGHT[:601], WEIGHT[600:]])


def test_missing_values_and_sequences():
    x = RNG.normal(size=(60, 5, 2))
    x[7, 3, 1] = np.nan
    mask = RNG.random((60, 5)) < 0.5
    ours, expected = nl.Standardize(missing="ignore"), nl.Standardize(missing="ignore")
    expected.adapt(x, mask=mask)
    ours.adapt(da.from_array(x, chunks=(9, 2, 1)), mask=da.from_array(mask, chunks=(20, 2)))
    np.testing.assert_array_equal(ours.get_weights()[1], expected.get_weights()[1])


def nan_in_partition_2():
    x = X.copy()
    x[700, 3] = np.nan
    return delayed_batches(x)


NO_DATA = "there are no data"
BAD = {
    "NaN": (nan_in_partition_2, ValueError, "partition 2: feature 3 has 1 NaN .* first in row 100"),
    "differing width": (
        lambda: [*delayed_batches(X), dask.delayed(X[:, :3])],
        ValueError,
        r"rows of shape \(4,\) in partition 0, \(3,\) in partition 4",
    ),
    "unknown width": (
        lambda: da.from_array(X, chunks=(500, 4))[:, da.from_array(X[0] > 0, chunks=4)],
        ValueError,
        r"features must be known. Received: a Dask array of shape \(1000, nan\)",
    ),
    "all empty": (lambda: [dask.delayed(X[:0])] * 3, ValueError, NO_DATA),
    "an empty frame": (lambda: dd.from_pandas(FRAME[:0], npartitions=1), ValueError, NO_DATA),
    "strings in an array": (lambda: da.from_array(X.astype(str)), TypeError, "Dask array of <U"),
    "strings in a bag": (lambda: db.from_sequence(["a", "b"]), TypeError, "a bag of text, such as"),
    "strings in a frame": (
        lambda: dd.from_pandas(FRAME.assign(c="x"), npartitions=2),
        TypeError,
        "partition .: .*'x' of type str in column 'c'",
    ),
    "single values": (lambda: [dask.delayed(3.0)], TypeError, "partition 0: .*Received: float"),
    "a value without axes": (lambda: da.from_array(X).sum(), ValueError, "must have rows"),
    "rows of several lengths": (
        lambda: db.from_sequence([[1.0], [1.0, 2.0]], npartitions=1), ValueError, "partition 0: "),
    "dicts": (lambda: db.from_sequence([{"a": 1.0}]), TypeError, "say which layer"),
    "no features": (lambda: da.from_array(X[:, 0], chunks=9), ValueError, "holds the rows"),
}  # fmt: skip


@pytest.mark.parametrize("bad", BAD)
def test_bad_data_are_one_clear_error_and_change_nothing(bad):
    data, error, says = BAD[bad]
    layer = nl.Standardize()
    layer.adapt(X)
    before = layer.get_weights()
    with pytest.raises(error, match=rf"Standardize.adapt\(\): .*{says}"):
        layer.adapt(data())
    for one, other in zip(layer.get_weights(), before, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(
    ("data", "error", "says"),
    [
        (
            lambda: dd.from_pandas(FRAME[["a"]], npartitions=2),
            KeyError,
            "no key 'b'; they have 'a'",
        ),
        (lambda: dd.from_pandas(FRAME.assign(b="x"), npartitions=1), TypeError, "'x' of type str"),
        (lambda: [dask.delayed(X)], TypeError, "batches of shape .* the layer's own adapt"),
        (
            lambda: dd.from_pandas(FRAME.assign(b=np.nan), npartitions=2),
            ValueError,
            r"adapt\(\): 'b': partition [01]: feature 0 has",
        ),
        (lambda: dd.from_pandas(FRAME[:0], npartitions=1), ValueError, NO_DATA),
    ],
)
def test_bad_columns_change_no_layer(data, error, says):
    layers = {"a": nl.Standardize(), "b": nl.Standardize()}
    with pytest.raises(error, match=says):
        nl.adapt(layers, data())
    assert not layers["a"].built


def test_refuses_arguments_that_make_no_sense():
    data = da.from_array(X, chunks=(500, 4))
    for arguments in ({"steps": 0}, {"batch_size": 0}):
        with pytest.raises(ValueError, match="must be a positive integer"):
            nl.Standardize().adapt(data, **arguments)
    built = nl.Standardize()
    built.build((None, 3))
    with pytest.raises(ValueError, match=r"built for inputs of shape \(None, 3\)"):
        built.adapt(data)


def test_progress_is_dasks_own(capsys):
    nl.Standardize().adapt(da.from_array(X, chunks=(500, 4)), verbose=True)
    assert "Completed" in capsys.readouterr().out


def test_dask_is_imported_only_for_its_collections_and_workers_need_no_keras():
    program = (
        "import sys, numpy as np, normlayers as nl\n"
        "from normlayers.layers.on_dask import partition_counts as counts\n"
        "assert not {'keras', 'dask', 'distributed'} & set(sys.modules)\n"
        "nl.Standardize().adapt(np.ones((3, 2)))\n"
        "assert not {'dask', 'distributed'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)

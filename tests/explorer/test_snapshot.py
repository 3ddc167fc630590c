import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from normlayers.explorer.snapshot import CorruptSnapshotError, decode, encode

RNG = np.random.default_rng(0)


def by_hand(snapshot, name):
    """A section's description and bytes, read as the format says, bit by bit."""
    start = 4 + int.from_bytes(snapshot[:4], "little")
    header = json.loads(snapshot[4:start])
    (described,) = [s for s in header["sections"] if s["name"] == name]
    assert described["offset"] % 4 == 0
    body = snapshot[start:]
    return described, body[described["offset"] :][: described["length"]]


@given(st.integers(0, 40), st.integers(1, 20))
def test_bits_are_exact_row_by_row_the_lowest_first(points, neurons):
    active = np.random.default_rng(points).random((points, neurons)) < 0.4
    snapshot = encode(3, {"active/h": active})
    described, data = by_hand(snapshot, "active/h")
    assert described["shape"] == [points, neurons]
    flat = [bool(data[k // 8] >> (k % 8) & 1) for k in range(points * neurons)]
    assert flat == active.ravel().tolist()
    assert np.array_equal(decode(snapshot)[1]["active/h"], active)


def test_numbers_are_float32_nan_among_them():
    numbers = np.array([[1.5, np.nan], [-2.25, np.inf]])
    _, data = by_hand(encode(0, {"odd": np.zeros((1, 3), bool), "n": numbers}), "n")
    assert np.array_equal(np.frombuffer(data, "<f4"), numbers.ravel(), equal_nan=True)


def test_quantized_numbers_are_within_half_a_level():
    values = RNG.normal(size=(50, 7))
    header, found = decode(encode(0, {}, {"value/h": values}))
    level = (values.max() - values.min()) / 255
    assert np.abs(found["value/h"] - values).max() <= level / 2 * (1 + 1e-9)
    assert header["sections"][0]["length"] == values.size


@pytest.mark.parametrize("value", [0.0, -3.5, 1e-320, 1e30])
def test_equal_numbers_stay_what_they_are(value):
    found = decode(encode(0, {}, {"v": np.full((3, 2), value)}))[1]["v"]
    assert np.array_equal(found, np.full((3, 2), value))


def test_a_range_that_is_given_is_used():
    header, found = decode(
        encode(7, {}, {"b": np.array([[0.5]])}, extent=(0, 1, -2, 3.5), ranges={"b": (0.0, 1.0)})
    )
    assert (header["sections"][0]["low"], header["sections"][0]["high"]) == (0, 1)
    assert found["b"].item() == pytest.approx(0.5, abs=1 / 510)
    assert (header["step"], header["extent"]) == (7, [0, 1, -2, 3.5])


def test_every_cut_is_found():
    whole = encode(1, {"active/h": RNG.random((9, 3)) < 0.5}, {"value/h": RNG.random((9, 3))})
    for end in range(len(whole)):
        with pytest.raises(CorruptSnapshotError):
            decode(whole[:end])


@pytest.mark.parametrize(
    "header",
    [
        b"[]",
        b"{}",
        b'{"step":1,"sections":[{}]}',
        b'{"step":1,"sections":[{"name":"a","dtype":"x","shape":[1],"offset":0,"length":1}]}',
        b'{"step":1,"sections":[{"name":"a","dtype":"u8","shape":"no","offset":0,"length":1}]}',
        b"\xff\xfe",
    ],
)
def test_what_is_no_header_is_said(header):
    with pytest.raises(CorruptSnapshotError):
        decode(len(header).to_bytes(4, "little") + header + bytes(8))

"""Several records in one answer, and what asks for them."""

import json

import pytest

from normlayers.explorer.batch import MOST, encode_batch, indices_of


def test_records_lie_where_the_header_says():
    records = {5: b"first", 0: b"", 2: "it is lost", 9: bytes(range(256))}
    body = encode_batch(records)
    start = 4 + int.from_bytes(body[:4], "little")
    described = json.loads(body[4:start])
    assert [one["index"] for one in described] == list(records)
    for one in described:
        record = records[one["index"]]
        if isinstance(record, str):
            assert one == {"index": one["index"], "problem": record}
        else:
            assert body[start + one["offset"] :][: one["length"]] == record


def test_places_are_read_from_a_list():
    assert indices_of("0") == [0]
    assert indices_of("12,3,999999999") == [12, 3, 999_999_999]
    assert len(indices_of(",".join(["7"] * MOST))) == MOST


@pytest.mark.parametrize("text", ["", ",", "1,", "-1", "1.5", " 1", "1 2", "\u0663", "1" * 10])
def test_what_is_no_list_of_places_is_refused(text):
    with pytest.raises(ValueError, match="whole numbers"):
        indices_of(text)


def test_too_many_at_once_are_refused():
    with pytest.raises(ValueError, match=f"at most {MOST}"):
        indices_of(",".join(["7"] * (MOST + 1)))

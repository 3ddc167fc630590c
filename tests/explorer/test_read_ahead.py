"""Blobs read behind the scenes."""

import threading

import pytest

from normlayers.explorer.read_ahead import ReadAhead


def test_each_is_read_once_and_kept():
    asked, done = [], threading.Semaphore(0)

    def read(key):
        asked.append(key)
        done.release()
        return key.encode()

    blobs = ReadAhead()
    blobs.begin(["a", "b"], read)
    blobs.begin(["b", "a", "c"], read)
    for _ in range(3):
        assert done.acquire(timeout=20)
    blobs.close()
    assert sorted(asked) == ["a", "b", "c"]
    assert [blobs.get(key, read) for key in "abc"] == [b"a", b"b", b"c"]
    assert len(asked) == 3


def test_one_that_is_not_kept_is_read_when_it_is_asked_for():
    assert ReadAhead().get("a", str.encode) == b"a"


def test_what_could_not_be_read_is_raised_where_it_is_asked_for():
    def fail(key):
        raise OSError(f"no {key}")

    blobs = ReadAhead()
    blobs.begin(["a"], fail)
    blobs.close()
    with pytest.raises(OSError, match="no a"):
        blobs.get("a", fail)
    assert blobs.get("a", str.encode) == b"a"


def test_those_read_first_go_when_they_are_too_many():
    read = []

    def ten(key):
        read.append(key)
        return bytes(10)

    blobs = ReadAhead(most_bytes=25)
    for key in "abc":
        blobs.get(key, ten)
    for key in "bc":
        blobs.get(key, ten)
    assert read == ["a", "b", "c"]
    blobs.get("a", ten)
    assert read == ["a", "b", "c", "a"]

"""Records against TensorBoard's own writer, and its checksum."""

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tensorboard.compat.tensorflow_stub.pywrap_tensorflow import crc32c as crc_byte_by_byte
from tensorboard.summary.writer.record_writer import RecordWriter

from normlayers.tracking.writing.records import crc32c, record


@given(st.binary(max_size=300))
@settings(deadline=None)
def test_a_record_is_what_tensorboard_writes(data):
    file = io.BytesIO()
    RecordWriter(file).write(data)
    assert record(data) == file.getvalue()


@pytest.mark.parametrize("length", [4095, 4096, 4097, 8191, 70_000, 262_144, 262_145])
def test_long_data(length):
    data = np.random.default_rng(length).integers(0, 256, length, np.uint8).tobytes()
    assert crc32c(data) == crc_byte_by_byte(data)


@pytest.mark.parametrize(
    ("data", "crc"),
    [
        (b"", 0),
        (bytes(32), 0x8A9136AA),
        (b"\xff" * 32, 0x62A8AB43),
        (bytes(range(32)), 0x46DD794E),
    ],
)
def test_the_examples_of_rfc_3720(data, crc):
    assert crc32c(data) == crc

"""A snapshot: what a model does on some points at one step, as bytes.

A little-endian 32-bit length, a header of so many bytes in JSON, and the sections' bytes. The
header has ``step``, ``sections`` and, where there is a boundary, its ``extent``; each section its
``name``, ``dtype``, ``shape``, and ``offset`` (from the end of the header, a multiple of 4) and
``length`` in bytes. The dtypes:

- ``bits``: booleans, row by row, eight to a byte, the lowest bit first;
- ``u8``: numbers in 256 steps: ``low + (high - low) * byte / 255``;
- ``f32``: little-endian float32.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

_ALIGNED = 4


class CorruptSnapshotError(ValueError):
    """Bytes that are no snapshot, or not all of one."""


def encode(
    step: int,
    exact: Mapping[str, Array],
    quantized: Mapping[str, Array] | None = None,
    extent: Sequence[float] | None = None,
    ranges: Mapping[str, tuple[float, float]] | None = None,
) -> bytes:
    """A snapshot's bytes.

    Args:
        step: the step it is of.
        exact: sections by name: booleans (``bits``), or numbers (``f32``).
        quantized: sections of finite numbers that are kept in 256 steps (``u8``).
        extent: the boundary's left, right, bottom and top.
        ranges: of quantized sections, the lowest and highest number there may be; without one, of
            those that there are.

    Example:
        >>> decode(encode(40, {"active/h": np.array([[True, False]])}))[1]["active/h"].tolist()
        [[True, False]]
    """
    described: list[dict[str, Any]] = []
    body = bytearray()

    def append(data: bytes, **description: Any) -> None:
        body.extend(bytes(-len(body) % _ALIGNED))
        described.append({**description, "offset": len(body), "length": len(data)})
        body.extend(data)

    for name, array in exact.items():
        if array.dtype == bool:
            data, dtype = np.packbits(array, bitorder="little").tobytes(), "bits"
        else:
            data, dtype = np.ascontiguousarray(array, "<f4").tobytes(), "f32"
        append(data, name=name, dtype=dtype, shape=array.shape)
    for name, array in (quantized or {}).items():
        low, high = (ranges or {}).get(name) or _range_of(array)
        levels = _in_levels(array, low, high)
        append(levels.tobytes(), name=name, dtype="u8", shape=array.shape, low=low, high=high)
    header: dict[str, Any] = {"step": step, "sections": described}
    if extent is not None:
        header["extent"] = [float(edge) for edge in extent]
    text = json.dumps(header, separators=(",", ":"), allow_nan=False).encode()
    return len(text).to_bytes(4, "little") + text + bytes(body)


def _range_of(array: Array) -> tuple[float, float]:
    return (float(array.min()), float(array.max())) if array.size else (0.0, 0.0)


def _in_levels(array: Array, low: float, high: float) -> Array:
    if not high > low:
        return np.zeros(array.shape, np.uint8)
    share = (np.asarray(array, float) - low) / (high - low)
    return np.rint(255 * share).astype(np.uint8)


def decode(snapshot: bytes) -> tuple[dict[str, Any], dict[str, Array]]:
    """A snapshot's header, and its sections by name as arrays: booleans, or numbers.

    Raises:
        CorruptSnapshotError: it is cut off, or no snapshot.

    Example:
        >>> decode(b"no")
        Traceback (most recent call last):
            ...
        normlayers.explorer.snapshot.CorruptSnapshotError: a snapshot of 2 bytes is cut off
    """
    header, body = _parts(snapshot)
    return header, {s["name"]: _values(s, body) for s in header["sections"]}


def check(snapshot: bytes) -> None:
    """See that a snapshot is whole, without the cost of its arrays.

    Raises:
        CorruptSnapshotError: it is cut off, or no snapshot.
    """
    _parts(snapshot)


def _parts(snapshot: bytes) -> tuple[dict[str, Any], memoryview]:
    """Header and body of a snapshot all sections of which are there."""
    if len(snapshot) < 4:
        raise CorruptSnapshotError(f"a snapshot of {len(snapshot)} bytes is cut off")
    start = 4 + int.from_bytes(snapshot[:4], "little")
    body = memoryview(snapshot)[start:]
    try:
        header = json.loads(snapshot[4:start])
        for section in header["sections"]:
            _check_length(section, len(body))
        int(header["step"])
    except CorruptSnapshotError:
        raise
    except (ValueError, KeyError, TypeError) as error:
        raise CorruptSnapshotError(f"a snapshot has no header that can be read: {error}") from None
    return header, body


def _check_length(described: dict[str, Any], there: int) -> None:
    name, offset, length = described["name"], described["offset"], described["length"]
    count = math.prod(described["shape"])
    expected = {"bits": -(-count // 8), "u8": count, "f32": 4 * count}[described["dtype"]]
    if described["dtype"] == "u8":
        float(described["low"]), float(described["high"])
    found = max(0, min(length, there - offset))
    if offset < 0 or found != length or length != expected:
        raise CorruptSnapshotError(
            f"section {name!r} of a snapshot has {found} bytes, not the {expected} of its shape"
        )


def _values(described: dict[str, Any], body: memoryview) -> Array:
    dtype, shape, offset = described["dtype"], described["shape"], described["offset"]
    data, count = body[offset : offset + described["length"]], math.prod(shape)
    if dtype == "bits":
        bits = np.unpackbits(np.frombuffer(data, np.uint8), count=count, bitorder="little")
        return bits.astype(bool).reshape(shape)
    if dtype == "f32":
        return np.frombuffer(data, "<f4").reshape(shape)
    levels = np.frombuffer(data, np.uint8).reshape(shape)
    low, high = described["low"], described["high"]
    return low + (high - low) * (levels / 255)

"""Several snapshots as one answer: a request for each would cost more than what it brings."""

from __future__ import annotations

import json
from collections.abc import Mapping

MOST = 64


def encode_batch(found: Mapping[int, bytes | str]) -> bytes:
    """The answer's bytes.

    A little-endian 32-bit length, a header of so many bytes in JSON, and the records. The header is
    a list with, for each record, its ``index`` and its ``offset`` (from the end of the header) and
    ``length``, or, where there is none, the ``problem`` in words.

    Args:
        found: records by their places among the run's steps, or why there is none.

    Example:
        >>> encode_batch({3: b"abc", 4: "it is lost"})[4:]
        b'[{"index":3,"offset":0,"length":3},{"index":4,"problem":"it is lost"}]abc'
    """
    header: list[dict[str, int | str]] = []
    records: list[bytes] = []
    offset = 0
    for index, record in found.items():
        if isinstance(record, str):
            header.append({"index": index, "problem": record})
            continue
        header.append({"index": index, "offset": offset, "length": len(record)})
        records.append(record)
        offset += len(record)
    text = json.dumps(header, separators=(",", ":")).encode()
    return b"".join([len(text).to_bytes(4, "little"), text, *records])


def indices_of(text: str) -> list[int]:
    """The places that a list such as ``3,4,10`` asks for.

    Raises:
        ValueError: it is no such list, or of more than ``MOST``.

    Example:
        >>> indices_of("3,4,10")
        [3, 4, 10]
    """
    parts = text.split(",")
    if not all(part.isascii() and part.isdigit() and len(part) < 10 for part in parts):
        raise ValueError(f"indices must be whole numbers from 0 on, as 3,4,10. Received: {text!r}")
    if len(parts) > MOST:
        raise ValueError(f"at most {MOST} indices are answered at once. Received: {len(parts)}")
    return [int(part) for part in parts]

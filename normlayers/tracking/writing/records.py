"""The records of TensorBoard's event files, without a loop over bytes.

A record is its length, in 8 bytes, the length's checksum, the data and the data's checksum, in 4
bytes each, the lowest byte first. The checksum is CRC-32C, turned and shifted ("masked").

Source: TensorFlow's TFRecord format; for CRC-32C RFC 3720, appendix B.4; that the checksum of
parts joined is linear in those of the parts: Mark Adler's ``crc32_combine`` in zlib.
"""

from __future__ import annotations

from functools import cache
from itertools import count

import numpy as np
import numpy.typing as npt

Table = npt.NDArray[np.uint32]

# CRC-32C's polynomial, the lowest bit first, and what is added to checksums in records.
_POLYNOMIAL, _MASK = 0x82F63B78, 0xA282EAD8
_ALL_BITS = 0xFFFFFFFF
# Bytes, and then checksums of so many bytes, and so on, that are put together at a time.
_GROUP = 64


def record(data: bytes) -> bytes:
    """The record of some data.

    Example:
        >>> len(record(b"data"))
        20
    """
    length = len(data).to_bytes(8, "little")
    return b"".join([length, _masked(length), data, _masked(data)])


def crc32c(data: bytes) -> int:
    """CRC-32C of some data.

    Example:
        >>> hex(crc32c(b"123456789"))
        '0xe3069283'
    """
    if len(data) < 4:
        return _crc_of_few(data)
    parts = np.frombuffer(data, np.uint8)[:, np.newaxis].copy()
    # To begin with all bits set is to begin with none and turn the first four bytes over.
    parts[:4] ^= 0xFF
    crcs = _crcs_of_groups(parts, 0)
    for level in count(1):
        if len(crcs) == 1:
            break
        crcs = _crcs_of_groups(crcs.astype("<u4").view(np.uint8).reshape(-1, 4), level)
    return int(crcs[0]) ^ _ALL_BITS


def _crcs_of_groups(parts: npt.NDArray[np.uint8], level: int) -> Table:
    """Checksums, begun with no bit set, of 64 parts each.

    Args:
        parts: bytes, shape ``(bytes, 1)``, or the checksums of groups a level below, ``(n, 4)``.
        level: 0 for bytes, 1 for checksums of 64 bytes, 2 for those of 64 such, and so on.
    """
    groups = -(-len(parts) // _GROUP)
    # Zeros in front, which change no checksum that begins with no bit set.
    whole = np.zeros((groups * _GROUP, parts.shape[1]), np.uint8)
    whole[len(whole) - len(parts) :] = parts
    places = 256 * np.arange(_GROUP * parts.shape[1])
    shares = _shares(level).take(whole.reshape(groups, -1) + places)
    return np.bitwise_xor.reduce(shares, axis=1)


def _masked(data: bytes) -> bytes:
    crc = crc32c(data)
    turned = (crc >> 15 | crc << 17) + _MASK
    return (turned & _ALL_BITS).to_bytes(4, "little")


def _crc_of_few(data: bytes) -> int:
    crc = _ALL_BITS
    for byte in data:
        crc = int(_of_bytes()[(crc ^ byte) & 0xFF]) ^ crc >> 8
    return crc ^ _ALL_BITS


@cache
def _of_bytes() -> Table:
    """What each byte adds to a checksum, shape ``(256,)``."""
    crc: Table = np.arange(256, dtype=np.uint32)
    for _ in range(8):
        crc = np.where(crc & 1, crc >> 1 ^ np.uint32(_POLYNOMIAL), crc >> 1).astype(np.uint32)
    return crc


@cache
def _shares(level: int) -> Table:
    """What each byte of a group's part adds to the group's checksum, by part, byte and its value.

    A group of level 0 has bytes for parts, of a higher one checksums of groups a level below.
    Flat, of shape ``(64, bytes, 256)``.
    """
    if level == 0:
        shares = [_of_bytes()[np.newaxis]]
    else:  # a checksum with nothing behind it stays as it is
        places = 8 * np.arange(4, dtype=np.uint32)[:, np.newaxis]
        shares = [np.arange(256, dtype=np.uint32) << places]
    zeros = _followed_by_zeros(_GROUP**level)
    for _ in range(_GROUP - 1):
        shares.append(_applied(zeros, shares[-1]))
    return np.stack(shares[::-1]).ravel()


@cache
def _followed_by_zeros(number: int) -> Table:
    """What becomes of a checksum's four bytes by so many zero bytes, a power of 2.

    Shape ``(4, 256)``.
    """
    if number == 1:
        values = np.arange(256, dtype=np.uint32)
        return np.stack([_of_bytes(), *(values << np.uint32(8 * place) for place in range(3))])
    half = _followed_by_zeros(number // 2)
    return _applied(half, half)


def _applied(zeros: Table, crc: Table) -> Table:
    bytes_of = [crc >> np.uint32(8 * place) & np.uint32(0xFF) for place in range(4)]
    shares = [table[byte] for table, byte in zip(zeros, bytes_of, strict=True)]
    return np.bitwise_xor.reduce(np.stack(shares))

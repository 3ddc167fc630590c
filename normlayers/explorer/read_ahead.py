"""Blobs that are read before they are asked for, many at a time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Generic, TypeVar

# TensorBoard's fast loader takes 20 ms for a blob, most of it waiting, and for eight no longer.
READERS = 8
MOST_BYTES = 128_000_000

Key = TypeVar("Key", bound=Hashable)


class ReadAhead(Generic[Key]):
    """Reads blobs behind the scenes and keeps them, those read last if they are too many.

    Args:
        most_bytes: that are kept.

    Example:
        >>> blobs = ReadAhead()
        >>> blobs.begin(["a", "b"], str.encode)
        >>> blobs.get("a", str.encode)
        b'a'
    """

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        self._readers = ThreadPoolExecutor(READERS, "normlayers-blobs")
        self._lock = threading.Lock()
        self._begun: set[Key] = set()
        self._kept: dict[Key, bytes] = {}
        self._bytes = 0

    def begin(self, keys: Iterable[Key], read: Callable[[Key], bytes]) -> None:
        """Have blobs read, each once only, and return at once.

        Args:
            keys: of the blobs; what is read under one never changes.
            read: of a key; what it raises is dropped here, and raised by ``get``.
        """
        with self._lock:
            new = [key for key in keys if key not in self._begun]
            self._begun.update(new)
        for key in new:
            self._readers.submit(self.get, key, read)

    def get(self, key: Key, read: Callable[[Key], bytes]) -> bytes:
        """A blob that is kept, or else is read now."""
        with self._lock:
            kept = self._kept.get(key)
        return self._keep(key, read(key)) if kept is None else kept

    def close(self) -> None:
        """Wait for what was begun, and begin no more."""
        self._readers.shutdown()

    def _keep(self, key: Key, blob: bytes) -> bytes:
        with self._lock:
            if key not in self._kept:
                self._kept[key] = blob
                self._bytes += len(blob)
            while self._bytes > self._most_bytes:
                oldest = next(iter(self._kept))
                self._bytes -= len(self._kept.pop(oldest))
        return blob

"""Files that are sent in chunks: a client that reads slowly holds one in memory, not the file."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from typing import IO

from werkzeug.wsgi import FileWrapper

CHUNK_BYTES = 64 * 1024

MAX_STREAMS = 256
"""How many are sent so at once. A thread waits until the client has read; granian knows no other
way for WSGI.
"""


def file_wrapper(file: IO[bytes], _buffer_size: int = CHUNK_BYTES) -> FileWrapper:
    """`wsgi.file_wrapper` with larger chunks than werkzeug asks for."""
    return FileWrapper(file, CHUNK_BYTES)


class Streams:
    """Those that are under way."""

    def __init__(self, size: int = MAX_STREAMS) -> None:
        self._free = threading.BoundedSemaphore(size)

    def begin(self, chunks: Iterable[bytes]) -> Stream | None:
        """Send these chunks one by one; None when too many are sent so already."""
        return Stream(chunks, self._free) if self._free.acquire(blocking=False) else None


class Stream(Iterator[bytes]):
    """The chunks of a response, which the server closes when it is sent or its client is gone."""

    def __init__(self, chunks: Iterable[bytes], place: threading.BoundedSemaphore) -> None:
        self._chunks = chunks
        self._next = iter(chunks).__next__
        self._place = place
        self._is_open = True

    def __next__(self) -> bytes:
        return self._next()

    def close(self) -> None:
        """Close the file, and let another stream begin."""
        if self._is_open:
            self._is_open = False
            self._place.release()
            if hasattr(self._chunks, "close"):
                self._chunks.close()

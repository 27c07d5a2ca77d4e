"""The lines of a dataset export: NDJSON, gzipped or not, or the archive of `sanity dataset export`.

The archive is a gzipped tar file: `<name>/data.ndjson`, then `assets.json`, `files/` and `images/`.
It is only read: no path in it is ever opened, and what a hostile one can cost is bounded.
"""

from __future__ import annotations

import io
import tarfile
import zlib
from collections.abc import Callable, Iterator
from gzip import GzipFile
from typing import IO

MAX_LINE_BYTES = 64 * 1024 * 1024
"""Bytes of a line; a document of Sanity has at most 32 MB (its technical limits)."""

MAX_EXPANSION = 100
"""Bytes that each compressed byte may stand for, on average; NDJSON of logs takes about 20."""

ALWAYS_EXPANDED_BYTES = MAX_LINE_BYTES

_GZIP, _NDJSON = b"\x1f", (b"{", b"\xef", b" ", b"\t", b"\r", b"\n", b"")
"""First bytes: no tar file of ours begins like NDJSON, since a tar file begins with a name."""


class ImportRefused(Exception):
    """The file cannot be imported; the message says what is wrong with it, and in which line."""


def read_lines(
    file: io.BufferedIOBase, note: Callable[[str], object], progress: Callable[[int], object]
) -> Iterator[bytes]:
    """The lines of the documents in `file`. Raises `ImportRefused`, also in the middle.

    `note` gets a sentence for each thing that the operator should know; `progress` gets the number
    of bytes of `file` read so far.
    """
    compressed = _Counted(file, progress)
    source = io.BufferedReader(compressed)
    try:
        if source.peek(1)[:1] != _GZIP:
            yield from _lines(source)
            return

        def bound(count: int) -> None:
            if count > ALWAYS_EXPANDED_BYTES + MAX_EXPANSION * compressed.count:
                raise ImportRefused(
                    f"the file expands to more than {MAX_EXPANSION} times its size: no export does"
                )

        with GzipFile(fileobj=source) as expanded:
            content = io.BufferedReader(_Counted(expanded, bound))
            plain = content.peek(1)[:1] in _NDJSON
            yield from _lines(content) if plain else _lines_in_tar(content, note)
    except (OSError, EOFError, zlib.error) as error:
        raise ImportRefused(f"the file cannot be read to its end ({error})") from None


def _lines(stream: IO[bytes]) -> Iterator[bytes]:
    while line := stream.readline(MAX_LINE_BYTES):
        if len(line) == MAX_LINE_BYTES:
            raise ImportRefused(f"a line has more than {MAX_LINE_BYTES} bytes")
        yield line


def _lines_in_tar(stream: IO[bytes], note: Callable[[str], object]) -> Iterator[bytes]:
    found, assets = False, 0
    try:
        with tarfile.open(fileobj=stream, mode="r|") as archive:
            while member := archive.next():
                # It would keep all of them, and a file has room for millions.
                archive.members.clear()  # type: ignore[attr-defined]  # typeshed lacks it
                folder, _, name = member.name.removeprefix("./").rpartition("/")
                if name == "data.ndjson" and "/" not in folder:
                    data = archive.extractfile(member) if member.type in _PLAIN_FILE else None
                    if found or data is None:
                        raise ImportRefused("the archive needs exactly one plain file data.ndjson")
                    found = True
                    yield from _lines(data)
                elif member.isreg() and folder.endswith(("/files", "/images")):
                    assets += 1
        while stream.read(_CHUNK_BYTES):
            pass  # only at its end does the compression tell whether all was whole
    except (tarfile.TarError, RecursionError, ValueError) as error:
        raise ImportRefused(f"neither NDJSON nor an archive of Sanity ({error})") from None
    if not found:
        raise ImportRefused("the archive holds no data.ndjson")
    if assets:
        note(f"The archive's assets ({assets} files) were ignored: only documents are kept here.")


_CHUNK_BYTES = 64 * 1024
_PLAIN_FILE = (tarfile.REGTYPE, tarfile.AREGTYPE)


class _Counted(io.RawIOBase):
    """Reads on from `source`; `check` gets the number of bytes so far, and may raise."""

    def __init__(self, source: io.BufferedIOBase, check: Callable[[int], object]) -> None:
        self._source = source
        self._check = check
        self.count = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # a Buffer, to be exact
        data = self._source.read1(len(buffer))
        buffer[: len(data)] = data
        self.count += len(data)
        self._check(self.count)
        return len(data)

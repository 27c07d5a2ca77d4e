"""Where a command writes its result: a file that is whole or as it was, or a stream."""

from __future__ import annotations

import errno
import os
import secrets
import signal
import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from app.service.errors import StoreError

_CHUNK_BYTES = 64 * 1024


class OutputFailed(Exception):
    """The result could not be written as a whole; the message says why, and what is there now."""


class Output:
    """Writes to a file descriptor. No short write goes unseen, as it can with `sys.stdout`."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._pending = bytearray()

    def write(self, data: bytes) -> None:
        """Raises OSError, also for what was written before."""
        self._pending += data
        if len(self._pending) >= _CHUNK_BYTES:
            self.flush()

    def flush(self) -> None:
        """Hand everything to the operating system. Raises OSError."""
        rest = bytes(self._pending)
        self._pending.clear()
        while rest:
            rest = rest[os.write(self._descriptor, rest) :]


@contextmanager
def open_output(target: str) -> Iterator[Output]:
    """What to write to for `target`: a path, or `-` for standard output.

    A regular file is replaced, with mode 600, only after the block has ended well and everything is
    on the disk; whatever ends the block otherwise, also SIGINT, SIGTERM and SIGHUP, leaves it as it
    was. A FIFO, a device, or a link to one is written to directly. Raises `OutputFailed`.
    """
    with _signals_as_exceptions():
        if target == "-":
            with _stream(_standard_output(), "standard output") as output:
                yield output
        elif _is_stream(target):
            descriptor = _open(target, os.O_WRONLY)
            try:
                with _stream(descriptor, target) as output:
                    yield output
            finally:
                os.close(descriptor)
        else:
            # A link to a file stays one: what it leads to is replaced.
            with _replacement(Path(os.path.realpath(target)), target) as output:
                yield output


@contextmanager
def open_log(target: str) -> Iterator[Callable[[bytes], None]]:
    """Writes each line at once to a new file with mode 600. Raises `OutputFailed`."""
    descriptor = _open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND)
    output = Output(descriptor)

    def write(line: bytes) -> None:
        try:
            output.write(line)
            output.flush()
        except OSError as error:
            raise OutputFailed(f"{target}: {error.strerror}.") from error

    try:
        yield write
    finally:
        os.close(descriptor)


def _standard_output() -> int:
    if sys.stdout is None:
        raise OutputFailed("standard output: it is closed.")
    return sys.stdout.fileno()


def _open(target: str | Path, flags: int) -> int:
    try:
        return os.open(target, flags, 0o600)
    except OSError as error:
        raise OutputFailed(f"{target}: {error.strerror}.") from error


def _is_stream(target: str) -> bool:
    """Whether the target exists and is no regular file. Raises `OutputFailed` for a folder."""
    try:
        mode = Path(target).stat().st_mode
    except FileNotFoundError:
        return False
    except OSError as error:
        raise OutputFailed(f"{target}: {error.strerror}.") from error
    if stat.S_ISDIR(mode):
        raise OutputFailed(f"{target} is a folder.")
    return not stat.S_ISREG(mode)


@contextmanager
def _stream(descriptor: int, name: str) -> Iterator[Output]:
    try:
        output = Output(descriptor)
        yield output
        output.flush()
    except _FAILURES as error:
        raise OutputFailed(f"{name}: {_reason(error)}. The output is incomplete.") from error


@contextmanager
def _replacement(path: Path, name: str) -> Iterator[Output]:
    temporary = path.with_name(f".{secrets.token_hex(8)}.tmp")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            output = Output(descriptor)
            yield output
            output.flush()
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        temporary.replace(path)
    except _FAILURES as error:
        raise OutputFailed(f"{name} is as it was: {_reason(error)}.") from error
    finally:
        temporary.unlink(missing_ok=True)
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    """Have the new name on the disk as well."""
    descriptor = _open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno != errno.EINVAL:  # file systems that cannot do this for a folder say so
            raise OutputFailed(f"{folder}: {error.strerror}.") from error
    finally:
        os.close(descriptor)


@contextmanager
def _signals_as_exceptions() -> Iterator[None]:
    """SIGTERM and SIGHUP end the block by an exception, as SIGINT does, so that it cleans up."""

    def interrupt(number: int, _: FrameType | None) -> None:
        raise KeyboardInterrupt(signal.Signals(number).name)

    # Under nohup, SIGHUP is ignored; so it stays.
    numbers = [
        each for each in (signal.SIGTERM, signal.SIGHUP) if signal.getsignal(each) == signal.SIG_DFL
    ]
    for each in numbers:
        signal.signal(each, interrupt)
    try:
        yield
    finally:
        for each in numbers:
            signal.signal(each, signal.SIG_DFL)


_FAILURES = (OSError, StoreError, KeyboardInterrupt)


def _reason(error: BaseException) -> str:
    match error:
        case OSError():
            return error.strerror or str(error)
        case StoreError():
            return f"the store failed ({error})"
    return f"interrupted by {error.args[0] if error.args else 'SIGINT'}"

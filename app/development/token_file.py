"""The file with the tokens of a development server, for `source instance/dev-tokens.env`."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Mapping
from pathlib import Path


class TokenFile:
    """One server's file, for this user's eyes only; it stays this server's until `close`.

    A second server in the same folder gets a file of its own, with its port in the name.
    """

    def __init__(self, folder: Path, port: int) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        first, other = folder / "dev-tokens.env", folder / f"dev-tokens-{port}.env"
        self._file = _locked(first)
        self.path = first
        if self._file is None:
            self._file, self.path = _locked(other), other

    def write(self, tokens: Mapping[str, str]) -> None:
        """Replace what is in it; the variables reach the programs that a shell starts."""
        if self._file is not None:
            text = "".join(f"export {name}={token}\n" for name, token in tokens.items())
            os.ftruncate(self._file, 0)
            os.pwrite(self._file, text.encode(), 0)

    def close(self) -> None:
        """Leave the file to the next server."""
        if self._file is not None:
            os.close(self._file)
            self._file = None


def _locked(path: Path) -> int | None:
    """The open file, or None while another process has it."""
    file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(file)
        return None
    os.fchmod(file, 0o600)
    return file

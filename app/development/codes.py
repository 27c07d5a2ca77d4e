"""Authorization codes: each works once, within a minute, whichever worker process is asked.

A code's grant lies in a file named by the code's digest, in a folder that the worker processes of
one run share and that ends with the run; taking the file away is what makes a code work once.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
import time
import weakref
from dataclasses import asdict, dataclass
from pathlib import Path

from authlib.oauth2.rfc6749 import AuthorizationCodeMixin

FOLDER_VARIABLE = "DEVELOPMENT_CODES"
"""Where a worker process finds the folder of its launcher."""

LIFETIME_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Grant(AuthorizationCodeMixin):
    """What a person granted to a client; an authorization code stands for it."""

    client_id: str
    user_id: str
    scope: str
    redirect_uri: str
    code_challenge: str
    code_challenge_method: str
    expires_at: float

    def get_redirect_uri(self) -> str:
        return self.redirect_uri

    def get_scope(self) -> str:
        return self.scope


class Codes:
    """The codes that are out."""

    def __init__(self) -> None:
        self._folder = Path(os.environ.get(FOLDER_VARIABLE) or tempfile.mkdtemp(prefix="codes-"))
        if FOLDER_VARIABLE not in os.environ:
            weakref.finalize(self, shutil.rmtree, self._folder)

    def put(self, code: str, grant: Grant) -> None:
        """Remember what a code stands for."""
        path = self._path(code)
        path.touch(mode=0o600, exist_ok=False)
        path.write_text(json.dumps(asdict(grant)))

    def take(self, code: str) -> Grant | None:
        """What the code stands for; None if it is unknown, used or too old."""
        path = self._path(code)
        try:
            grant = Grant(**json.loads(path.read_text()))
            path.unlink()
        except FileNotFoundError:
            return None
        return grant if time.time() < grant.expires_at else None

    def _path(self, code: str) -> Path:
        return self._folder / hashlib.sha256(code.encode()).hexdigest()

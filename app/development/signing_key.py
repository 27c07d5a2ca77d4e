"""The signing key of the development issuer, kept in a file: tokens survive a restart."""

from __future__ import annotations

import json
import os
from pathlib import Path
from tempfile import NamedTemporaryFile

from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from app.settings import SettingsError

ALGORITHM = "ES256"


def new_key() -> ECKey:
    """A key whose `kid` is its thumbprint."""
    return ECKey.generate_key("P-256", {"use": "sig", "alg": ALGORITHM}, auto_kid=True)


def kept_key(path: Path) -> ECKey:
    """The key in this file, which only its owner may read; it is made when there is none.

    Raises `SettingsError` for a file that holds something else.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        _create(path)
    try:
        return ECKey.import_key(json.loads(path.read_text()))
    except (ValueError, KeyError, TypeError, JoseError):
        raise SettingsError(f"{path} does not hold a key. Remove it; a new one is made.") from None


def _create(path: Path) -> None:
    """Write a new key; of several processes that start at once, one keeps its key."""
    with NamedTemporaryFile("w", dir=path.parent, prefix=path.name) as file:
        json.dump(new_key().as_dict(private=True), file)
        file.flush()
        try:
            os.link(file.name, path)
        except FileExistsError:
            return

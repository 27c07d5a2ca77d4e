"""Removes secrets from every log record, of any library and level, when the record is made."""

from __future__ import annotations

import logging
import re
from collections.abc import Collection
from typing import Any

HIDDEN = "[hidden]"

_credentials = re.compile(
    r"""
      \beyJ[\w-]*(?:\.[\w-]*){1,4}                                              # a JWT or a JWE
    | (?P<bearer>\bbearer\s)[\w.~+/=-]{16,}                                 # in a header
    | (?P<address>[?&]access_token=)[^&\s'"]+                               # in an address
    | (?P<cookie>session-token(?:\.\d)?['"]?\s*[=:,]\s*['"]?)[^;,\s'")]+    # or a part of it
    """,
    re.VERBOSE | re.IGNORECASE,
)


def _hide(found: re.Match[str]) -> str:
    """All of it but the name that says what it is."""
    return "".join(name for name in found.groups() if name) + HIDDEN


def hide_secrets(secrets: Collection[str]) -> None:
    """From now on, hide these texts and every text that looks like a credential."""
    known = [re.escape(secret) for secret in secrets if secret]
    exactly = re.compile("|".join(known)) if known else None

    def clean(text: str) -> str:
        if exactly:
            text = exactly.sub(HIDDEN, text)
        return _credentials.sub(_hide, text)

    def make_record(*args: Any, **kwargs: Any) -> logging.LogRecord:
        record = logging.LogRecord(*args, **kwargs)
        try:
            message = record.getMessage()
        except (TypeError, ValueError):  # a library's call is wrong; logging must not fail
            message = str(record.msg)
        record.msg, record.args = clean(message), None
        if record.exc_info:
            # An exception may quote a header. Formatters use `exc_text` where it is set.
            record.exc_text = clean(_formatter.formatException(record.exc_info))
        return record

    logging.setLogRecordFactory(make_record)


_formatter = logging.Formatter()

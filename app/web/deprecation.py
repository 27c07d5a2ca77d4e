"""Operations that will go: told in every response, in the document, and in the log."""

from __future__ import annotations

import logging
from collections.abc import Callable
from copy import deepcopy
from datetime import datetime
from functools import wraps
from typing import Any, TypeVar

from flask import request
from werkzeug.http import http_date

from app.web.request_context import set_headers

logger = logging.getLogger(__name__)

View = TypeVar("View", bound=Callable[..., Any])


def deprecated(
    since: datetime, *, sunset: datetime | None = None, see: str
) -> Callable[[View], View]:
    """Say that an operation is deprecated `since` then, and goes at `sunset` if that is known.

    Right below `protect`, so that errors say so, too: `Deprecation` (RFC 9745), `Sunset` (RFC
    8594), and a `Link` to the page `see` that tells what to use instead. The log has a line for
    each use.
    """
    headers = {"Deprecation": f"@{int(since.timestamp())}", "Link": f'<{see}>; rel="deprecation"'}
    if sunset is not None:
        headers["Sunset"] = http_date(sunset)

    def decorator(view: Callable[..., Any]) -> Any:
        documentation = deepcopy(getattr(view, "_apidoc", {}))
        documentation.setdefault("manual_doc", {})["deprecated"] = True

        @wraps(view)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            set_headers(headers)
            logger.warning("deprecated operation: %s %s", request.method, request.url_rule)
            return view(*args, **kwargs)

        vars(wrapper)["_apidoc"] = documentation
        return wrapper

    return decorator

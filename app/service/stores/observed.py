"""A store whose failures are logged, once each, and whose operations somebody is told of."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from functools import wraps
from typing import Any, cast

from app.service.errors import StoreError
from app.service.stores.port import Store

logger = logging.getLogger(__name__)

Tell = Callable[[str, float, StoreError | None], None]
"""Gets an operation's name, its seconds, and how the store failed, if it did."""


def observe(store: Store, tell: Tell = lambda *_: None) -> Store:
    """The same store; whatever it fails at is an error in the log, with the operation and the
    cause. That cause is the store's own words, and never holds a document.
    """
    return cast("Store", _Observed(store, tell))


class _Observed:
    def __init__(self, store: Store, tell: Tell) -> None:
        self._store = store
        self._tell = tell

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._store, name)
        if callable(found):
            found = self._watched(found, name.replace("_", "-"))
        setattr(self, name, found)
        return found

    def _watched(self, operation: Callable[..., Any], name: str) -> Callable[..., Any]:
        @wraps(operation)
        def watched(*args: Any, **kwargs: Any) -> Any:
            started = time.perf_counter()
            failure = None
            try:
                return operation(*args, **kwargs)
            except StoreError as error:
                failure = error
                facts = {"operation": name, "cause": str(error)}
                logger.error(
                    "the store failed in %s (%s): %s",
                    name,
                    type(error).__name__,
                    error,
                    extra={"facts": facts},
                )
                raise
            finally:
                self._tell(name, time.perf_counter() - started, failure)

        return watched

"""A store whose operations somebody watches; one who does logs their failures, once each."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import wraps
from typing import Any, cast

from app.service.errors import StoreError
from app.service.stores.port import Store

logger = logging.getLogger(__name__)

Watch = Callable[[str], AbstractContextManager[object]]
"""An operation's name, such as `list-logs`, to what the operation runs in. Nothing that it returns
or raises may be changed there.
"""


def watched(store: Store, watch: Watch) -> Store:
    """The same store, whose operations run in what `watch` makes."""
    return cast("Store", _Watched(store, watch))


class LoggedFailure:
    """Logs how the store failed, with the operation and the cause. That cause is the store's own
    words, and never holds a document.
    """

    def __init__(self, operation: str) -> None:
        self._operation = operation

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, error: object, _: object) -> None:
        if kind and issubclass(kind, StoreError):
            logger.error(
                "the store failed in %s (%s): %s",
                self._operation,
                kind.__name__,
                error,
                extra={"facts": {"operation": self._operation, "cause": str(error)}},
            )


class _Watched:
    def __init__(self, store: Store, watch: Watch) -> None:
        self._store = store
        self._watch = watch

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._store, name)
        if callable(found):
            found = self._within(found, name.replace("_", "-"))
        setattr(self, name, found)
        return found

    def _within(self, operation: Callable[..., Any], name: str) -> Callable[..., Any]:
        watch = self._watch

        @wraps(operation)
        def run(*args: Any, **kwargs: Any) -> Any:
            with watch(name):
                return operation(*args, **kwargs)

        return run

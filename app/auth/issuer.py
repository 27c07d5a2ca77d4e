"""The authorization server: its metadata (RFC 8414, OpenID Discovery) and its signing keys.

What it says is kept for `REFRESH_SECONDS`, then one thread asks again while others go on with what
is there; through an outage it stays good for `STALE_SECONDS`. A key id that nobody knows causes one
look at the keys, and the next not before `COOLDOWN_SECONDS`, however many such tokens come.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from joserfc.jwk import Key

from app.auth.errors import IssuerUnavailable
from app.auth.fetch import Fetch, FetchFailed, fetch_json, is_safe
from app.auth.keys import VerificationKey, import_keys, pick

logger = logging.getLogger(__name__)

REFRESH_SECONDS = 600
STALE_SECONDS = 24 * 3600
COOLDOWN_SECONDS = 30
RETRY_SECONDS = 5
"""How long nobody asks again after the issuer failed while there was nothing to go on with."""


@dataclass(frozen=True, slots=True)
class _Snapshot:
    """What the issuer said, and when."""

    metadata: Mapping[str, Any]
    keys: tuple[VerificationKey, ...]
    fetched_at: float
    generation: int


class RemoteIssuer:
    """An `app.auth.keys.Issuer` over HTTP. `clock` counts seconds."""

    def __init__(
        self,
        url: str,
        audience: str,
        *,
        fetch: Fetch = fetch_json,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.url = url
        self.audience = audience
        self._fetch = fetch
        self._clock = clock
        self._fetching = threading.Lock()
        self._snapshot: _Snapshot | None = None
        self._failed_at = float("-inf")
        self._looked_at = float("-inf")

    @property
    def generation(self) -> int:
        snapshot = self._snapshot
        return snapshot.generation if snapshot else 0

    @property
    def metadata(self) -> Mapping[str, Any]:
        """The metadata document. Raises `IssuerUnavailable`."""
        return self._current().metadata

    def find_key(self, algorithm: str, kid: str | None) -> Key | None:
        started = self._clock()
        snapshot = self._current()
        key = pick(snapshot.keys, algorithm, kid)
        if key is None and snapshot.fetched_at < started:
            key = pick(self._look_again(snapshot).keys, algorithm, kid)
        return key

    def _current(self) -> _Snapshot:
        """What the issuer said, recent enough."""
        snapshot = self._snapshot
        age = self._clock() - snapshot.fetched_at if snapshot else float("inf")
        if snapshot and age < REFRESH_SECONDS:
            return snapshot
        if snapshot and age < STALE_SECONDS:
            return self._refresh(snapshot)
        return self._start(snapshot)

    def _refresh(self, stale: _Snapshot) -> _Snapshot:
        """Ask again, unless another thread does or the issuer has just failed."""
        if self._clock() - self._failed_at < COOLDOWN_SECONDS:
            return stale
        if not self._fetching.acquire(blocking=False):
            return stale
        try:
            return self._ask()
        except FetchFailed:
            return stale
        finally:
            self._fetching.release()

    def _start(self, expired: _Snapshot | None) -> _Snapshot:
        """Ask with nothing to go on with: everybody waits for the one thread that does."""
        with self._fetching:
            if self._snapshot and self._snapshot is not expired:
                return self._snapshot
            if self._clock() - self._failed_at < RETRY_SECONDS:
                raise IssuerUnavailable(RETRY_SECONDS)
            try:
                return self._ask()
            except FetchFailed:
                raise IssuerUnavailable(RETRY_SECONDS) from None

    def _look_again(self, known: _Snapshot) -> _Snapshot:
        """The keys anew, for a key id that is not among the known ones."""
        if self._cooling():
            return self._snapshot or known
        with self._fetching:
            current = self._snapshot or known
            if current is not known or self._cooling():
                return current
            try:
                return self._ask(current.metadata)
            except FetchFailed:
                return current
            finally:
                self._looked_at = self._clock()

    def _cooling(self) -> bool:
        return self._clock() - self._looked_at < COOLDOWN_SECONDS

    def _ask(self, metadata: Mapping[str, Any] | None = None) -> _Snapshot:
        """Fetch the keys, and the metadata unless it is given. The caller holds the lock."""
        try:
            metadata = metadata or self._fetch_metadata()
            keys = self._fetch_keys(metadata["jwks_uri"])
        except FetchFailed as error:
            self._failed_at = self._clock()
            logger.warning("the issuer %s cannot be used: %s", self.url, error)
            raise
        before = self._snapshot
        generation = before.generation if before else 0
        if before is None or _fingerprint(before.keys) != _fingerprint(keys):
            generation += 1
        self._snapshot = _Snapshot(metadata, keys, self._clock(), generation)
        return self._snapshot

    def _fetch_metadata(self) -> Mapping[str, Any]:
        reasons = []
        for url in _metadata_urls(self.url):
            try:
                metadata = self._fetch(url)
            except FetchFailed as error:
                reasons.append(str(error))
                continue
            if metadata.get("issuer") != self.url:
                reasons.append(f"{url}: it names another issuer, compare with OAUTH_ISSUER")
            elif not is_safe(metadata.get("jwks_uri"), named_by=self.url):
                reasons.append(f"{url}: its jwks_uri is missing or not https")
            else:
                return metadata
        raise FetchFailed("; ".join(reasons))

    def _fetch_keys(self, url: str) -> tuple[VerificationKey, ...]:
        jwks = self._fetch(url).get("keys")
        keys = import_keys(jwks) if isinstance(jwks, list) else ()
        if not keys:
            raise FetchFailed(f"{url}: no usable key")
        return keys


def _metadata_urls(issuer: str) -> Iterator[str]:
    """Where the metadata can be: RFC 8414, section 3.1, and OpenID Connect Discovery, section 4."""
    parts = urlsplit(issuer)
    origin, path = f"{parts.scheme}://{parts.netloc}", parts.path.rstrip("/")
    yield f"{origin}/.well-known/oauth-authorization-server{path}"
    yield f"{origin}{path}/.well-known/openid-configuration"


def _fingerprint(keys: tuple[VerificationKey, ...]) -> set[tuple[str, str, frozenset[str]]]:
    return {(each.kid, each.key.thumbprint(), each.algorithms) for each in keys}

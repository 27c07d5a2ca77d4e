"""The authorization server: its metadata (RFC 8414, OpenID Discovery) and its signing keys.

What it says is kept for `REFRESH_SECONDS`, then one thread asks again while others go on with what
is there; through an outage it stays good for `OUTAGE_SECONDS`. An unknown key id causes one fetch
of the keys, and the next not before `COOLDOWN_SECONDS`, however many such tokens come. So a
withdrawn key is good for up to `REFRESH_SECONDS`, and a new one is found within `COOLDOWN_SECONDS`.

While the issuer hangs, at most `MAX_WAITING` threads wait for it at once.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from joserfc.jwk import Key

from app.auth.errors import IssuerUnavailable
from app.auth.fetch import Fetch, FetchFailed, fetch_json, is_safe
from app.auth.keys import VerificationKey, import_keys, pick

logger = logging.getLogger(__name__)

REFRESH_SECONDS = 600
OUTAGE_SECONDS = 24 * 3600
COOLDOWN_SECONDS = 30
MAX_WAITING = 4
BRIEF_WAIT_SECONDS = 0.5
"""How old a fetch is when every other thread stops waiting for it: an issuer that works has
responded by then.
"""

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
        jwks_url: str = "",
        refresh_seconds: float = REFRESH_SECONDS,
        outage_seconds: float = OUTAGE_SECONDS,
        fetch: Fetch = fetch_json,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`jwks_url` is where the keys of an issuer without metadata are."""
        self.url = url
        self.audience = audience
        self._jwks_url = jwks_url
        self._refresh_seconds = refresh_seconds
        self._outage_seconds = outage_seconds
        self._fetch = fetch
        self._clock = clock
        self._fetching = threading.Lock()
        self._waiting = threading.BoundedSemaphore(MAX_WAITING)
        self._fetching_since: float | None = None
        self._snapshot: _Snapshot | None = None
        self._failed_at = float("-inf")
        self._looked_at = float("-inf")

    @property
    def generation(self) -> int:
        snapshot = self._snapshot
        if snapshot is None:
            return 0
        age = self._clock() - snapshot.fetched_at
        # Tokens that are remembered end with a withdrawn key, too.
        if self._refresh_seconds <= age < self._outage_seconds:
            snapshot = self._refresh(snapshot)
        return snapshot.generation

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
        if snapshot and age < self._refresh_seconds:
            return snapshot
        if snapshot and age < self._outage_seconds:
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
        """Ask with nothing to go on with: the others wait for the one thread that does."""
        with self._turn_to_fetch():
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
        with self._turn_to_fetch():
            current = self._snapshot or known
            if current is not known or self._cooling():
                return current
            try:
                return self._ask(current.metadata)
            except FetchFailed:
                return current
            finally:
                self._looked_at = self._clock()

    @contextmanager
    def _turn_to_fetch(self) -> Iterator[None]:
        """Hold the lock. Raises `IssuerUnavailable` when enough threads wait for it already."""
        patient = self._waiting.acquire(blocking=False)
        try:
            since = self._fetching_since
            age = 0.0 if since is None else self._clock() - since
            left = max(0.0, BRIEF_WAIT_SECONDS - age)
            if not self._fetching.acquire(timeout=-1 if patient else left):
                raise IssuerUnavailable(RETRY_SECONDS)
            self._fetching_since = self._clock()
            try:
                yield
            finally:
                self._fetching_since = None
                self._fetching.release()
        finally:
            if patient:
                self._waiting.release()

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
        if self._jwks_url:
            return {"issuer": self.url, "jwks_uri": self._jwks_url}
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

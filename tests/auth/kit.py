"""An issuer and a store in memory, and a clock that moves when told to."""

from __future__ import annotations

import itertools
import json
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from joserfc import jws, jwt
from joserfc.jwk import ECKey, Key, KeySet, OctKey, OKPKey, RSAKey

from app.auth.fetch import FetchFailed
from app.auth.keys import FixedKeys
from app.auth.tokens import TokenUser
from app.service import emails
from app.service.stores.port import StoredUser

ISSUER = "https://issuer.example"
AUDIENCE = "https://api.example"
METADATA_URL = f"{ISSUER}/.well-known/oauth-authorization-server"
OPENID_URL = f"{ISSUER}/.well-known/openid-configuration"
JWKS_URL = f"{ISSUER}/jwks"
NOW = 1_800_000_000
LATER = NOW + 3600

_numbers = itertools.count(1)


class Clock:
    """Seconds that pass only when told to."""

    def __init__(self, now: float = NOW) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += seconds


def rsa_key(kid: str = "rsa-1") -> RSAKey:
    return RSAKey.generate_key(2048, {"kid": kid})


def ec_key(kid: str = "ec-1", curve: Any = "P-256") -> ECKey:
    return ECKey.generate_key(curve, {"kid": kid})


def ed_key(kid: str = "ed-1", curve: Any = "Ed25519") -> OKPKey:
    return OKPKey.generate_key(curve, {"kid": kid})


def claims(**changes: Any) -> dict[str, Any]:
    """The claims of a good token; None takes one away."""
    good = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": "user-1",
        "exp": LATER,
        "iat": NOW,
        "jti": f"token-{next(_numbers)}",
        "client_id": "client-1",
        "scope": "workout-logs:read workout-logs:write",
    }
    return {name: value for name, value in {**good, **changes}.items() if value is not None}


def mint(key: Key, *, header: Mapping[str, Any] | None = None, **changes: Any) -> str:
    """A token signed with the key; `header` changes header parameters, None takes one away."""
    algorithm = {"RSA": "RS256", "EC": "ES256", "OKP": "Ed25519", "oct": "HS256"}[key.key_type]
    parameters = {"alg": algorithm, "typ": "at+jwt", "kid": key.kid, **(header or {})}
    parameters = {name: value for name, value in parameters.items() if value is not None}
    algorithms = [*jws.JWSRegistry.algorithms]
    registry = _AnyHeader(algorithms=algorithms, strict_check_header=False)
    return jwt.encode(parameters, claims(**changes), key, registry=registry, default_type=None)


def sign(
    key: Key, header: Mapping[str, Any], claims: Mapping[str, Any], *, keep_null: bool = False
) -> str:
    """A token with exactly this header and these claims; None leaves one out."""
    parameters = {name: value for name, value in header.items() if value is not None}
    content = {name: each for name, each in claims.items() if keep_null or each is not None}
    registry = _AnyHeader(algorithms=[*jws.JWSRegistry.algorithms], strict_check_header=False)
    payload = json.dumps(content).encode()
    return jws.serialize_compact(parameters, payload, key, registry=registry)


class _AnyHeader(jws.JWSRegistry):
    """Signs what a hostile or careless issuer might."""

    def check_header(self, header: dict[str, Any]) -> None:
        pass

    def get_alg(self, name: str) -> Any:
        return self.algorithms["Ed25519" if name == "EdDSA" else name]


class InMemoryIssuer(FixedKeys):
    """An issuer that is known without asking."""

    url = ISSUER
    audience = AUDIENCE
    metadata: Mapping[str, Any] = MappingProxyType({})

    def __init__(self, *keys: Key) -> None:
        super().__init__(KeySet(list(keys)))


class FakeIssuer:
    """The transport to an issuer: counts requests, can be down, can be held up."""

    def __init__(self, *keys: Key | Mapping[str, Any]) -> None:
        self.keys = list(keys)
        self.down = False
        self.requests: Counter[str] = Counter()
        self.before_response: Callable[[str], None] = lambda url: None
        self.documents: dict[str, Mapping[str, Any]] = {
            METADATA_URL: {"issuer": ISSUER, "jwks_uri": JWKS_URL}
        }
        self._lock = threading.Lock()

    def __call__(self, url: str) -> Mapping[str, Any]:
        with self._lock:
            self.requests[url] += 1
        self.before_response(url)
        if self.down:
            raise FetchFailed(f"{url}: down")
        if url in self.documents:
            return self.documents[url]
        if url == JWKS_URL:
            return {"keys": [_public(key) for key in self.keys]}
        raise FetchFailed(f"{url}: status 404")


def _public(key: Key | Mapping[str, Any]) -> Mapping[str, Any]:
    if isinstance(key, Mapping):
        return key
    return key.as_dict(private=isinstance(key, OctKey))


def subject(user_id: str) -> TokenUser:
    """The user of a token with this `sub`."""
    return TokenUser("id", "sub", user_id)


class FakeUsers:
    """The part of a store that finds users; counts how often it is asked."""

    def __init__(self, *users: StoredUser) -> None:
        self.users = list(users)
        self.asked = 0

    def find_users(
        self, *, user_id: str | None = None, email: str | None = None
    ) -> list[StoredUser]:
        self.asked += 1
        return [
            user
            for user in self.users
            if user.document["_id"] == user_id
            or (email is not None and emails.same(user.document.get("email"), email))
        ]


def user(user_id: str = "user-1", coached_ids: tuple[str, ...] = (), **fields: Any) -> StoredUser:
    document = {"_id": user_id, "_type": "user", "role": "runner", **fields}
    return StoredUser(document, coached_ids)

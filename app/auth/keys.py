"""The public keys that verify access tokens, and where a validator gets them from."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from joserfc.jwk import Key, KeySet, RSAKey, import_key

logger = logging.getLogger(__name__)

MIN_RSA_KEY_BITS = 2048
"""joserfc verifies with smaller keys; NIST SP 800-131A does not allow them."""

_ALGORITHMS = {
    ("RSA", None): frozenset({"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"}),
    ("EC", "P-256"): frozenset({"ES256"}),
    ("EC", "P-384"): frozenset({"ES384"}),
    ("EC", "P-521"): frozenset({"ES512"}),
    ("OKP", "Ed25519"): frozenset({"EdDSA", "Ed25519"}),
}
"""What a key of a type and curve can verify here. RFC 9864 renamed EdDSA with Ed25519 keys."""

ALGORITHMS = frozenset[str]().union(*_ALGORITHMS.values())


@dataclass(frozen=True, slots=True)
class VerificationKey:
    """A public key, its `kid` and the algorithms that it may verify."""

    key: Key
    kid: str
    algorithms: frozenset[str]


class Issuer(Protocol):
    """An issuer of access tokens, as much of it as their check needs to know."""

    @property
    def url(self) -> str:
        """Its identifier."""

    @property
    def audience(self) -> str:
        """How it names this API in the tokens for it."""

    @property
    def metadata(self) -> Mapping[str, Any]:
        """Its metadata document (RFC 8414). Raises `app.auth.errors.IssuerUnavailable`."""

    @property
    def generation(self) -> int:
        """A number that changes whenever the keys do."""

    def find_key(self, algorithm: str, kid: str | None) -> Key | None:
        """The key for a token's header, or None.

        Raises `app.auth.errors.IssuerUnavailable` when nobody can tell.
        """


class FixedKeys:
    """The keys of an issuer in memory."""

    generation = 0

    def __init__(self, keys: KeySet) -> None:
        self._keys = import_keys(keys.as_dict(private=False)["keys"])

    def find_key(self, algorithm: str, kid: str | None) -> Key | None:
        return pick(self._keys, algorithm, kid)


def pick(keys: Iterable[VerificationKey], algorithm: str, kid: str | None) -> Key | None:
    """The one key that fits; a token without `kid` is served only where there is no choice."""
    fitting = [
        each.key for each in keys if algorithm in each.algorithms and kid in (None, each.kid)
    ]
    return fitting[0] if fitting and (kid is not None or len(fitting) == 1) else None


def import_keys(jwks: Iterable[object]) -> tuple[VerificationKey, ...]:
    """The usable keys of a JWK set: asymmetric, strong, meant for signatures.

    They are imported one by one, because one malformed key must not cost all the others.
    """
    keys = []
    for jwk in jwks:
        try:
            key = _import_key(jwk)
        except Exception as error:  # a foreign document can break the import in any way
            logger.warning("ignoring a malformed key of the issuer: %s", type(error).__name__)
        else:
            keys += [key] if key else []
    return tuple(keys)


def _import_key(jwk: object) -> VerificationKey | None:
    if not isinstance(jwk, Mapping):
        raise TypeError("not a JWK")
    algorithms = _algorithms_of(jwk)
    if not algorithms or jwk.get("use", "sig") != "sig":
        return None
    if "verify" not in jwk.get("key_ops", ["verify"]):
        return None
    # `alg` is judged above; joserfc would refuse EdDSA's key for a token that says Ed25519.
    key = import_key({name: value for name, value in jwk.items() if name != "alg"})
    if isinstance(key, RSAKey) and key.raw_value.key_size < MIN_RSA_KEY_BITS:
        return None
    key.ensure_kid()
    return VerificationKey(key, str(key.kid), algorithms)


def _algorithms_of(jwk: Mapping[str, Any]) -> frozenset[str]:
    possible = _ALGORITHMS.get((jwk["kty"], jwk.get("crv")), frozenset())
    named = jwk.get("alg")
    if named is None or (named in possible and "EdDSA" in possible):
        return possible
    return possible & {named}

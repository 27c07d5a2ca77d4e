"""What the API makes of a token, in words, without ever repeating it."""

from __future__ import annotations

import base64
import json
from collections.abc import Generator, Iterator

from app.auth.callers import CallerResolver, reason
from app.auth.errors import IssuerUnavailable, TokenRefused
from app.auth.tokens import AccessToken, TokenKind, TokenUser, TokenValidator, token_format_of
from app.service.errors import CallerRefused, StoreError
from app.service.model import Caller, Role

MAX_VALUE_LENGTH = 200
"""Characters of a header parameter or a claim that are shown."""

_HEADER = ("typ", "alg", "kid")
_CLAIMS = ("iss", "aud", "azp", "client_id", "typ", "token_use", "scope", "scp", "permissions")
"""What decides on a token's acceptance and is neither secret nor personal."""

_HINTS = {
    "kind": "See OAUTH_ISSUER, OAUTH_INTROSPECTION_CLIENT_ID and NEXTAUTH_SECRET.",
    "type": "OAUTH_TOKEN_PROFILE=jwt accepts tokens whose type is JWT or missing.",
    "key": "Is OAUTH_ISSUER right, and does OAUTH_JWKS_URL, if it is set, lead to its keys?",
    "purpose": "Clients must send the access token, not the ID token or the refresh token.",
    "audience": "Compare with OAUTH_AUDIENCE and OAUTH_AUDIENCE_CLAIM.",
    "claims": "Compare its `iss` with OAUTH_ISSUER, to the letter.",
    "issuer": "Compare with OAUTH_ISSUER, to the letter.",
    "decryption": "NEXTAUTH_SECRET must be the front end's own.",
    "scopes": "See OAUTH_SCOPE_CLAIM, OAUTH_SCOPE_NAMES and OAUTH_DEFAULT_SCOPES.",
}
"""The settings to look at when a check fails."""


class NotAccepted(Exception):
    """The token does not let its bearer in; all the lines before say why."""


def explain(
    token: str, validator: TokenValidator, callers: CallerResolver
) -> Generator[str, None, None]:
    """One line after the other: the kind, each check, the scopes, the user and the role.

    Nothing comes from a cache. Raises `NotAccepted` after the last line of a bad end.
    """
    try:
        kind = validator.kind_of(token)
    except TokenRefused as error:
        yield f"kind: unknown. {error.description} {_HINTS['kind']}"
        raise NotAccepted from None
    yield f"kind: {kind.name}"
    if token_format_of(token) == "JWT":
        yield from _contents(token)
    valid = yield from _checks(token, kind)
    if valid.scopes:
        yield f"scopes: {' '.join(sorted(valid.scopes))}"
    else:
        yield f"scopes: none. {_HINTS['scopes']}"
    caller = yield from _find(valid.user, callers)
    yield f"user: {caller.id}, found by the token's {valid.user.claim}"
    runners = f", coaches {len(caller.runner_ids)}" if caller.role is Role.COACH else ""
    yield f"role: {caller.role}{runners}"


def _contents(token: str) -> Iterator[str]:
    """The parts of a JWT that settings are compared with, before anything of it is verified."""
    for part, names in zip(token.split("."), (_HEADER, _CLAIMS), strict=False):
        try:
            content = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
            shown = [f"{name}={_shown(content[name])}" for name in names if name in content]
        except (ValueError, RecursionError, TypeError):
            return
        yield f"  it says: {', '.join(shown) or 'nothing'}"


def _shown(value: object) -> str:
    text = ascii(value)
    return text if len(text) <= MAX_VALUE_LENGTH else f"{text[:MAX_VALUE_LENGTH]}…"


def _checks(token: str, kind: TokenKind) -> Generator[str, None, AccessToken]:
    failed, why, valid = "", "", None
    try:
        valid = kind.check(token)
    except TokenRefused as error:
        failed, why = error.check, f"{error.description} {_HINTS.get(error.check, '')}"
    except IssuerUnavailable:
        failed, why = "issuer", "It cannot be reached now; the log says why."
    passed = kind.checks[: kind.checks.index(failed)] if failed in kind.checks else ()
    for each in kind.checks if valid else passed:
        yield f"  passes {each}"
    if valid is None:
        yield f"  FAILS  {failed}: {why.rstrip()}"
        raise NotAccepted
    return valid


def _find(user: TokenUser, callers: CallerResolver) -> Generator[str, None, Caller]:
    try:
        return callers.find(user)
    except CallerRefused as error:
        yield f"user: refused; {reason(user, error)}."
        if user.value:
            yield f"  its {user.claim} is {_shown(user.value)}"
    except StoreError as error:
        yield f"user: the store does not respond ({type(error).__name__}: {error})."
    raise NotAccepted

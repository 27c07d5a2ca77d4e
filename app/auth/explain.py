"""What the API makes of a token, in words, without ever repeating it."""

from __future__ import annotations

from collections.abc import Generator

from app.auth.callers import CallerResolver
from app.auth.errors import IssuerUnavailable, TokenRefused
from app.auth.tokens import AccessToken, TokenKind, TokenUser, TokenValidator
from app.service.errors import CallerRefused, StoreError
from app.service.model import Caller, Role


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
        yield f"kind: unknown. {error.description}"
        raise NotAccepted from None
    yield f"kind: {kind.name}"
    valid = yield from _checks(token, kind)
    yield f"scopes: {' '.join(sorted(valid.scopes)) or 'none'}"
    caller = yield from _resolve(valid.user, callers)
    yield f"user: {caller.id}, found by the token's {valid.user.claim}"
    runners = f", coaches {len(caller.runner_ids)}" if caller.role is Role.COACH else ""
    yield f"role: {caller.role}{runners}"


def _checks(token: str, kind: TokenKind) -> Generator[str, None, AccessToken]:
    failed, reason, valid = "", "", None
    try:
        valid = kind.check(token)
    except TokenRefused as error:
        failed, reason = error.check, error.description
    except IssuerUnavailable:
        failed, reason = "issuer", "It cannot be reached now; the log says why."
    passed = kind.checks[: kind.checks.index(failed)] if failed in kind.checks else ()
    for each in kind.checks if valid else passed:
        yield f"  passes {each}"
    if valid is None:
        yield f"  FAILS  {failed}: {reason}"
        raise NotAccepted
    return valid


def _resolve(user: TokenUser, callers: CallerResolver) -> Generator[str, None, Caller]:
    try:
        return callers.resolve(user)
    except CallerRefused as error:
        yield f"user: refused. {str(error.__doc__).splitlines()[0]}"
    except StoreError as error:
        yield f"user: the store does not respond ({type(error).__name__})."
    raise NotAccepted

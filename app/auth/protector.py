"""The outermost decorator of every protected view: who calls, and whether the token allows it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import replace
from functools import wraps
from types import MappingProxyType
from typing import Concatenate, NoReturn, ParamSpec, TypeVar

from authlib.integrations.flask_oauth2 import ResourceProtector
from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749 import MissingAuthorizationError
from authlib.oauth2.rfc6749.errors import UnsupportedTokenTypeError
from authlib.oauth2.rfc6750 import InsufficientScopeError
from flask import Flask, Request, current_app, request

from app.auth.callers import CallerResolver
from app.auth.cookies import SessionCookies
from app.auth.errors import IssuerUnavailable, TokenRefused
from app.auth.tokens import AccessToken, TokenValidator
from app.service.errors import ServiceError
from app.service.model import Caller
from app.web import request_context
from app.web.admission import ConcurrentRequests
from app.web.problems import Problem
from app.web.rate_limits import RateLimits

REALM = "workout-logs"

_EXTENSION = "workout-logs-protector"

P = ParamSpec("P")
R = TypeVar("R")
View = TypeVar("View")

# Servers join repeated headers with a comma, which no bearer token holds.
_second_credential = re.compile(r",\s*[A-Za-z][\w-]*\s")


class Protector(ResourceProtector):  # type: ignore[misc]  # Authlib has no types
    """Authlib's protector over one bearer validator; its errors become problems."""

    def __init__(
        self,
        validator: TokenValidator,
        callers: CallerResolver,
        *,
        cookies: SessionCookies | None = None,
        scope_names: Mapping[str, str] = MappingProxyType({}),
        limits: RateLimits | None = None,
        concurrency: ConcurrentRequests | None = None,
    ) -> None:
        """`scope_names` are what the issuer calls our scopes, where that differs."""
        super().__init__()
        self.register_token_validator(validator)
        self.validator = validator
        self.callers = callers
        self._cookies = cookies
        self._scope_names = scope_names
        self._limits = limits
        self._concurrency = concurrency

    def authenticate(self, scope: str) -> Caller:
        """The caller of the current request, whose token must have been granted `scope`.

        Raises `Problem`, `app.service.errors.CallerRefused` and what the store raises.
        """
        try:
            # Not `acquire_token`: the same, but it first copies the request for other grants.
            token = self.validate_request([], request)
        except OAuth2Error as error:
            if self._limits:
                self._limits.count_anonymous()
            self.raise_error_response(error)
        except IssuerUnavailable as error:
            if self._limits:
                self._limits.count_anonymous()
            headers = {"Retry-After": str(error.retry_after)}
            raise Problem("issuer-unavailable", headers=headers) from None
        try:
            caller = self.callers.resolve(token.user)
        except ServiceError:
            self._count(token, scope, token.user.key)
            raise
        request_context.note(user=caller.id, role=caller.role.value, client_id=token.client_id)
        self._count(token, scope, _key_of(caller))
        if self._concurrency:
            self._concurrency.enter(caller.id)
        return replace(caller, scopes=token.scopes)

    def count_further(self, caller: Caller, requests: int) -> None:
        """Count as many further requests of the caller, for one that does the work of several.

        Raises `Problem` too-many-requests.
        """
        if self._limits and requests:
            self._limits.count_further(_key_of(caller), requests)

    def _count(self, token: AccessToken, scope: str, key: str) -> None:
        """Count the request for `key`, then see whether the token was granted the scope.

        A user has one limit for all their tokens; a token without a user has its own.
        """
        if self._limits:
            self._limits.count_user(key)
        try:
            self.validator.validate_token(token, [scope], request)
        except InsufficientScopeError:
            raise _insufficient_scope(self._scope_names.get(scope, scope)) from None

    def validate_request(self, scopes: list[str], request: Request, **_: object) -> AccessToken:
        """The request's valid token. Raises `OAuth2Error`, `IssuerUnavailable` and `Problem`."""
        _refuse_ambiguity(request)
        validator, credentials = self.validator, self._sessions(request)
        if credentials:
            request_context.note(cookie=True)
        else:
            validator, credential = self.parse_request_authorization(request)
            credentials = [credential.strip()]
        token = _first_valid(validator, credentials)
        validator.validate_token(token, scopes, request)
        return token

    def _sessions(self, request: Request) -> list[str]:
        """The session tokens in cookies, which any Authorization header disables."""
        if not self._cookies or "Authorization" in request.headers:
            return []
        return self._cookies.find(request)

    def raise_error_response(self, error: OAuth2Error) -> NoReturn:
        """Raise the problem of an error that Authlib or a validator raised."""
        if isinstance(error, MissingAuthorizationError | UnsupportedTokenTypeError):
            # RFC 6750, section 3.1: no error code for a request without any usable credential.
            raise Problem("missing-token", headers=challenge()) from None
        raise Problem(
            "invalid-token",
            error.description,
            headers=challenge(error="invalid_token", error_description=error.description),
        ) from None

    def init_app(self, app: Flask) -> None:
        """Make this the protector of the app's views."""
        app.extensions[_EXTENSION] = self

    @staticmethod
    def of(app: Flask) -> Protector:
        """The app's protector."""
        protector: Protector = app.extensions[_EXTENSION]
        return protector


def protect(
    scope: str,
) -> Callable[[Callable[Concatenate[View, Caller, P], R]], Callable[Concatenate[View, P], R]]:
    """Let only callers in whose token was granted `scope`; the view gets the `Caller` first.

    Outermost, so that a caller without a token learns nothing else of the request. The OpenAPI
    document takes the operation's security from here.
    """

    def decorator(
        view: Callable[Concatenate[View, Caller, P], R],
    ) -> Callable[Concatenate[View, P], R]:
        @wraps(view)
        def wrapper(self: View, /, *args: P.args, **kwargs: P.kwargs) -> R:
            return view(self, Protector.of(current_app).authenticate(scope), *args, **kwargs)

        documentation = deepcopy(getattr(view, "_apidoc", {}))
        documentation.setdefault("manual_doc", {})["security"] = [{"oauth2": [scope]}]
        vars(wrapper).update({"_apidoc": documentation, "required_scope": scope})
        return wrapper

    return decorator


def count_further(caller: Caller, requests: int) -> None:
    """Count as many further requests of the caller. Raises `Problem` too-many-requests."""
    Protector.of(current_app).count_further(caller, requests)


def _key_of(caller: Caller) -> str:
    return f"user:{caller.id}"


def _first_valid(validator: TokenValidator, credentials: Sequence[str]) -> AccessToken:
    """The first valid token. When none is, the first one's error is raised."""
    refusals = []
    for credential in credentials:
        try:
            return validator.authenticate_token(credential)
        except TokenRefused as error:
            refusals.append(error)
    raise refusals[0]


def challenge(**attributes: str) -> dict[str, str]:
    """The `WWW-Authenticate` header of RFC 6750, section 3."""
    parameters = ", ".join(
        f'{name}="{value}"' for name, value in {"realm": REALM, **attributes}.items()
    )
    return {"WWW-Authenticate": f"Bearer {parameters}"}


def _insufficient_scope(scope: str) -> Problem:
    headers = challenge(error="insufficient_scope", scope=scope)
    return Problem(
        "insufficient-scope", f"This operation needs the scope {scope}.", headers=headers
    )


def _refuse_ambiguity(request: Request) -> None:
    """Refuse a request with more than one credential, or with one where logs would show it."""
    if request.query_string and "access_token" in request.args:
        raise _malformed("A token goes in the Authorization header, never in the address.")
    if _second_credential.search(request.headers.get("Authorization", "")):
        raise _malformed("Send one Authorization header with one credential.")


def _malformed(detail: str) -> Problem:
    return Problem("malformed", detail, headers=challenge(error="invalid_request"))

"""The development authorization server: OAuth 2.0 for a developer's own machine.

Code grant with PKCE (S256) for public clients, on Authlib's `AuthorizationServer`; instead of a
password, a page to pick one of the sample club's users. Production never imports it, and it
responds only to the machine it runs on. Its metadata (RFC 8414) is at
/.well-known/oauth-authorization-server.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock

from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2 import OAuth2Error, OAuth2Request
from authlib.oauth2.rfc6749 import AuthorizationCodeMixin, InvalidRequestError
from authlib.oauth2.rfc6749.grants import AuthorizationCodeGrant
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oauth2.rfc9207 import IssuerParameter
from cachetools import TTLCache
from flask import Blueprint, Response, abort, jsonify, request
from flask.typing import ResponseReturnValue

from app.development.club import PEOPLE
from app.development.issuer import (
    AUTHORIZE_PATH,
    KEYS_PATH,
    TOKEN_PATH,
    AccessTokens,
    DevelopmentIssuer,
    Subject,
)
from app.development.loopback import (
    LoopbackClient,
    comes_from_this_machine,
    find_client,
    is_loopback_url,
)
from app.pages.html import PAGE_POLICY, page
from app.service.documents import is_published_id
from app.settings import SCOPES

METADATA_PATH = "/.well-known/oauth-authorization-server"
SIGN_IN_POLICY = PAGE_POLICY | {"form-action": "'self' http: https:"}
"""Browsers apply a form's policy also to the redirect that follows."""

MAX_CODE_SECONDS = 60
MAX_CODES = 1000


def create_blueprint(issuer: DevelopmentIssuer) -> Blueprint:
    """The endpoints of the authorization server."""
    # Authlib's debug log of the code grant holds codes and tokens.
    logging.getLogger("authlib").setLevel(logging.INFO)
    server = _authorization_server(issuer)
    blueprint = Blueprint("development", __name__, template_folder="templates")
    blueprint.before_request(_refuse_other_machines)
    blueprint.after_request(_allow_loopback_origins)

    @blueprint.get(METADATA_PATH)
    def metadata() -> ResponseReturnValue:
        return jsonify(issuer.metadata)

    @blueprint.get(KEYS_PATH)
    def keys() -> ResponseReturnValue:
        return jsonify(issuer.keys.as_dict(private=False))

    @blueprint.route(AUTHORIZE_PATH, methods=["GET", "POST"])
    def authorize() -> ResponseReturnValue:
        """The page to pick a user (GET), and the redirect back to the client (POST)."""
        try:
            grant = server.get_consent_grant()
        except OAuth2Error as error:
            return _refusal(server, error)
        except ValueError:
            # Authlib quotes the request in its error texts, which RFC 6749 keeps to ASCII.
            return _refusal(server, InvalidRequestError("A parameter holds forbidden characters."))
        if request.method == "GET":
            return page(
                "development/sign_in.html",
                SIGN_IN_POLICY,
                people=PEOPLE,
                names={person.key: person.name for person in PEOPLE},
                client_id=grant.request.client.client_id,
                scopes=grant.request.scope.split(),
            )
        person = request.form.get("person", "")
        subject = Subject(person) if is_published_id(person) else None
        return server.create_authorization_response(grant=grant, grant_user=subject)

    @blueprint.post(TOKEN_PATH)
    def token() -> ResponseReturnValue:
        return server.create_token_response()

    return blueprint


@dataclass(frozen=True, slots=True)
class Grant(AuthorizationCodeMixin):
    """What a user granted to a client; an authorization code stands for it."""

    client_id: str
    user_id: str
    scope: str
    redirect_uri: str
    code_challenge: str
    code_challenge_method: str

    def get_redirect_uri(self) -> str:
        return self.redirect_uri

    def get_scope(self) -> str:
        return self.scope


class AuthorizationCodes:
    """The codes that were issued: each is valid once, for `MAX_CODE_SECONDS`.

    `clock` is in seconds. When there are more than `MAX_CODES`, the oldest expire.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._lock = Lock()
        self._grants: TTLCache[str, Grant] = TTLCache(MAX_CODES, MAX_CODE_SECONDS, clock)

    def put(self, code: str, grant: Grant) -> None:
        """Remember what a new code stands for."""
        with self._lock:
            self._grants[code] = grant

    def take(self, code: str) -> Grant | None:
        """What the code stands for; None if it is unknown, used or expired."""
        with self._lock:
            grant: Grant | None = self._grants.pop(code, None)
            return grant


class S256Only(CodeChallenge):
    """PKCE that cannot be left out or weakened."""

    SUPPORTED_CODE_CHALLENGE_METHOD = ("S256",)

    def validate_code_challenge(self, grant: AuthorizationCodeGrant, redirect_uri: str) -> None:
        data = grant.request.payload.data
        if not data.get("code_challenge") or data.get("code_challenge_method") != "S256":
            raise InvalidRequestError("PKCE with code_challenge_method=S256 is required.")
        super().validate_code_challenge(grant, redirect_uri)


def _authorization_server(issuer: DevelopmentIssuer) -> AuthorizationServer:
    codes = AuthorizationCodes()

    class CodeGrant(AuthorizationCodeGrant):
        TOKEN_ENDPOINT_AUTH_METHODS = ("none",)

        def save_authorization_code(self, code: str, request: OAuth2Request) -> None:
            grant = Grant(
                client_id=request.client.client_id,
                user_id=request.user.id,
                scope=request.scope,
                redirect_uri=request.payload.redirect_uri,
                code_challenge=request.payload.data["code_challenge"],
                code_challenge_method=request.payload.data["code_challenge_method"],
            )
            codes.put(code, grant)

        def query_authorization_code(self, code: str, client: LoopbackClient) -> Grant | None:
            grant = codes.take(code)
            return grant if grant and grant.client_id == client.client_id else None

        def delete_authorization_code(self, authorization_code: Grant) -> None:
            """`query_authorization_code` has taken it already."""

        def authenticate_user(self, authorization_code: Grant) -> Subject:
            return Subject(authorization_code.user_id)

    class OurIssuer(IssuerParameter):
        def get_issuer(self) -> str:
            return issuer.url

    server = AuthorizationServer(query_client=find_client, save_token=_keep_no_token)
    server.scopes_supported = SCOPES
    server.register_token_generator("default", AccessTokens(issuer))
    server.register_grant(CodeGrant, [S256Only(required=True)])
    server.register_extension(OurIssuer())
    return server


def _keep_no_token(_token: object, _request: object) -> None:
    """Access tokens are checked by their signature alone."""


def _refusal(server: AuthorizationServer, error: OAuth2Error) -> ResponseReturnValue:
    """A redirect to the client with the error where RFC 6749 allows it, else a page with it."""
    if error.redirect_uri:
        return server.handle_error_response(None, error)
    response = page("development/refused.html", error=error)
    response.status_code = 400
    return response


def _refuse_other_machines() -> None:
    """For every other machine these addresses do not exist."""
    peer = request.environ.get("REMOTE_ADDR")
    if not comes_from_this_machine(peer, request.environ.get("HTTP_HOST"), request.headers):
        abort(404)


def _allow_loopback_origins(response: Response) -> Response:
    """A front end on another port of this machine may read the metadata and fetch its token."""
    origin = request.headers.get("Origin", "")
    response.headers["Cache-Control"] = "no-store"
    if request.path != AUTHORIZE_PATH and is_loopback_url(origin):
        response.headers["Access-Control-Allow-Origin"] = origin
        response.headers["Access-Control-Allow-Headers"] = "*"
    return response

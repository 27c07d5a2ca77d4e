"""The development authorization server: OAuth 2.0 for a developer's own machine.

Code grant with PKCE (S256) and refresh tokens for public clients, and OpenID Connect, on Authlib's
`AuthorizationServer`; instead of a password, a page to pick one of the sample club's users.
Production never imports it, and it responds only to the machine it runs on, or to its network when
`HOST` names an address there. Its metadata is at /.well-known/oauth-authorization-server (RFC 8414)
and /.well-known/openid-configuration.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock

from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2 import OAuth2Error, OAuth2Request
from authlib.oauth2.rfc6749 import AuthorizationCodeMixin, InvalidRequestError
from authlib.oauth2.rfc6749.grants import AuthorizationCodeGrant, RefreshTokenGrant
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oauth2.rfc9207 import IssuerParameter
from authlib.oidc.core.grants import OpenIDCode
from cachetools import TTLCache
from flask import Blueprint, Response, abort, jsonify, request
from flask.typing import ResponseReturnValue
from joserfc.jwk import KeySet

from app.development.club import PEOPLE
from app.development.issuer import (
    ACCESS_TYPE,
    AUTHORIZE_PATH,
    KEYS_PATH,
    TOKEN_PATH,
    USERINFO_PATH,
    DevelopmentIssuer,
    RefreshToken,
    Subject,
    Tokens,
    user_info,
)
from app.development.loopback import IDENTITY_SCOPES, LocalClient, find_client
from app.development.signing_key import ALGORITHM
from app.pages.html import PAGE_POLICY, page
from app.service.documents import is_published_id
from app.settings import SCOPES

METADATA_PATHS = (
    "/.well-known/oauth-authorization-server",
    "/.well-known/openid-configuration",
)

MAX_CODE_SECONDS = 60
MAX_CODES = 1000


def create_blueprint(issuer: DevelopmentIssuer) -> Blueprint:
    """The endpoints of the authorization server."""
    # Authlib's debug log of the code grant holds codes and tokens.
    logging.getLogger("authlib").setLevel(logging.INFO)
    server = _authorization_server(issuer)
    blueprint = Blueprint("development", __name__, template_folder="templates")

    @blueprint.before_request
    def refuse_other_machines() -> None:
        """For every other machine these addresses do not exist."""
        peer = request.environ.get("REMOTE_ADDR")
        if not issuer.reach.includes(peer, request.environ.get("HTTP_HOST"), request.headers):
            abort(404)

    @blueprint.after_request
    def allow_near_origins(response: Response) -> Response:
        """A front end on another port may read the metadata and fetch its token."""
        origin = request.headers.get("Origin", "")
        response.headers["Cache-Control"] = "no-store"
        if request.path != AUTHORIZE_PATH and issuer.reach.has_url(origin):
            response.headers["Access-Control-Allow-Origin"] = origin
            response.headers["Access-Control-Allow-Headers"] = "Authorization, *"
        return response

    @blueprint.get(METADATA_PATHS[0])
    @blueprint.get(METADATA_PATHS[1])
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
                _sign_in_policy(grant.request.payload.redirect_uri),
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

    @blueprint.get(USERINFO_PATH)
    def userinfo() -> ResponseReturnValue:
        """Who signed in (OpenID Connect Core 1.0, 5.3)."""
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        claims = issuer.read(token, ACCESS_TYPE) if scheme.lower() == "bearer" else None
        if claims is None:
            return "", 401, {"WWW-Authenticate": 'Bearer error="invalid_token"'}
        return jsonify(user_info(claims["sub"], claims["scope"]))

    return blueprint


def _sign_in_policy(redirect_uri: str) -> dict[str, str]:
    """Browsers apply a form's policy also to the redirect that follows, to an app's scheme, too."""
    scheme = re.match(r"[a-z][a-z0-9+.-]*:", redirect_uri)
    return PAGE_POLICY | {"form-action": f"'self' http: https: {scheme[0] if scheme else ''}"}


@dataclass(frozen=True, slots=True)
class Grant(AuthorizationCodeMixin):
    """What a user granted to a client; an authorization code stands for it."""

    client_id: str
    user_id: str
    scope: str
    redirect_uri: str
    code_challenge: str
    code_challenge_method: str
    nonce: str | None = None
    auth_time: int | None = None

    def get_redirect_uri(self) -> str:
        return self.redirect_uri

    def get_scope(self) -> str:
        return self.scope

    def get_nonce(self) -> str | None:
        return self.nonce

    def get_auth_time(self) -> int | None:
        return self.auth_time

    def get_acr(self) -> None:
        return None

    def get_amr(self) -> None:
        return None


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


class IDTokens(OpenIDCode):
    """An ID token beside the access token, for clients that ask for the scope `openid`."""

    def __init__(self, issuer: DevelopmentIssuer) -> None:
        super().__init__()
        self._issuer = issuer

    def exists_nonce(self, _nonce: str, _request: OAuth2Request) -> bool:
        """A nonce is the client's defence; here, a code is valid once anyway."""
        return False

    def resolve_client_private_key(self, _client: LocalClient) -> KeySet:
        return self._issuer.keys

    def get_client_algorithm(self, _client: LocalClient) -> str:
        return ALGORITHM

    def get_encode_header(self, _client: LocalClient) -> dict[str, str]:
        return {"alg": ALGORITHM, "kid": str(self._issuer.keys.keys[0].kid)}

    def get_client_claims(self, client: LocalClient) -> dict[str, object]:
        return {"iss": self._issuer.url, "aud": client.client_id}

    def generate_user_info(self, user: Subject, scope: str) -> dict[str, object]:
        return user_info(user.id, scope)


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
                nonce=request.payload.data.get("nonce"),
                auth_time=int(time.time()),
            )
            codes.put(code, grant)

        def query_authorization_code(self, code: str, client: LocalClient) -> Grant | None:
            grant = codes.take(code)
            return grant if grant and grant.client_id == client.client_id else None

        def delete_authorization_code(self, authorization_code: Grant) -> None:
            """`query_authorization_code` has taken it already."""

        def authenticate_user(self, authorization_code: Grant) -> Subject:
            return Subject(authorization_code.user_id)

    class RefreshGrant(RefreshTokenGrant):
        TOKEN_ENDPOINT_AUTH_METHODS = ("none",)

        def authenticate_refresh_token(self, refresh_token: str) -> RefreshToken | None:
            return issuer.refresh_token(refresh_token)

        def authenticate_user(self, refresh_token: RefreshToken) -> Subject:
            return Subject(refresh_token.user_id)

        def revoke_old_credential(self, refresh_token: RefreshToken) -> None:
            """A refresh token is valid until it expires."""

    class OurIssuer(IssuerParameter):
        def get_issuer(self) -> str:
            return issuer.url

    server = AuthorizationServer(
        query_client=lambda client_id: find_client(client_id, issuer.reach),
        save_token=_keep_no_token,
    )
    server.scopes_supported = (*SCOPES, *IDENTITY_SCOPES)
    server.register_token_generator("default", Tokens(issuer))
    server.register_grant(CodeGrant, [S256Only(required=True), IDTokens(issuer)])
    server.register_grant(RefreshGrant)
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

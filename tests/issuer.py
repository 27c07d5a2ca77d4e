"""An OAuth issuer on loopback: metadata, keys and access tokens as RFC 8414, 7517 and 9068 say."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from joserfc import jwt
from joserfc.jwk import ECKey

from tests.server import serving

AUDIENCE = "https://workout-logs.example"


class Issuer:
    """Mints access tokens that its JWKS verifies."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.key = _new_key()
        self.former_key: ECKey | None = None

    def rotate(self) -> None:
        """Sign with a new key from now on; the one before stays good until the next rotation."""
        self.former_key, self.key = self.key, _new_key()

    def jwks(self) -> dict[str, Any]:
        """The public keys."""
        keys = [each for each in (self.key, self.former_key) if each]
        return {"keys": [each.as_dict(private=False) for each in keys]}

    def token(
        self,
        user_id: str,
        scope: str = "workout-logs:read workout-logs:write",
        **claims: Any,
    ) -> str:
        """An access token for a person; a claim given as None is left out."""
        now = int(time.time())
        content = {
            "iss": self.url,
            "aud": AUDIENCE,
            "sub": user_id,
            "client_id": "tests",
            "iat": now,
            "exp": now + 600,
            "jti": uuid.uuid4().hex,
            "scope": scope,
        } | claims
        present = {name: value for name, value in content.items() if value is not None}
        key = self.key  # which may rotate meanwhile
        header = {"alg": "ES256", "typ": "at+jwt", "kid": key.kid}
        return jwt.encode(header, present, key)


def _new_key() -> ECKey:
    return ECKey.generate_key("P-256", parameters={"use": "sig", "alg": "ES256"}, auto_kid=True)


@contextmanager
def running_issuer() -> Iterator[Issuer]:
    """An issuer that serves its documents until the end of the block."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            documents = {
                "/.well-known/oauth-authorization-server": {
                    "issuer": issuer.url,
                    "authorization_endpoint": f"{issuer.url}/authorize",
                    "token_endpoint": f"{issuer.url}/token",
                    "jwks_uri": f"{issuer.url}/jwks",
                },
                "/jwks": issuer.jwks(),
            }
            found = documents.get(self.path)
            body = json.dumps(found or {}).encode()
            self.send_response(200 if found else 404)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Requests are not worth a line."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    issuer = Issuer(f"http://127.0.0.1:{server.server_port}")
    with serving(server):
        yield issuer

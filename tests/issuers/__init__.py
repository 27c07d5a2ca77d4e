"""The real issuers of the tokens in the tests: oidc-provider, NextAuth.js v4 and Auth.js v5."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import parse_qs, quote_plus, urljoin, urlsplit

import requests

from tests import node
from tests.ports import free_port

FOLDER = Path(__file__).parent

AUDIENCE = "https://workout-logs.example"
CLIENT_ID = "workout-log-api"
CLIENT_SECRET = "a secret: with + and / and %"
REDIRECT_URI = "http://127.0.0.1:1/callback"
SCOPES = "workout-logs:read workout-logs:write"


def mint(*wanted: dict[str, Any]) -> list[Any]:
    """What `mint.js` makes of each description."""
    node.install(FOLDER)
    done = subprocess.run(
        [node.node(), "mint.js"],
        cwd=FOLDER,
        input=json.dumps(wanted),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    made: list[Any] = json.loads(done.stdout)
    return made


class Provider:
    """A running oidc-provider; `user` is at once a client that acts for itself."""

    def __init__(
        self, port: int, user: str, front_ends: Iterable[str], emails: Mapping[str, str]
    ) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.port = port
        self.user = user
        self._front_ends = list(front_ends)
        self._emails = dict(emails)
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        configuration = {
            "port": self.port,
            "clientId": CLIENT_ID,
            "clientSecret": CLIENT_SECRET,
            "user": self.user,
            "redirectUri": REDIRECT_URI,
            "frontEnds": self._front_ends,
            "emails": self._emails,
        }
        self._process = subprocess.Popen(
            [node.node(), "provider.js", json.dumps(configuration)],
            cwd=FOLDER,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self._expect("ready")

    def stop(self) -> None:
        if self._process:
            self._process.terminate()
            self._process.communicate()
            self._process = None

    def rotate(self) -> None:
        """Replace the signing keys, as a careless operator does: the old ones are gone at once."""
        assert self._process
        assert self._process.stdin
        self._process.stdin.write('{"rotate": true}\n')
        self._process.stdin.flush()
        self._expect("rotated")

    def _expect(self, word: str) -> None:
        assert self._process
        assert self._process.stdout
        for line in self._process.stdout:
            if line.strip() == word:
                return
        raise AssertionError(f"the provider ended before it was {word}")

    def token(self, resource: str, scope: str = SCOPES) -> str:
        """By client credentials. `resource` is like `jwt.example/ES256` or `opaque.example`."""
        form = {
            "grant_type": "client_credentials",
            "resource": f"https://{resource}",
            "scope": scope,
        }
        credentials = (quote_plus(self.user), quote_plus(CLIENT_SECRET))
        return str(_post(f"{self.url}/token", form, auth=credentials)["access_token"])

    def sign_in(self, user: str, resource: str) -> dict[str, Any]:
        """The token response of a user who signs in: code grant with PKCE, page by page."""
        verifier = "a" * 64
        digest = hashlib.sha256(verifier.encode()).digest()
        query = {
            "client_id": "browser",
            "response_type": "code",
            "redirect_uri": REDIRECT_URI,
            "scope": f"openid offline_access {SCOPES}",
            "prompt": "consent",
            "resource": f"https://{resource}",
            "code_challenge": base64.urlsafe_b64encode(digest).decode().rstrip("="),
            "code_challenge_method": "S256",
        }
        browser = requests.Session()
        response = browser.get(f"{self.url}/auth", params=query, allow_redirects=False)
        while not response.headers.get("Location", "").startswith(REDIRECT_URI):
            if response.is_redirect:
                url = urljoin(response.url, response.headers["Location"])
                response = browser.get(url, allow_redirects=False)
                continue
            action = re.search(r'<form[^>]* action="([^"]+)"', response.text)
            prompt = re.search(r'name="prompt" value="(\w+)"', response.text)
            assert action, response.text
            assert prompt, response.text
            form = {"prompt": prompt[1], "login": user, "password": "any"}
            url = urljoin(response.url, action[1])
            response = browser.post(url, data=form, allow_redirects=False)
        code = parse_qs(urlsplit(response.headers["Location"]).query)["code"][0]
        form = {
            "grant_type": "authorization_code",
            "client_id": "browser",
            "code": code,
            "redirect_uri": REDIRECT_URI,
            "code_verifier": verifier,
            "resource": f"https://{resource}",
        }
        return _post(f"{self.url}/token", form)

    def revoke(self, token: str) -> None:
        form = {"token": token, "client_id": "browser"}
        requests.post(f"{self.url}/token/revocation", form, timeout=60).raise_for_status()


@contextmanager
def running_provider(
    user: str, front_ends: Iterable[str] = (), emails: Mapping[str, str] = MappingProxyType({})
) -> Iterator[Provider]:
    """A provider, until the end of the block; `emails` are those of its users, by their logins."""
    node.install(FOLDER)
    provider = Provider(free_port(), user, front_ends, emails)
    provider.start()
    try:
        yield provider
    finally:
        provider.stop()


def _post(url: str, form: dict[str, str], **options: Any) -> dict[str, Any]:
    response = requests.post(url, form, timeout=60, **options)
    assert response.ok, response.text
    body: dict[str, Any] = response.json()
    return body

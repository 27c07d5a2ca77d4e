"""Authorization servers of others that really run: Django OAuth Toolkit and Canaille."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import parse_qs, urljoin, urlsplit

import requests

from tests.issuers import CLIENT_ID, FOLDER, REDIRECT_URI, SCOPES, environments
from tests.server import environment, free_port

VERIFIER = "v" * 64


class AuthorizationServer:
    """A running server at `url`: its endpoints, and the code grant with PKCE."""

    def __init__(
        self, url: str, paths: dict[str, str], sign_in: SignIn, *, public: bool = True
    ) -> None:
        self.url = url
        self.authorize, self.token, self.revocation, self.introspection = (
            url + paths[name] for name in ("authorize", "token", "revoke", "introspect")
        )
        self._sign_in = sign_in
        self._credentials = None if public else ("browser", PLAIN_SECRET)

    def sign_in(self, user: str, scope: str = SCOPES, **further: str) -> dict[str, Any]:
        """The token response of a user who signs in."""
        digest = hashlib.sha256(VERIFIER.encode()).digest()
        query = {
            "client_id": "browser",
            "response_type": "code",
            "redirect_uri": REDIRECT_URI,
            "scope": scope,
            "state": "s",
            "nonce": "n",
            "code_challenge": base64.urlsafe_b64encode(digest).decode().rstrip("="),
            "code_challenge_method": "S256",
            **further,
        }
        browser = requests.Session()
        response = browser.get(self.authorize, params=query, allow_redirects=False)
        for _ in range(20):
            location = response.headers.get("Location", "")
            if location.startswith(REDIRECT_URI):
                break
            if response.is_redirect:
                url = urljoin(response.url, location)
                response = browser.get(url, allow_redirects=False, cookies={"who": user})
            else:
                response = self._sign_in(browser, response, user)
        code = parse_qs(urlsplit(location).query)["code"][0]
        return self._ask(
            grant_type="authorization_code",
            code=code,
            redirect_uri=REDIRECT_URI,
            code_verifier=VERIFIER,
        )

    def refresh(self, token: str) -> dict[str, Any]:
        """The token response for a refresh token."""
        return self._ask(grant_type="refresh_token", refresh_token=token)

    def revoke(self, token: str) -> None:
        self._post(self.revocation, token=token)

    def _ask(self, **form: str) -> dict[str, Any]:
        body: dict[str, Any] = self._post(self.token, **form).json()
        return body

    def _post(self, url: str, **form: str) -> requests.Response:
        form |= {"client_id": "browser"} if self._credentials is None else {}
        response = requests.post(url, form, auth=self._credentials, timeout=10)
        assert response.ok, response.text
        return response


class SignIn(Protocol):
    """Fills in a page of the sign-in."""

    def __call__(
        self, browser: requests.Session, page: requests.Response, user: str
    ) -> requests.Response:
        """The next response."""


def _no_form(browser: requests.Session, page: requests.Response, user: str) -> requests.Response:
    raise AssertionError(page.text)


def _fill_form(browser: requests.Session, page: requests.Response, user: str) -> requests.Response:
    """Send the page's form with the user's name, and their password."""
    hidden = re.findall(r'<input[^>]*name="(csrf_token)"[^>]*value="([^"]*)"', page.text)
    form = {**dict(hidden), "login": user, "password": PASSWORD}
    action = re.search(r'<form[^>]*action="([^"]+)"', page.text)
    url = urljoin(page.url, action[1]) if action else page.url
    return browser.post(url, data=form, allow_redirects=False)


PASSWORD = "correct horse battery staple"
PLAIN_SECRET = "letters-and-dashes"
"""Canaille takes no form-encoded secrets, which RFC 6749, section 2.3.1, asks for."""

DJANGO = {
    "authorize": "/o/authorize/",
    "token": "/o/token/",
    "revoke": "/o/revoke_token/",
    "introspect": "/o/introspect/",
}
CANAILLE = {
    "authorize": "/oauth/authorize",
    "token": "/oauth/token",
    "revoke": "/oauth/revoke",
    "introspect": "/oauth/introspect",
}


@contextmanager
def running_django(folder: Path) -> Iterator[AuthorizationServer]:
    """Django OAuth Toolkit, whose users sign in by their names alone."""
    with _running("django", database=str(folder / "django.db")) as url:
        yield AuthorizationServer(url, DJANGO, _no_form)


@contextmanager
def running_canaille(*users: str) -> Iterator[AuthorizationServer]:
    """Canaille with these users."""
    with _running("canaille", users=users, password=PASSWORD) as url:
        # Its revocation knows only clients with a secret.
        yield AuthorizationServer(url, CANAILLE, _fill_form, public=False)


@contextmanager
def _running(name: str, **further: Any) -> Iterator[str]:
    port = free_port()
    configuration = {
        "port": port,
        "clientId": CLIENT_ID,
        "clientSecret": PLAIN_SECRET,
        "redirectUri": REDIRECT_URI,
        "scopes": SCOPES,
        **further,
    }
    python = environments.python_for(name)
    process = subprocess.Popen(
        [str(python), "server.py", json.dumps(configuration)],
        cwd=FOLDER / name,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout
    try:
        said = []
        for line in process.stdout:
            if line.strip() == "ready":
                break
            said.append(line)
        else:
            raise AssertionError(f"{name} ended:\n{''.join(said)}")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.communicate()

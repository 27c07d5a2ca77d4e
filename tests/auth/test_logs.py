"""The log of a server that is asked everything, at the loudest level: no secret is in it."""

from __future__ import annotations

import logging
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from app.web import log_redaction
from tests import issuers, world
from tests.issuers import Provider
from tests.ports import free_port
from tests.server import ROOT, environment
from tests.waiting import until

SECRET = "the-secret-of-the-front-end"


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    with issuers.running_provider(world.RUNNER) as running:
        yield running


def test_no_level_of_the_log_holds_a_credential(tmp_path: Path, provider: Provider) -> None:
    port = free_port()
    environ = environment(
        LOG_LEVEL="debug",
        SQLITE_PATH=str(tmp_path / "store.db"),
        OAUTH_ISSUER=provider.url,
        OAUTH_AUDIENCE=issuers.AUDIENCE,
        OAUTH_INTROSPECTION_CLIENT_ID=issuers.CLIENT_ID,
        OAUTH_INTROSPECTION_CLIENT_SECRET=issuers.CLIENT_SECRET,
        NEXTAUTH_SECRET=SECRET,
        NEXTAUTH_COOKIE="true",
        CORS_ORIGINS="https://app.example.com",
        RATE_LIMIT="1000 per minute",
    )
    name = "__Secure-authjs.session-token"
    session = {"version": 5, "secret": SECRET, "token": {"sub": "nobody"}, "salt": name}
    jwe, cookies = issuers.mint(
        session,
        {**session, "token": {"sub": "nobody", "x": "y" * 5000}, "chunkAs": name},
    )
    opaque = provider.sign_in(world.COACH, "opaque.example")["access_token"]
    tokens = [jwe, opaque, provider.token("jwt.example/ES256"), "garbage-of-a-caller", "a.b.c"]
    written = tmp_path / "log"
    with written.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.auth.loud_server", str(port)],
            cwd=ROOT,
            env=environ,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        until(lambda: "ready\n" in written.read_text() or process.poll() is not None)
        assert process.poll() is None, written.read_text()
        for path in ("/api/workout-logs", "/fault", "/leak", "/nothing"):
            url = f"http://127.0.0.1:{port}{path}"
            for token in tokens:
                bearer = {"Authorization": f"Bearer {token}", "Origin": "https://app.example.com"}
                requests.get(url, headers=bearer, timeout=60)
                requests.post(url, headers=bearer, json={"a": 1}, timeout=60)
                requests.get(url, params={"access_token": token}, timeout=60)
            requests.get(url, headers={"Cookie": f"{name}={jwe}"}, timeout=60)
            requests.get(url, cookies=cookies, timeout=60)
            provider.stop()
            requests.get(url, headers={"Authorization": "Bearer during-the-outage"}, timeout=60)
            provider.start()
    finally:
        process.terminate()
        process.wait()
    log = written.read_text()
    assert "unexpected fault" in log
    assert "cannot be used" in log or "does not introspect" in log
    assert "during-the-outage" not in log
    assert SECRET not in log
    assert issuers.CLIENT_SECRET not in log
    signatures = {part for token in tokens if len(token) > 20 for part in token.split(".") if part}
    for secret in (
        *signatures,
        *(value[-40:] for value in cookies.values()),
        "garbage-of-a-caller",
    ):
        assert secret not in log


@pytest.fixture
def cleaned(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    before = logging.getLogRecordFactory()
    log_redaction.hide_secrets(["s3cret+value", ""])
    yield caplog
    logging.setLogRecordFactory(before)


@pytest.mark.parametrize(
    "text",
    [
        "authorization: Bearer 0123456789abcdefXYZ",
        "GET /x?a=1&access_token=0123456789abcdefXYZ HTTP/1.1",
        "token eyJhbGciOiJub25lIn0.0123456789abcdefXYZ.",
        "Cookie: theme=dark; __Secure-authjs.session-token.0=0123456789abcdefXYZ; x=y",
        "next-auth.session-token=0123456789abcdefXYZ",
        "('authjs.session-token.1', '0123456789abcdefXYZ')",
        "secret is s3cret+value",
    ],
)
def test_what_looks_like_a_credential_is_hidden(
    cleaned: pytest.LogCaptureFixture, text: str
) -> None:
    logging.getLogger("any.library").warning("it said %s", text)
    try:
        raise ValueError(text)
    except ValueError:
        logging.getLogger("any.library").exception("failed")
    assert "0123456789abcdefXYZ" not in cleaned.text
    assert "s3cret+value" not in cleaned.text
    assert log_redaction.HIDDEN in cleaned.text
    assert "ValueError" in cleaned.text


def test_the_rest_stays_as_it_is(cleaned: pytest.LogCaptureFixture) -> None:
    logging.getLogger("any.library").warning("%(who)s read 3 of 4 logs", {"who": "somebody"})
    logging.getLogger("any.library").warning(*("odd %s %s", "arguments"))
    assert cleaned.messages == ["somebody read 3 of 4 logs", "odd %s %s"]

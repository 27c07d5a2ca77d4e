"""`make run` prepares everything a developer needs, and spoils nothing that is there."""

import signal
import socket
import stat
import subprocess
import sys
import time

import pytest
import requests

from app.development import club, run
from app.service.stores.sqlite.store import SqliteStore
from app.service.stores.sqlite.transfer import count_documents, import_lines
from app.settings import Settings, SettingsError
from tests.ports import free_port
from tests.server import ROOT, environment


@pytest.fixture
def settings(tmp_path):
    return Settings(app_env="development", port=free_port(), sqlite_path=str(tmp_path / "logs.db"))


def prepare(settings):
    """What `make run` does before it serves; the port is free again afterwards."""
    server, tokens = run.prepare(settings)
    server.server_close()
    return tokens


def counts(path):
    store = SqliteStore(path)
    try:
        return count_documents(store)
    finally:
        store.close()


def test_an_empty_store_gets_the_club_once(settings):
    prepare(settings)
    first = counts(settings.sqlite_path)
    assert first["user"] == 9
    assert first["trainingSession"] == 288
    prepare(settings)
    assert counts(settings.sqlite_path) == first


def test_a_store_with_data_is_left_alone(settings):
    store = SqliteStore(settings.sqlite_path)
    import_lines(store, [b'{"_id": "u", "_type": "user", "name": "Ada", "role": "admin"}'])
    store.close()
    prepare(settings)
    assert counts(settings.sqlite_path) == {"user": 1}


def test_an_occupied_port_is_named(settings):
    said = pytest.raises(SettingsError, match=f"PORT: .* port {settings.port} ")
    with socket.create_server(("127.0.0.1", settings.port)), said:
        prepare(settings)
    prepare(settings)


@pytest.mark.parametrize(
    "changes",
    [
        {"app_env": "production"},
        {"oauth_issuer": "https://id.example.org", "oauth_audience": "api"},
    ],
)
def test_it_is_for_development_without_an_issuer(settings, changes):
    with pytest.raises(SettingsError, match="make run"):
        prepare(Settings(**{"app_env": "development", "port": settings.port, **changes}))


def test_tokens_can_be_sourced_and_are_private(settings, tmp_path):
    path = tmp_path / "instance" / "dev-tokens.env"
    tokens = prepare(settings)
    for _ in range(2):
        run.write_tokens(path, tokens)
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    script = f'. "{path}"; echo "$RUNNER_TOKEN $RUNNER2_TOKEN $COACH_TOKEN $ADMIN_TOKEN"'
    shown = subprocess.run(["sh", "-c", script], capture_output=True, check=True, text=True).stdout
    assert shown.split() == list(tokens.values())


def test_a_run_from_start_to_ctrl_c(tmp_path):
    port = free_port()
    environ = environment(PYTHONPATH=str(ROOT), PORT=str(port))
    process = subprocess.Popen(
        [sys.executable, "-m", "app.development.run"],
        cwd=tmp_path,
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    url = f"http://127.0.0.1:{port}"
    try:
        _wait_for(f"{url}/readyz", process)
        tokens = dict(
            line.split("=", 1)
            for line in (tmp_path / "instance" / "dev-tokens.env").read_text().splitlines()
        )
        second = subprocess.run(
            [sys.executable, "-m", "app.development.run"],
            cwd=tmp_path,
            env=environ,
            capture_output=True,
            check=False,
            text=True,
        )
        # Connections that are open do not delay the end.
        silent = socket.create_connection(("127.0.0.1", port))
        unfinished = socket.create_connection(("127.0.0.1", port))
        unfinished.sendall(
            b"POST /api/workout-logs HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n"
        )
        people = {name: _owner(url, tokens[name]) for name in ("RUNNER_TOKEN", "RUNNER2_TOKEN")}
    finally:
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=60)
    silent.close()
    unfinished.close()
    assert people == {"RUNNER_TOKEN": club.RUNNER, "RUNNER2_TOKEN": club.RUNNER2}
    assert (second.returncode, second.stdout) == (1, "")
    assert f"port {port}" in second.stderr
    assert process.returncode == 0
    assert "Traceback" not in errors
    assert f"{url}/docs" in output
    for name in ("RUNNER_TOKEN", "COACH_TOKEN", "ADMIN_TOKEN"):
        assert tokens[name] in output
    (curl,) = (line for line in output.splitlines() if line.startswith("curl "))
    assert tokens["RUNNER_TOKEN"] in curl


def _wait_for(url, process):
    deadline = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < deadline:
        try:
            if requests.get(url, timeout=5).ok:
                return
        except requests.RequestException:
            time.sleep(0.1)
    pytest.fail("the server did not start")


def _owner(url, token):
    """Whose logs a token lists."""
    answer = requests.get(
        f"{url}/api/workout-logs?limit=1",
        headers={"Authorization": f"Bearer {token}"},
        timeout=60,
    )
    assert answer.status_code == 200
    return answer.json()["data"][0]["runnerId"]

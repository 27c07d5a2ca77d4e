"""`make run` prepares everything a developer needs, and spoils nothing that is there."""

import os
import re
import signal
import socket
import stat
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
import requests

from app.development import club, reset, run
from app.development.issuer import ACCESS_TYPE, DevelopmentIssuer
from app.development.requests import request_line
from app.development.signing_key import kept_key
from app.development.token_file import TokenFile
from app.service.stores.sqlite.store import SqliteStore
from app.service.stores.sqlite.transfer import count_documents, import_lines
from app.settings import Settings, SettingsError
from tests.ports import free_port
from tests.server import ROOT, environment
from tests.waiting import until, until_it_responds


@pytest.fixture
def settings(tmp_path):
    return Settings(app_env="development", port=free_port(), sqlite_path=str(tmp_path / "logs.db"))


def prepare(settings):
    """What `make run` does before it serves; the port is free again afterwards."""
    server, issuer = run.prepare(settings, Path(settings.sqlite_path).parent)
    server.server_close()
    return issuer


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


def test_tokens_reach_the_programs_of_a_shell_and_are_private(settings, tmp_path):
    tokens = run.mint_tokens(prepare(settings))
    file = TokenFile(tmp_path, settings.port)
    for each in ({"LONGER": "x" * 5000}, tokens):
        file.write(each)
        assert stat.S_IMODE(file.path.stat().st_mode) == 0o600
    program = f"import os; print(*(os.environ[name] for name in {list(tokens)}))"
    script = f'. "{file.path}"; "{sys.executable}" -c "{program}"'
    shown = subprocess.run(["sh", "-c", script], capture_output=True, check=True, text=True).stdout
    assert shown.split() == list(tokens.values())


def test_a_second_server_has_a_token_file_of_its_own(tmp_path):
    first, second = TokenFile(tmp_path, 8000), TokenFile(tmp_path, 8001)
    first.write({"A": "first"})
    second.write({"A": "second"})
    assert (first.path.name, second.path.name) == ("dev-tokens.env", "dev-tokens-8001.env")
    assert first.path.read_text() == "export A=first\n"
    first.close()
    assert TokenFile(tmp_path, 8002).path == first.path, "a server that has ended keeps nothing"


def test_a_token_survives_a_restart(settings, tmp_path):
    token = prepare(settings).mint(club.RUNNER)
    assert prepare(settings).read(token, ACCESS_TYPE)["sub"] == club.RUNNER
    key = tmp_path / "dev-signing-key.json"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    key.write_text("{")
    with pytest.raises(SettingsError, match="does not hold a key"):
        prepare(settings)
    key.unlink()
    assert prepare(settings).read(token, ACCESS_TYPE) is None


def test_of_servers_that_start_at_once_all_have_the_same_key(tmp_path):
    path = tmp_path / "new" / "key.json"
    with ThreadPoolExecutor(8) as pool:
        keys = list(pool.map(lambda _: kept_key(path), range(16)))
    assert len({key.kid for key in keys}) == 1
    assert list(path.parent.iterdir()) == [path]


def test_a_reset_brings_the_sample_data_back(settings, capsys, monkeypatch):
    with pytest.raises(SettingsError):
        reset.reset(Settings(app_env="production", sqlite_path=settings.sqlite_path))
    assert not Path(settings.sqlite_path).exists()
    prepare(settings)
    store = SqliteStore(settings.sqlite_path)  # as a server that runs meanwhile
    club_of_today = count_documents(store)
    import_lines(store, [b'{"_id": "u", "_type": "user", "name": "Ada", "role": "admin"}'])
    monkeypatch.setenv("SQLITE_PATH", settings.sqlite_path)
    monkeypatch.setenv("APP_ENV", "development")
    reset.main()
    saved = Path(settings.sqlite_path).with_suffix(".before-reset.ndjson")
    assert str(saved) in capsys.readouterr().out
    assert '"name": "Ada"' in saved.read_text().splitlines()[-1]
    assert stat.S_IMODE(saved.stat().st_mode) == 0o600
    assert count_documents(store) == club_of_today
    store.close()


def test_a_network_is_opened_with_a_warning(settings):
    local, open_to_all = (
        run.welcome(DevelopmentIssuer(each), dict.fromkeys(run.PEOPLE, "t"), Path("tokens"))
        for each in (settings, replace(settings, host="192.168.1.5"))
    )
    assert "WARNING" not in local
    assert "on this machine only" in local
    assert "WARNING: HOST=192.168.1.5. Everybody in this network can sign in" in open_to_all
    assert f"http://192.168.1.5:{settings.port}/docs" in open_to_all


@pytest.mark.parametrize(
    ("status", "code"), [(200, 32), (304, 36), (412, 33), (503, 31), (101, 37)]
)
def test_a_request_is_one_line_in_the_colour_of_its_end(status, code):
    at = datetime(2026, 11, 25, 12, 30, 45, tzinfo=UTC)
    line = request_line(at, status, "GET", "/api/\n\x1b[2Jx?a=ก", 13.6)
    assert f"\x1b[{code}m\x1b[1m{status}" in line
    plain = re.sub(r"\x1b\[\d+m", "", line)
    assert plain == f"12:30:45  {status}  GET    /api/\\x0a\\x1b[2Jx?a=ก  14 ms"


def test_the_server_starts_anew_when_the_code_changes(tmp_path):
    """Or a setting, also after a mistake; tokens of the first start are good after the last."""
    port = free_port()
    module, settings = tmp_path / "extra.py", tmp_path / ".env"
    module.write_text("")
    settings.write_text("")
    environ = environment(PYTHONPATH=str(ROOT), PORT=str(port), PYTHONUNBUFFERED="1")
    output = tmp_path / "output.txt"
    with output.open("w") as stream:
        process = subprocess.Popen(
            [sys.executable, "-m", "app.development.reload"],
            cwd=tmp_path,
            env=environ,
            stdout=stream,
            stderr=stream,
        )
    url = f"http://127.0.0.1:{port}"
    try:
        until_it_responds(f"{url}/readyz", process)
        token = tokens_in(tmp_path)["RUNNER_TOKEN"]
        settings.write_text("THREADS=none\n")
        until(lambda: "Waiting for a change." in output.read_text())
        assert "THREADS: " in output.read_text()
        settings.write_text("")
        until(lambda: output.read_text().count("Swagger UI ") == 2)
        until_it_responds(f"{url}/readyz", process)
        os.utime(module, (time.time() + 10,) * 2)
        until(lambda: output.read_text().count("Swagger UI ") == 3)
        until_it_responds(f"{url}/readyz", process)
        assert _owner(url, token) == club.RUNNER
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(60)


def tokens_in(folder):
    lines = (folder / "instance" / "dev-tokens.env").read_text().splitlines()
    return dict(line.removeprefix("export ").split("=", 1) for line in lines)


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
        until_it_responds(f"{url}/readyz", process)
        tokens = tokens_in(tmp_path)
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


def _owner(url, token):
    """Whose logs a token lists."""
    response = requests.get(
        f"{url}/api/workout-logs?limit=1",
        headers={"Authorization": f"Bearer {token}"},
        timeout=60,
    )
    assert response.status_code == 200
    return response.json()["data"][0]["runnerId"]

"""The way to Sanity through a real HTTP proxy, as the environment of the process says."""

from __future__ import annotations

import re
import socket
import ssl
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

from app.service.stores.sanity.transport import Connections, NotConnected
from tests import programs
from tests.ports import free_port
from tests.sanity.wire import OK, Server, send, sends, tls_of
from tests.waiting import until


@dataclass(frozen=True, slots=True)
class Proxy:
    """A running tinyproxy at `address`, a host and port."""

    address: str
    log: Path

    def connects(self) -> list[str]:
        """The servers that it was asked to connect to."""
        return re.findall(r": CONNECT (\S+) HTTP/", self.log.read_text())


@contextmanager
def running_proxy(folder: Path, *settings: str) -> Iterator[Proxy]:
    program = programs.tinyproxy()
    assert program, "`python -m tests.programs` installs it"
    port = free_port()
    log, configuration = folder / "log", folder / "tinyproxy.conf"
    lines = [f"Port {port}", "Listen 127.0.0.1", f'LogFile "{log}"', "LogLevel Connect", *settings]
    configuration.write_text("\n".join([*lines, ""]))
    with subprocess.Popen([program, "-d", "-c", str(configuration)]) as process:
        try:
            until(lambda: listens(port) or process.poll() is not None)
            assert process.poll() is None, "the proxy ended"
            yield Proxy(f"127.0.0.1:{port}", log)
        finally:
            process.terminate()


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


class Way:
    """From this process to `server`, an https server that only `trust` knows."""

    def __init__(self, server: Server, trust: ssl.SSLContext) -> None:
        self.server = server
        self._url = server.url.replace("127.0.0.1", "localhost")
        self.authority = self._url.removeprefix("https://")
        self._trust = trust

    def send(self, times: int = 1) -> list[requests.Response]:
        """Requests of a client that starts now."""
        made = Connections(self._url, max_idle=1, tls=self._trust)
        try:
            return [send(made, self._url) for _ in range(times)]
        finally:
            made.close()


@pytest.fixture
def way(certificate: Path) -> Iterator[Way]:
    with Server(sends(OK), tls_of(certificate)).running() as server:
        yield Way(server, ssl.create_default_context(cafile=certificate))


@pytest.fixture
def start_proxy(tmp_path: Path) -> Iterator[Callable[..., Proxy]]:
    with ExitStack() as stack:
        yield lambda *settings: stack.enter_context(running_proxy(tmp_path, *settings))


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """No proxy, whatever the machine has."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    return monkeypatch


@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"])
@pytest.mark.parametrize("prefix", ["http://", ""])
def test_an_https_url_is_reached_through_the_proxy(
    way: Way,
    start_proxy: Callable[..., Proxy],
    environment: pytest.MonkeyPatch,
    variable: str,
    prefix: str,
) -> None:
    proxy = start_proxy()
    environment.setenv(variable, prefix + proxy.address)
    assert [each.content for each in way.send(2)] == [b"ok", b"ok"]
    assert proxy.connects() == [way.authority], "one connection is used for both"
    assert way.server.requests[0].startswith(b"POST /path?a=b HTTP/1.1\r\n")


@pytest.mark.parametrize("exempt", ["localhost", "example.com,localhost", "*"])
def test_an_exempt_host_is_reached_without_the_proxy(
    way: Way, start_proxy: Callable[..., Proxy], environment: pytest.MonkeyPatch, exempt: str
) -> None:
    proxy = start_proxy()
    environment.setenv("HTTPS_PROXY", f"http://{proxy.address}")
    environment.setenv("NO_PROXY", exempt)
    assert [each.content for each in way.send()] == [b"ok"]
    assert proxy.connects() == []


def test_the_proxy_of_http_is_none_of_https(way: Way, environment: pytest.MonkeyPatch) -> None:
    environment.setenv("HTTP_PROXY", f"http://127.0.0.1:{free_port()}")
    assert [each.content for each in way.send()] == [b"ok"]


def test_plain_http_goes_to_a_server_of_this_machine_so_it_needs_no_proxy(
    environment: pytest.MonkeyPatch,
) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        environment.setenv(name, f"http://127.0.0.1:{free_port()}")
    with Server(sends(OK)).running() as server:
        made = Connections(server.url, max_idle=1)
        assert send(made, server.url).content == b"ok"
        made.close()


def test_the_proxy_gets_its_credentials_and_the_server_does_not(
    way: Way, start_proxy: Callable[..., Proxy], environment: pytest.MonkeyPatch
) -> None:
    proxy = start_proxy("BasicAuth someone secret")
    environment.setenv("HTTPS_PROXY", f"http://someone:secret@{proxy.address}")
    assert [each.content for each in way.send()] == [b"ok"]
    assert b"authorization" not in way.server.requests[0].lower()
    environment.setenv("HTTPS_PROXY", f"http://someone:wrong@{proxy.address}")
    with pytest.raises(NotConnected, match="401") as refused:
        way.send()
    assert "wrong" not in str(refused.value)


def test_a_proxy_that_refuses_leaves_nothing_sent(
    way: Way, start_proxy: Callable[..., Proxy], environment: pytest.MonkeyPatch
) -> None:
    proxy = start_proxy("ConnectPort 1")
    environment.setenv("HTTPS_PROXY", f"http://{proxy.address}")
    with pytest.raises(NotConnected, match="403"):
        way.send()
    assert way.server.connections == 0


@pytest.mark.parametrize(
    "response", [b"", b"HTTP/1.1 200 OK", b"SSH-2.0-OpenSSH_9.6\r\n", b"\x00" * 9]
)
def test_a_proxy_that_is_none_leaves_nothing_sent(
    way: Way, environment: pytest.MonkeyPatch, response: bytes
) -> None:
    with Server(sends(response, then="close")).running() as no_proxy:
        environment.setenv("HTTPS_PROXY", no_proxy.url)
        with pytest.raises(NotConnected):
            way.send()
    assert way.server.requests == []


def test_a_proxy_that_does_not_run_leaves_nothing_sent(
    way: Way, environment: pytest.MonkeyPatch
) -> None:
    environment.setenv("HTTPS_PROXY", f"http://127.0.0.1:{free_port()}")
    with pytest.raises(NotConnected):
        way.send()
    assert way.server.connections == 0


@pytest.mark.parametrize(
    "proxy", ["https://proxy.example:3128", "socks5://proxy.example", "http://"]
)
def test_a_proxy_of_another_kind_is_refused_at_the_start(
    way: Way, environment: pytest.MonkeyPatch, proxy: str
) -> None:
    environment.setenv("HTTPS_PROXY", proxy)
    with pytest.raises(ValueError, match="proxy"):
        way.send()

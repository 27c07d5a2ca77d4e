"""Who the development sign-in talks to: this machine, and clients that run on it."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

from authlib.oauth2.rfc6749 import ClientMixin
from werkzeug.datastructures import Headers

from app.settings import LOOPBACK_HOSTS, SCOPES

_FORWARDING_HEADERS = frozenset({"forwarded", "via", "x-real-ip", "x-client-ip", "true-client-ip"})


def is_loopback_url(url: str) -> bool:
    """Whether this URL is served by this machine, on whatever port (RFC 8252, 7.3)."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return False
    return (
        url.isascii()
        and url.isprintable()
        and parts.scheme in ("http", "https")
        and parts.hostname in LOOPBACK_HOSTS
        and parts.username is None
        and not set(url) & {"\\", "#"}
    )


def comes_from_this_machine(peer: str | None, host: str | None, headers: Headers) -> bool:
    """Whether a request was sent from this machine to this machine with no proxy in between.

    The Host header keeps out a page whose name was made to resolve to 127.0.0.1.
    """
    try:
        address = ip_address(peer or "")
    except ValueError:
        return False
    address = getattr(address, "ipv4_mapped", None) or address
    names = {name.lower() for name, _ in headers}
    forwarded = names & _FORWARDING_HEADERS or any(each.startswith("x-forwarded") for each in names)
    return address.is_loopback and is_loopback_url(f"http://{host}") and not forwarded


@dataclass(frozen=True, slots=True)
class LoopbackClient(ClientMixin):
    """Any public OAuth client, by whatever id, whose redirect URI is on this machine."""

    client_id: str

    def get_client_id(self) -> str:
        return self.client_id

    def get_default_redirect_uri(self) -> None:
        return None

    def get_allowed_scope(self, scope: str | None) -> str:
        """What is asked for, or everything; Authlib has refused unknown scopes before."""
        return " ".join((scope or "").split() or SCOPES)

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        return is_loopback_url(redirect_uri)

    def check_endpoint_auth_method(self, method: str, _endpoint: str) -> bool:
        return method == "none"

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type == "authorization_code"


def find_client(client_id: str) -> LoopbackClient | None:
    """The client of this id: every reasonable id is one."""
    return LoopbackClient(client_id) if client_id.isprintable() and len(client_id) <= 200 else None

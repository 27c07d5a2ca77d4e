"""Who the development sign-in talks to: this machine and clients that run on it; the network that
it is in, too, when `HOST` names an address there.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from urllib.parse import urlsplit

from authlib.oauth2.rfc6749 import ClientMixin
from werkzeug.datastructures import Headers

from app.settings import LOOPBACK_HOSTS, SCOPES

IDENTITY_SCOPES = ("openid", "profile", "email", "offline_access")
"""What OpenID Connect clients ask for; the API itself gives them no meaning."""

_FORWARDING_HEADERS = frozenset({"forwarded", "via", "x-real-ip", "x-client-ip", "true-client-ip"})
_EVERY_ADDRESS = frozenset({"0.0.0.0", "::", ""})  # noqa: S104 - compared with, never bound

_private_use_uri = re.compile(r"[a-z][a-z0-9+-]*(?:\.[a-z0-9+-]+)+:/[^\s\\#]*")
"""A scheme that belongs to an app, in reverse domain order (RFC 8252, 7.1)."""


@dataclass(frozen=True, slots=True)
class Reach:
    """From where people can sign in: this machine, and the network in which it is `host`."""

    host: str = ""

    @classmethod
    def of(cls, host: str) -> Reach:
        """What the setting `HOST` opens: a network only where it names one address of it."""
        host = host.lower()
        return cls("" if host in LOOPBACK_HOSTS | _EVERY_ADDRESS else host)

    @property
    def shown_host(self) -> str:
        """The host in the URLs that people get."""
        if not self.host:
            return "127.0.0.1"
        return f"[{self.host}]" if ":" in self.host else self.host

    def has_url(self, url: str) -> bool:
        """Whether this URL is served from here, on whatever port (RFC 8252, 7.3)."""
        try:
            parts = urlsplit(url)
            _ = parts.port
        except ValueError:
            return False
        return (
            url.isascii()
            and url.isprintable()
            and parts.scheme in ("http", "https")
            and parts.hostname is not None
            and parts.hostname in LOOPBACK_HOSTS | {self.host}
            and parts.username is None
            and not set(url) & {"\\", "#"}
        )

    def has_client_at(self, redirect_uri: str) -> bool:
        """Whether a client may get its code there: a page from here, or an app by its scheme."""
        is_app = redirect_uri.isascii() and _private_use_uri.fullmatch(redirect_uri)
        return bool(is_app) or self.has_url(redirect_uri)

    def includes(self, peer: str | None, host: str | None, headers: Headers) -> bool:
        """Whether a request was sent from here to here with no proxy in between.

        The Host header keeps out a page whose name was made to resolve to an address of ours.
        """
        try:
            address = ip_address(peer or "")
        except ValueError:
            return False
        address = getattr(address, "ipv4_mapped", None) or address
        names = {name.lower() for name, _ in headers}
        forwarded = names & _FORWARDING_HEADERS or any(
            each.startswith("x-forwarded") for each in names
        )
        near = address.is_loopback or bool(self.host and _is_in_a_local_network(str(address)))
        return near and self.has_url(f"http://{host}") and not forwarded


_LOCAL_NETWORKS = tuple(
    map(
        ip_network,
        (
            "10.0.0.0/8",
            "172.16.0.0/12",
            "192.168.0.0/16",
            "169.254.0.0/16",
            "fc00::/7",
            "fe80::/10",
        ),
    )
)
"""Private and link-local addresses (RFC 1918, RFC 3927, RFC 4193, RFC 4291)."""


def _is_in_a_local_network(address: str) -> bool:
    return any(ip_address(address) in network for network in _LOCAL_NETWORKS)


@dataclass(frozen=True, slots=True)
class LocalClient(ClientMixin):
    """Any public OAuth client within reach, by whatever id."""

    client_id: str
    reach: Reach = Reach()

    def get_client_id(self) -> str:
        return self.client_id

    def get_default_redirect_uri(self) -> None:
        return None

    def get_allowed_scope(self, scope: str | None) -> str:
        """What is asked for, or all of the API; Authlib has refused unknown scopes before."""
        return " ".join((scope or "").split() or SCOPES)

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        return self.reach.has_client_at(redirect_uri)

    def check_endpoint_auth_method(self, method: str, _endpoint: str) -> bool:
        return method == "none"

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type in ("authorization_code", "refresh_token")


def find_client(client_id: str, reach: Reach) -> LocalClient | None:
    """The client of this id: every reasonable id is one."""
    if client_id.isprintable() and len(client_id) <= 200:
        return LocalClient(client_id, reach)
    return None

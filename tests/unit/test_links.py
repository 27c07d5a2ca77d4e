"""Whatever the rule for links lets through is an https URL on one of its hosts, and no more."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.service.external_links import MAX_LINK_LENGTH, ExternalLinks

HOSTS = ("www.strava.com", "strava.app.link", "a-b.garmin.com")
LINKS = ExternalLinks(HOSTS)

tails = st.text(st.sampled_from("/?#@:\\%&=.;~ \t\nabcÄ\u2028\"<>'`|{}^[]"), max_size=12)
links = st.builds("{}{}{}".format, st.sampled_from(["https://", "https:/", "//", "http://"]),
                  st.sampled_from([*HOSTS, "evil.example", "wwwxstrava.com"]), tails)  # fmt: skip


@given(links | st.text(max_size=60))
@example("https://www.strava.com\\@evil.example/")
@example("https://www.strava.com/\u2028")
def test_what_is_allowed_is_on_a_known_host(url: str) -> None:
    if not LINKS.allows(url):
        return
    parts = urlsplit(url)
    assert (parts.scheme, parts.netloc) == ("https", parts.hostname)
    assert parts.hostname in HOSTS
    assert url.isascii()
    assert not set(url) & set(' "<>\\^`{|}')


@pytest.mark.parametrize("host", HOSTS)
def test_each_host_is_allowed_as_it_is(host: str) -> None:
    for url in (
        f"https://{host}",
        f"https://{host}/",
        f"https://{host}/a?b=c#d",
        f"https://{host}?x",
    ):
        assert LINKS.allows(url)
    for url in (f"https://x.{host}/", f"https://{host}.example/", f"https://{host.upper()}/"):
        assert not LINKS.allows(url)


@pytest.mark.parametrize("url", ["https:///evil.example/", "https://", "https://evil.example/"])
def test_without_hosts_no_link_is_allowed(url: str) -> None:
    assert not ExternalLinks(()).allows(url)


def test_a_link_has_a_longest_length() -> None:
    prefix = "https://www.strava.com/"
    assert LINKS.allows(prefix + "a" * (MAX_LINK_LENGTH - len(prefix)))
    assert not LINKS.allows(prefix + "a" * (MAX_LINK_LENGTH - len(prefix) + 1))

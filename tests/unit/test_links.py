"""Whatever the rule for links lets through is an https URL on one of its hosts, and no more."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.service.external_links import MAX_LINK_LENGTH, ExternalLinks

HOSTS = ("www.strava.com", "strava.app.link", "a-b.garmin.com")
LINKS = ExternalLinks(HOSTS)

tails = st.text(st.sampled_from("/?#@:\\%&=.;~ \t\nabcÄ\u2028\"<>'`|{}^[]"), max_size=12)
starts = st.sampled_from(
    ["https://", "HTTPS://", " https://", "\n\u00a0hTTps://", "https:/", "//", "http://"]
)
hosts = st.sampled_from([*HOSTS, "WWW.Strava.com", "evil.example", "wwwxstrava.com"])
links = st.builds("{}{}{}".format, starts, hosts, tails)


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        ("/%zz", "/%25zz"),
        ("/a%2", "/a%252"),
        ("/%E0%A4%A", "/%E0%A4%25A"),
        ("/%41%2f", "/%41%2f"),
        ("/[x]?q=[1]", "/%5Bx%5D?q=%5B1%5D"),
        ("/a#b#c", "/a#b%23c"),
        ("#", "#"),
    ],
)
def test_what_browsers_let_pass_is_read_as_a_uri(sent: str, read: str) -> None:
    assert LINKS.read(f"https://www.strava.com{sent}") == f"https://www.strava.com{read}"


@given(links | st.text(max_size=60))
@example("https://www.strava.com\\@evil.example/")
@example("https://www.strava.com/\u2028")
@example("https://www.\u017ftrava.com/")
def test_what_is_allowed_is_on_a_known_host(text: str) -> None:
    link = LINKS.read(text)
    fits = re.search(LINKS.pattern, text) is not None
    assert fits == (link is not None or not text.strip())
    if link is None:
        return
    parts = urlsplit(link)
    assert (parts.scheme, parts.netloc) == ("https", parts.hostname)
    assert parts.hostname in HOSTS
    assert link.isascii()
    assert not set(link) & set(' "<>\\^`{|}')
    assert LINKS.read(link) == link


@pytest.mark.parametrize("host", HOSTS)
def test_each_host_is_allowed_as_it_is(host: str) -> None:
    for url in (
        f"https://{host}",
        f"https://{host}/",
        f"https://{host}/a?b=c#d",
        f"https://{host}?x",
    ):
        assert LINKS.read(url) == url
    for url in (f"https://x.{host}/", f"https://{host}.example/"):
        assert LINKS.read(url) is None


@pytest.mark.parametrize(
    ("text", "link"),
    [
        (" https://www.strava.com/A \n", "https://www.strava.com/A"),
        ("HTTPS://WWW.STRAVA.COM/Athletes?Q=A#B", "https://www.strava.com/Athletes?Q=A#B"),
        ("https://Strava.App.Link", "https://strava.app.link"),
        ("https://www.strava.com?URL=HTTPS://X", "https://www.strava.com?URL=HTTPS://X"),
    ],
)
def test_spaces_around_and_the_case_of_scheme_and_host_make_no_difference(
    text: str, link: str
) -> None:
    assert LINKS.read(text) == link


@pytest.mark.parametrize("url", ["https:///evil.example/", "https://", "https://evil.example/"])
def test_without_hosts_no_link_is_allowed(url: str) -> None:
    nothing = ExternalLinks(())
    assert nothing.read(url) is None
    assert not re.search(nothing.pattern, url)


def test_a_link_has_a_longest_length() -> None:
    prefix = "https://www.strava.com/"
    assert LINKS.read(prefix + "a" * (MAX_LINK_LENGTH - len(prefix)))
    assert not LINKS.read(prefix + "a" * (MAX_LINK_LENGTH - len(prefix) + 1))

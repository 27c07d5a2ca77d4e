"""Which links a log may carry: https, on a known host, nothing hidden in the authority."""

from __future__ import annotations

import re
from collections.abc import Iterable

MAX_LINK_LENGTH = 2048

WHITE_SPACE = "\t\n\v\f\r "
"""What may surround a link: the white space that regular expressions of every engine agree on."""


class ExternalLinks:
    """The rule for `externalLink` over a list of exact host names, in lower case.

    `pattern` says it as a regular expression: no user, password or port can follow the host, and a
    backslash, which browsers read as a slash, is not part of any URL. White space around a link and
    the case of its scheme and host make no difference (RFC 3986, 6.2.2.1).
    """

    def __init__(self, hosts: Iterable[str]) -> None:
        self.hosts = tuple(hosts)
        # Without a host, the empty alternative would let every link through; this matches nothing.
        names = "|".join(map(_any_case, self.hosts)) or r"[^\s\S]"
        link = rf"{_any_case('https')}:\/\/({names})([\/?#][!#-;=?-\[\]_a-z~]*)?"
        self.pattern = rf"^[\x09-\x0d ]*({link})?[\x09-\x0d ]*$"
        names = "|".join(map(re.escape, self.hosts)) or r"[^\s\S]"
        characters = r"[!$&-;=?-Z_a-z~]*(?:%[0-9A-Fa-f]{2}[!$&-;=?-Z_a-z~]*)*"
        self._uri = re.compile(rf"https://({names})([/?]{characters})?(#{characters})?")

    def read(self, text: str) -> str | None:
        """The link in the text as RFC 3986 has it: its scheme and host in lower case, `%`, `[`,
        `]` and a second `#` that browsers let pass encoded. None if it is not allowed.
        """
        return text if self._allows(text) else self._other_form(text)

    def _other_form(self, text: str) -> str | None:
        scheme, slashes, rest = text.strip(WHITE_SPACE).partition("://")
        host = re.match(r"[^/?#]*", rest)
        end = host.end() if host else 0
        path, hash_sign, fragment = rest[end:].partition("#")
        path, fragment = _bare.sub(_encoded, path), _bare.sub(_encoded, fragment)
        link = f"{scheme.lower()}{slashes}{rest[:end].lower()}{path}{hash_sign}{fragment}"
        return link if self._allows(link) else None

    def _allows(self, link: str) -> bool:
        return len(link) <= MAX_LINK_LENGTH and self._uri.fullmatch(link) is not None


_bare = re.compile(r"%(?![0-9A-Fa-f]{2})|[\[\]#]")


def _encoded(character: re.Match[str]) -> str:
    return f"%{ord(character[0]):02X}"


def _any_case(text: str) -> str:
    """A regular expression for the text in any case, for every engine."""
    return "".join(
        f"[{each.upper()}{each}]" if each.isalpha() else {".": r"\."}.get(each, each)
        for each in text
    )

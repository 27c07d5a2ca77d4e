"""Which links a log may carry: https, on a known host, nothing hidden in the authority."""

from __future__ import annotations

import re
from collections.abc import Iterable

MAX_LINK_LENGTH = 2048


class ExternalLinks:
    """The rule for `externalLink` over a list of exact host names.

    `pattern` says it as a regular expression, so the published spec and the check are one: no user,
    password or port can follow the host, and a backslash, which browsers read as a slash, is not
    part of any URL.
    """

    def __init__(self, hosts: Iterable[str]) -> None:
        self.hosts = tuple(hosts)
        # Without a host, the empty alternative would let every link through; this matches nothing.
        names = "|".join(re.escape(host).replace(r"\-", "-") for host in self.hosts) or r"[^\s\S]"
        self.pattern = rf"^https:\/\/({names})([\/?#][!#-;=?-\[\]_a-z~]*)?$"
        self._regex = re.compile(self.pattern.removeprefix("^").removesuffix("$"))

    def allows(self, url: str) -> bool:
        return len(url) <= MAX_LINK_LENGTH and self._regex.fullmatch(url) is not None

"""Conditional requests (RFC 9110, section 13), on entity tags of two parts.

A tag is `"<revision>:<digest>"`. The revision names a state of the resource's own document; the
digest is of the whole response, so the tag also changes when something embedded in it does. A
cached response is compared by the whole tag. A write, and every `If-Match`, is compared by the
revision alone: it fails neither because something embedded has changed, nor because a proxy that
compresses has made the tag weak (`W/`). `"<revision>"`, which a list is enough to make, holds too.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable
from typing import NamedTuple

import msgspec

from app.service.sync_tokens import LENGTH_OF_VALIDITY

MAX_LENGTH = 1024
"""Characters of `If-Match` and of `If-None-Match`."""

Precondition = Callable[[str], bool]
"""Whether a request may go on, given the revision that the resource has."""

_SYNC_TOKEN = b'"syncToken":"'
_tag = re.compile(r'(?:W/)?"([!#-~]*)"')
_list = re.compile(rf"[ ,]*{_tag.pattern}(?: *,[ ,]*{_tag.pattern})*[ ,]*")


class EntityTagSet(NamedTuple):
    """What `If-Match` or `If-None-Match` holds: `*`, or tags without their quotes and `W/`."""

    any: bool
    tags: frozenset[str]

    @classmethod
    def parse(cls, text: str) -> EntityTagSet:
        """The tags in a header; none where it is no list of tags, so that it never matches."""
        tags = _tag.findall(text) if _list.fullmatch(text) else []
        return cls(text.strip() == "*", frozenset(tags))

    def have(self, tag: str) -> bool:
        """Whether the quoted tag, as a whole, is one of these."""
        return self.any or tag.strip('"') in self.tags

    def have_revision(self, revision: str) -> bool:
        """Whether one of these is a tag of the revision."""
        return self.any or revision in {each.partition(":")[0] for each in self.tags}


def entity_tag(revision: str, response: object) -> str:
    """The `ETag` of a response, which msgspec can encode."""
    return f'"{revision}:{_told(hashlib.sha256(msgspec.json.encode(response)).digest())}"'


def weak_tag(body: bytes, link: str) -> str:
    """The opaque part of a weak `ETag` of the response with this body and this `Link`.

    A list's `syncToken` is of the moment at which it is read. Responses that differ in the moment
    alone mean the same: from an earlier one, a client gets the same changes. One of other runners,
    or of long ago, may be good no longer.
    """
    before, token, rest = body.rpartition(_SYNC_TOKEN)
    after = rest[:LENGTH_OF_VALIDITY] + rest.partition(b'"')[2] if token else rest
    digest = hashlib.sha256(before)
    digest.update(after)
    digest.update(link.encode())
    return _told(digest.digest())


def _told(digest: bytes) -> str:
    """As much of it as tells responses apart: 12 characters."""
    return base64.urlsafe_b64encode(digest[:9]).decode()


def precondition(
    *, if_match: EntityTagSet | None = None, if_none_match: EntityTagSet | None = None
) -> Precondition | None:
    """What the headers of a request demand before anything is done; None if nothing."""
    if if_match is None and if_none_match is None:
        return None

    def holds(revision: str) -> bool:
        if if_match is not None and not if_match.have_revision(revision):
            return False
        return if_none_match is None or not if_none_match.have_revision(revision)

    return holds

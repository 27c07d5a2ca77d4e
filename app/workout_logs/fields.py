"""The kinds of values that only a workout log has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import fields

from app.service import units
from app.service.external_links import MAX_LINK_LENGTH, WHITE_SPACE, ExternalLinks
from app.web.fields import Clock, JSONSchema


class Duration(Clock):
    """`H:MM:SS`, `MM:SS` or `M:SS` in, `H:MM:SS` out; more than 0, less than 100 hours."""

    default_error_messages = {
        "format": "A duration as H:MM:SS or M:SS, more than 0 and less than 100 hours."
    }
    parse = staticmethod(units.parse_duration)
    write = staticmethod(units.format_duration)

    def json_schema(self) -> JSONSchema:
        return {"maxLength": 8, "pattern": f"^(|{units.DURATION_PATTERN[1:-1]})$"}


class Pace(Clock):
    """`M:SS` per km; more than 0."""

    default_error_messages = {"format": "A pace per km as M:SS, more than 0."}
    parse = staticmethod(units.parse_pace)
    write = staticmethod(units.format_pace)

    def json_schema(self) -> JSONSchema:
        return {"maxLength": 6, "pattern": f"^(|{units.PACE_PATTERN[1:-1]})$"}


class ExternalLink(fields.String):
    """An https URL on a host that the schema's `links` allow; the empty text is None."""

    default_error_messages = {
        "link": "An https URL of at most {longest} characters, without user or port, on one of: "
        "{hosts}."
    }

    @property
    def links(self) -> ExternalLinks:
        links: ExternalLinks = self.root.links  # type: ignore[union-attr]  # our schemas have it
        return links

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> Any:
        text = super()._deserialize(value, attr, data, **kwargs).strip(WHITE_SPACE)
        link = self.links.read(text)
        if text and link is None:
            hosts = ", ".join(self.links.hosts)
            raise self.make_error("link", longest=MAX_LINK_LENGTH, hosts=hosts)
        return link

    def json_schema(self) -> JSONSchema:
        return {"maxLength": MAX_LINK_LENGTH, "pattern": self.links.pattern}

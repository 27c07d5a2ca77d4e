"""The kinds of values that several resources share: what each accepts and how it is written.

Each field raises coded messages (`app.web.problems.Coded`, attached by `BaseSchema`): the keys of
`default_error_messages` are the codes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Protocol, runtime_checkable

from marshmallow import Schema, fields

from app.service import cursor, documents
from app.service.texts import normalised
from app.web import conditions

_key = re.compile(r"[!-~]{1,255}")
_quoted = re.compile(r'"((?:[^"\\]|\\["\\])*)"')

# Patterns are published, so they keep to what ECMA 262 (flags u and v), RE2, PCRE and Python have
# in common: no look-around, `\x00` rather than `\u0000`, `\-` for a dash in a class.
TEXT_PATTERN = r"^[^\x00]*$"
"""Free text: JSON with NUL in it is refused."""

VISIBLE_TEXT_PATTERN = r"^[^\x00]*[^\x00-\x20\x7f-\xa0][^\x00]*$"
"""Free text of which something is left when it is trimmed, as far as ASCII and Latin 1 go."""

JSONSchema = dict[str, Any]


@runtime_checkable
class SaysItsSchema(Protocol):
    """A field that says what it accepts and writes, as JSON Schema keywords."""

    def json_schema(self) -> JSONSchema:
        """The keywords; the field's metadata may narrow them."""
        ...


class Text(fields.String):
    """Free text of at most `longest` characters, normalised by `app.service.texts`."""

    default_error_messages = {"too_long": "At most {longest} characters.", "empty": "Empty."}

    def __init__(self, longest: int, *, multiline: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.longest = longest
        self.multiline = multiline

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> Any:
        raw: str = super()._deserialize(value, attr, data, **kwargs)
        text = normalised(raw, multiline=self.multiline)
        if text is None and not self.allow_none:
            raise self.make_error("empty")
        if text is not None and len(text) > self.longest:
            raise self.make_error("too_long", longest=self.longest)
        return text

    def json_schema(self) -> JSONSchema:
        pattern = TEXT_PATTERN if self.allow_none else VISIBLE_TEXT_PATTERN
        return {"maxLength": self.longest, "pattern": pattern}


class Number(fields.Field[float]):
    """A JSON number from `least` to `most`; `above` excludes its bound instead of `least`."""

    default_error_messages = {
        "invalid": "Not a number.",
        "too_small": "Too small: {range}.",
        "too_large": "Too large: {range}.",
    }

    def __init__(
        self, *, most: float, least: float | None = None, above: float | None = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.least, self.above, self.most = least, above, most

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.make_error("invalid")
        bounds = f"above {self.above}" if self.least is None else f"at least {self.least}"
        bounds += f", at most {self.most}"
        if (self.least is not None and value < self.least) or (
            self.above is not None and value <= self.above
        ):
            raise self.make_error("too_small", range=bounds)
        if value > self.most:
            raise self.make_error("too_large", range=bounds)
        return documents.javascript_number(value)

    def json_schema(self) -> JSONSchema:
        lower = {"minimum": self.least} if self.above is None else {"exclusiveMinimum": self.above}
        return {"type": "number", "format": "double", **lower, "maximum": self.most}


class Clock(fields.String):
    """A time as a clock shows it, in the one form in which it is stored; the empty text is None."""

    parse: Callable[[str], int]
    write: Callable[[int], str]

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> Any:
        text = super()._deserialize(value, attr, data, **kwargs)
        if not text:
            return None
        try:
            return type(self).write(type(self).parse(text))
        except ValueError:
            raise self.make_error("format") from None


class Flag(fields.Boolean):
    """`true` or `false`; no number and no text stands for them."""

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> bool:
        if not isinstance(value, bool):
            raise self.make_error("invalid", input=value)
        return value


class DocumentId(fields.String):
    """The id of a published Sanity document."""

    default_error_messages = {"format": "Not a document id."}

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> Any:
        text = super()._deserialize(value, attr, data, **kwargs)
        if not documents.is_published_id(text):
            raise self.make_error("format")
        return text

    def json_schema(self) -> JSONSchema:
        return {"maxLength": 128, "pattern": documents.ID_PATTERN}


class Cursor(fields.String):
    """The `nextCursor` of a page, as the position that `decode` finds in it."""

    default_error_messages = {"format": "Not a cursor that this API gave out."}

    def __init__(self, decode: Callable[[str], object] = cursor.decode) -> None:
        super().__init__(
            attribute="after", metadata={"description": "The `nextCursor` of the page before."}
        )
        self._decode = decode

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> Any:
        text = super()._deserialize(value, attr, data, **kwargs)
        try:
            return self._decode(text)
        except ValueError:
            raise self.make_error("format") from None

    def json_schema(self) -> JSONSchema:
        return {"maxLength": cursor.MAX_CURSOR_LENGTH, "pattern": cursor.PATTERN}


class QueryInteger(fields.Integer):
    """Digits in a query string; nothing else that Python would take for an integer."""

    def _validated(self, value: Any) -> Any:
        if not (isinstance(value, str) and re.fullmatch(r"[0-9]{1,9}", value)):
            raise self.make_error("invalid")
        return super()._validated(value)

    def json_schema(self) -> JSONSchema:
        return {"format": "int32"}


class QueryFlag(fields.Boolean):
    """`true` or `false` in a query string."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(truthy={"true"}, falsy={"false"}, **kwargs)


class QueryDate(fields.Date):
    """`YYYY-MM-DD` in a query string, as text: the form in which dates are stored and compared."""

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> Any:
        if not (isinstance(value, str) and re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value)):
            raise self.make_error("invalid", obj_type="date", input=value)
        super()._deserialize(value, attr, data, **kwargs)
        return value

    def json_schema(self) -> JSONSchema:
        return {"maxLength": 10}


class EntityTags(fields.String):
    """The value of `If-Match` or `If-None-Match`."""

    default_error_messages = {"format": "At most {longest} visible ASCII characters and spaces."}

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> Any:
        text = super()._deserialize(value, attr, data, **kwargs)
        if not re.fullmatch(rf"[ -~]{{0,{conditions.MAX_LENGTH}}}", text):
            raise self.make_error("format", longest=conditions.MAX_LENGTH)
        return conditions.EntityTagSet.parse(text)

    def json_schema(self) -> JSONSchema:
        return {"maxLength": conditions.MAX_LENGTH, "pattern": "^[ -~]*$"}


class IdempotencyKey(fields.String):
    """The value of `Idempotency-Key`: text, or the same in double quotes as in the IETF's draft."""

    default_error_messages = {"format": "From 1 to 255 visible ASCII characters."}

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> Any:
        text = super()._deserialize(value, attr, data, **kwargs)
        quoted = _quoted.fullmatch(text)
        key = re.sub(r"\\(.)", r"\1", quoted[1]) if quoted else text
        if not _key.fullmatch(text) or not key:
            raise self.make_error("format")
        return key

    def json_schema(self) -> JSONSchema:
        return {"maxLength": 255, "pattern": "^[!-~]{1,255}$"}


class Ignored(fields.Raw):
    """What a client may send back as it was read: accepted, whatever it is, and not used."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(allow_none=True, **kwargs)

    def json_schema(self) -> JSONSchema:
        return {"description": "Read-only: accepted as it was read, and ignored."}


class OneOf(fields.Field[Any]):
    """An object on the way out, a `component` of the document; its `member` tells which schema."""

    def __init__(
        self, component: str, description: str, member: str, schemas: Mapping[str, type[Schema]]
    ) -> None:
        super().__init__()
        self.component = component
        self.description = description
        self.member = member
        self.schemas = schemas


def path_parameter(name: str, field: SaysItsSchema, description: str) -> dict[str, Any]:
    """A parameter of a path, as a route declares it for the OpenAPI document."""
    schema = {"type": "string", **field.json_schema()}
    return {"name": name, "in": "path", "description": description, "schema": schema}

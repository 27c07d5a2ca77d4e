"""Fast dumps: marshmallow declares, a function made once from the declaration writes.

marshmallow's own `dump` asks every field of every object the same questions again. The function is
one dict display, `{"id": obj.id, …}`, and writes what `Schema.dump` writes, which a test holds it
to for any log.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import marshmallow as ma
from marshmallow import fields

from app.web.fields import Clock, Written

Write = Callable[[Any], Any]

_AS_IT_IS = {
    kind._serialize for kind in (fields.Field, fields.String, fields.Integer, fields.Enum, Written)
}
"""Ways of writing that leave what our models hold as it is in JSON: a StrEnum is a text."""


def compile_dump(schema: ma.Schema) -> Write:
    """`schema.dump` of one object, or of one dict, that has a value for every field."""
    of_object, of_dict = _display(schema, "obj.{}"), _display(schema, "obj[{!r}]")
    return lambda obj: of_dict(obj) if isinstance(obj, dict) else of_object(obj)


def _display(schema: ma.Schema, access: str) -> Write:
    writes: dict[str, Write] = {}
    members = []
    for name, field in schema.dump_fields.items():
        value = access.format(name)
        write = _write(field)
        if write is not None:
            writes[f"write_{name}"] = write
            value = f"None if {value} is None else write_{name}({value})"
        members.append(f"{field.data_key!r}: {value}")
    source = f"lambda obj: {{{', '.join(members)}}}"
    dump: Write = eval(source, writes)  # noqa: S307 - made of the names of our own fields only
    return dump


def _write(field: fields.Field[Any]) -> Write | None:
    """How a field writes a value other than None; None when it leaves it as it is."""
    if type(field)._serialize in _AS_IT_IS:
        return None
    if isinstance(field, fields.Nested):
        return compile_dump(field.schema)
    if isinstance(field, fields.List) and _write(field.inner) is None:
        return None
    if isinstance(field, Clock):
        return type(field).write
    return lambda value: field._serialize(value, field.name, None)

"""Lists as CSV (RFC 4180), for clients that prefer `text/csv` to JSON.

The columns are the members of a schema, in its order; a nested member's name follows a dot, the
items of a list are joined. A cell that a spreadsheet would take for a formula gets an apostrophe.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

import marshmallow as ma
import msgspec
from flask import Response, request
from marshmallow import fields
from werkzeug.datastructures import MIMEAccept
from werkzeug.http import parse_accept_header

MAX_ROWS = 10_000
"""Rows of a page, and its default."""

CONTENT_TYPE = "text/csv; charset=utf-8"

MAX_CACHED_LENGTH = 256
"""Characters of an `Accept` of which is remembered what it prefers."""

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_formula = re.compile(r"[\t\r\n]|\s*[=+\-@＝＋－＠]")
"""The beginning of what some spreadsheet takes for a formula: white space before it does not count,
and full-width signs are as good as others (https://owasp.org/www-community/attacks/CSV_Injection).
"""

_number = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")


def is_preferred() -> bool:
    """Whether the current request would rather have CSV than JSON (RFC 9110, 12.5.1).

    Where it accepts neither, it gets JSON, as every request did before there was CSV.
    """
    accepted = request.headers.get("Accept")
    if accepted is None:
        return False
    decide = prefers_csv if len(accepted) <= MAX_CACHED_LENGTH else prefers_csv.__wrapped__
    return decide(accepted)


@lru_cache(maxsize=256)
def prefers_csv(accepted: str) -> bool:
    """The same for the header `Accept`; parameters of `text/csv` make no difference."""
    ranges = [
        (name.partition(";")[0].strip().lower(), quality)
        for name, quality in parse_accept_header(accepted, MIMEAccept)
    ]

    def quality_of(*names: str) -> float:
        """That of the most specific range; the names come in this order."""
        for name in names:
            found = [quality for each, quality in ranges if each == name]
            if found:
                return max(found)
        return 0

    json = quality_of("application/json", "application/*", "*/*")
    table = quality_of("text/csv", "text/*", "*/*")
    if table == json > 0:
        names = {name for name, _ in ranges}
        return "text/csv" in names and "application/json" not in names
    return table > json


class Table:
    """The CSV of rows that are objects of a schema; `name` is the file's, without its ending."""

    def __init__(self, schema: ma.Schema, name: str) -> None:
        self.name = name
        self._paths = [*_paths(schema)]
        self.columns = [".".join(path) for path in self._paths]

    def response(self, rows: Iterable[Any], *, byte_order_mark: bool = False) -> Response:
        """The rows, structs or mappings of the schema's members, under a header line."""
        response = Response(self.write(rows, byte_order_mark=byte_order_mark))
        response.content_type = CONTENT_TYPE
        response.headers["Content-Disposition"] = f'attachment; filename="{self.name}.csv"'
        return response

    def write(self, rows: Iterable[Any], *, byte_order_mark: bool = False) -> bytes:
        """The file: UTF-8, lines that end with CR LF, empty for null."""
        text = io.StringIO(newline="")
        writer = csv.writer(text, lineterminator="\r\n")
        writer.writerow(self.columns)
        writer.writerows(self._cells(msgspec.to_builtins(row)) for row in rows)
        content = text.getvalue().encode()
        return _BYTE_ORDER_MARK + content if byte_order_mark else content

    def _cells(self, row: Mapping[str, Any]) -> Iterator[str]:
        for path in self._paths:
            value: Any = row
            for name in path:
                value = None if value is None else value[name]
            yield _cell(value)


def _paths(schema: ma.Schema) -> Iterator[Sequence[str]]:
    """The names that lead to each member that is no object."""
    for field in schema.fields.values():
        name = str(field.data_key)
        if isinstance(field, fields.Nested):
            yield from ((name, *path) for path in _paths(field.schema))
        else:
            yield (name,)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        value = "; ".join(value)
    if not isinstance(value, str):
        return str(value)
    if _formula.match(value) and not _number.fullmatch(value):
        return f"'{value}"
    return value

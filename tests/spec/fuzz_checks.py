"""What Schemathesis checks beyond its own checks."""

from __future__ import annotations

import schemathesis

BEYOND_SCHEMAS = {
    "empty",  # a text of Unicode spaces
    "format",  # a cursor that was not given out, the id of a draft
    "idempotency-key-reused",
    "immutable",
    "not-allowed-when-undone",
    "not-found",
    "required-when-completed",
}
"""Rules that no schema can say."""

BEYOND_THE_SCHEMA_OF_BATCHES = {"required", "unknown-field"}
"""Which members an item has follows from its `op`: said in words, since a schema that says it makes
unions in generated clients."""


@schemathesis.hook
def filter_body(context, body) -> bool:
    """`""` is null for an enum, too; a schema that says it makes unions in generated clients."""
    return "" not in _feelings(body)


def _feelings(body):
    if isinstance(body, dict):
        yield body.get("feeling")
        items = body.get("items")
        for item in items if isinstance(items, list) else ():
            yield from _feelings(item.get("log") if isinstance(item, dict) else None)


@schemathesis.check
def what_fits_its_schema_is_refused_by_other_rules_only(ctx, response, case) -> None:
    if case.meta is None or not case.meta.generation.mode.is_positive:
        return
    if response.status_code == 422:
        codes = {error["code"] for error in response.json()["errors"]}
        beyond = set(BEYOND_SCHEMAS)
        if case.operation.path == "/api/workout-log-batches":
            beyond |= BEYOND_THE_SCHEMA_OF_BATCHES
        assert codes <= beyond, f"refused by {codes - beyond}"

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


@schemathesis.check
def what_fits_its_schema_is_refused_by_other_rules_only(ctx, response, case) -> None:
    if case.meta is None or not case.meta.generation.mode.is_positive:
        return
    if response.status_code == 422:
        codes = {error["code"] for error in response.json()["errors"]}
        assert codes <= BEYOND_SCHEMAS, f"refused by {codes - BEYOND_SCHEMAS}"

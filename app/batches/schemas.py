"""The shapes of a batch: its items as they are sent, and what became of each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import marshmallow as ma
from marshmallow import fields, validate

from app.service.batches import Batch, Item
from app.service.errors import InvalidLog
from app.service.external_links import ExternalLinks
from app.web.base_schema import BaseSchema, ResponsePart, ResponseSchema
from app.web.conditions import MAX_LENGTH
from app.web.fields import TEXT_PATTERN, DocumentId, Flag, JSONSchema
from app.web.problems import Coded, violations_of
from app.workout_logs.parameters import ChangeHeaders
from app.workout_logs.schemas import WorkoutLog, WorkoutLogCreate, WorkoutLogUpdate

MAX_ITEMS = 100
MAX_ID_LENGTH = 1024
"""Characters of an item's `id`: what is no id is no log (404), as in an address."""


class BatchLog(WorkoutLogUpdate):
    """What is sent of a log: to create it, what `createWorkoutLog` takes; to update it, what
    `patchWorkoutLog` takes.
    """

    session_id = DocumentId(
        allow_none=True,
        metadata={
            "description": "The training session that a new log is about; unchanged, if sent with "
            "an update."
        },
    )
    runner_id = DocumentId(
        allow_none=True,
        metadata={
            "description": "The runner of a new log, by default the caller; for admins only. "
            "Unchanged, if sent with an update."
        },
    )


class _WithLinks(fields.Nested):
    """A schema that takes the links of the one it stands in."""

    @property
    def schema(self) -> ma.Schema:
        schema: ma.Schema | None = self._schema
        if schema is None:
            kind: Any = self.nested
            root = cast("_OfLinks", self.root)
            schema = self._schema = kind(root.links)
        return schema


class _LogOfItem(_WithLinks):
    """A log as it was sent: each item is judged by itself, so a broken log breaks no batch."""

    def deserialize(self, value: Any, *_: Any, **__: Any) -> Any:
        return value


class _OfLinks(BaseSchema):
    """`links` says which external links are allowed."""

    def __init__(self, links: ExternalLinks, **kwargs: Any) -> None:
        self.links = links
        super().__init__(**kwargs)


class BatchItem(_OfLinks):
    """A create, an update or a delete.

    A create has `op` and `log`, an update `op`, `id`, `log` and perhaps `ifMatch`, a delete `op`,
    `id` and perhaps `ifMatch`.
    """

    op = fields.String(
        required=True,
        validate=validate.OneOf(
            ["create", "update", "delete"],
            error=Coded("not-a-choice", "Must be one of: {choices}."),
        ),
        metadata={"description": "What is to be done."},
    )
    id = fields.String(
        validate=validate.Length(
            max=MAX_ID_LENGTH, error=Coded("too-long", "At most {max} characters.")
        ),
        metadata={
            "description": "The `id` of the log to update or delete.",
            "pattern": TEXT_PATTERN,
        },
    )
    log = _LogOfItem(BatchLog)
    if_match = fields.String(
        validate=validate.Length(
            max=MAX_LENGTH, error=Coded("too-long", "At most {max} characters.")
        ),
        metadata={
            "description": "What `If-Match` says for a single request, with its quotes: an `ETag`, "
            "or the quoted `revision`, that the log must still have. Otherwise the item gets 412.",
            "pattern": TEXT_PATTERN,
        },
    )

    @ma.validates_schema(skip_on_field_errors=True)
    def _fits_its_op(self, data: dict[str, Any], **_: Any) -> None:
        required, optional = _MEMBERS[data["op"]]
        messages: dict[str, Any] = {}
        for attribute, field in self.fields.items():
            name = str(field.data_key)
            if attribute in required and attribute not in data:
                messages[name] = [_MISSING]
            elif attribute in data and attribute not in ("op", *required, *optional):
                messages[name] = [self.error_messages["unknown"]]
        if messages:
            raise ma.ValidationError(messages)


_MISSING = Coded("required", "Missing data for required field.")
_MEMBERS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "create": (("log",), ()),
    "update": (("id", "log"), ("if_match",)),
    "delete": (("id",), ("if_match",)),
}
"""What an item of each kind must have, and may have."""


class WorkoutLogBatch(_OfLinks):
    """Up to 100 creates, updates and deletes."""

    def __init__(self, links: ExternalLinks, **kwargs: Any) -> None:
        super().__init__(links, **kwargs)
        self._create, self._update = WorkoutLogCreate(links), WorkoutLogUpdate(links)
        self._headers = ChangeHeaders()

    items = fields.List(
        _WithLinks(BatchItem),
        required=True,
        validate=validate.Length(
            1, MAX_ITEMS, error=Coded("out-of-range", "From {min} to {max} items.")
        ),
        metadata={"description": "What is to be done.", "minItems": 1, "maxItems": MAX_ITEMS},
    )
    atomic = Flag(
        metadata={
            "description": "Whether nothing is changed when an item fails.",
            "default": False,
        },
    )
    dry_run = Flag(
        metadata={
            "description": "Whether nothing is changed at all: the results have the statuses and "
            "problems that the same batch would have now.",
            "default": False,
        },
    )

    @ma.post_load
    def _batch(self, data: dict[str, Any], **_: Any) -> Batch:
        items = [self._item(each) for each in data.pop("items")]
        return Batch(items, **data)

    def _item(self, sent: Mapping[str, Any]) -> Item:
        messages: dict[str, Any] = {}
        log, precondition = {}, None
        try:
            if sent["op"] == "create":
                log = self._create.load(sent["log"])
            elif sent["op"] == "update":
                log = self._update.load(sent["log"])
        except ma.ValidationError as error:
            messages["json"] = error.messages
        if "if_match" in sent:
            try:
                precondition = self._headers.load({"If-Match": sent["if_match"].strip(" \t")})
            except ma.ValidationError as error:
                messages["headers"] = error.messages
        return Item(
            op=sent["op"],
            log_id=sent.get("id", ""),
            sent=log,
            if_match=sent.get("if_match"),
            precondition=precondition,
            refused=InvalidLog(violations_of(messages)) if messages else None,
        )


class _ProblemOfItem(fields.Raw):
    def json_schema(self) -> JSONSchema:
        return {"$ref": "#/components/schemas/Problem"}


class BatchResult(ResponsePart):
    """What became of an item: the status of the single request, and its log or its problem."""

    status = fields.Integer(
        required=True,
        validate=validate.Range(200, 599),
        metadata={"description": "The HTTP status of the single request.", "format": "int32"},
    )
    log = fields.Nested(
        WorkoutLog,
        metadata={
            "description": "The log as it is now; missing after a delete, in a dry run, and after "
            "an update with a token that may not read it (204)."
        },
    )
    problem = _ProblemOfItem(
        metadata={"description": "Why it was not done, as the single request would tell it."}
    )


class BatchResults(ResponsePart):
    """What became of the items, in their order."""

    results = fields.List(
        fields.Nested(BatchResult),
        required=True,
        metadata={"description": "One for each item.", "minItems": 1, "maxItems": MAX_ITEMS},
    )
    dry_run = fields.Boolean(
        required=True, metadata={"description": "Whether it was a dry run: nothing was changed."}
    )


class WorkoutLogBatchResponse(ResponseSchema):
    """What became of a batch."""

    data = fields.Nested(BatchResults, required=True)

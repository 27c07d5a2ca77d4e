"""Whether the API can work on a Sanity dataset, in words for the operator."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

from app.service.stores.sanity import queries
from app.service.stores.sanity.client import ContentLake
from app.service.stores.sanity.errors import (
    AccessRefused,
    ContentLakeError,
    NotExecuted,
    OutcomeUnknown,
    UnknownRefusal,
)


class Unusable(Exception):
    """The API cannot work on the dataset; the message says why, and what to do."""


def check(lake: ContentLake, anonymous: ContentLake) -> Iterator[str]:
    """What there is to know, a line at a time. `anonymous` is the same dataset without a token.

    Changes nothing. Raises Unusable.
    """
    try:
        counts = lake.query(queries.COUNTS, {}, dict, tag="check")
        old = counts.pop("old")
        for type_, count in counts.items():
            yield f"{count:>8} {type_}"
        yield "The token may read."
        _try_to_write(lake)
        yield "The token may write."
    except ContentLakeError as error:
        raise Unusable(f"{_advice(error)} ({type(error).__name__}: {error})") from error
    if not counts["user"]:
        yield "There is no user, so nobody can be let in: is this the right dataset?"
    if old:
        yield f"{old} logs hold no references, but plain strings or nothing; they are read as well."
    yield from _privacy(anonymous)


def _try_to_write(lake: ContentLake) -> None:
    """All that the API does, as a dry run."""
    transaction_id = uuid.uuid4().hex
    id_ = f"workoutLog.check-{transaction_id}"
    lake.mutate(
        [
            {"create": {"_id": id_, "_type": "workoutLog"}},
            {"patch": {"id": id_, "set": {"status": "undone"}}},
            {"delete": {"id": id_}},
        ],
        transaction_id,
        lake.deadline(),
        tag="check",
        dry_run=True,
    )


def _privacy(anonymous: ContentLake) -> Iterator[str]:
    try:
        seen = anonymous.query(queries.COUNTS, {}, dict, tag="check")
    except AccessRefused:
        seen = {}
    except ContentLakeError as error:
        yield f"Whether the dataset is private could not be found out ({error})."
        return
    readable = [f"{seen[type_]} {type_}" for type_ in ("user", "workoutLog") if seen.get(type_)]
    if readable:
        yield (
            f"The dataset is public: anybody can read {' and '.join(readable)} documents without a "
            "token. Make it private (`sanity dataset visibility set`)."
        )
    else:
        yield "Nobody can read people or logs without a token."


def _advice(error: ContentLakeError) -> str:
    match error:
        case AccessRefused():
            return (
                "Sanity refuses the token or one of its rights. SANITY_API_TOKEN must be a token "
                "of this project with the Editor role, or one that may read, create and update."
            )
        case UnknownRefusal():
            return (
                "Sanity does not know what is asked for: "
                "are SANITY_PROJECT_ID, SANITY_DATASET and SANITY_API_VERSION right?"
            )
        case NotExecuted() | OutcomeUnknown():
            return (
                "Sanity does not answer as it should. Are SANITY_PROJECT_ID and SANITY_API_URL "
                "right, and can this machine reach them?"
            )
    return "Sanity refuses what the API asks of it"

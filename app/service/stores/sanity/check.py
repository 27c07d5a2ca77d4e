"""Whether the API can work on a Sanity dataset, in words for the operator."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

from app.service.documents import deletion_id_of, deletion_of
from app.service.stores.sanity import queries
from app.service.stores.sanity.client import ContentLake
from app.service.stores.sanity.errors import (
    AccessRefused,
    ContentLakeError,
    NotExecuted,
    OutcomeUnknown,
    QuotaExceeded,
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
        for type_, count in counts.items():
            yield f"{count:>8} {type_}"
        yield "The token may read."
        lake.documents(["workoutLog.check"], tag="check")
        yield "The token may read single documents (/data/doc)."
        _try_to_write(lake)
        yield "The token may write."
    except ContentLakeError as error:
        raise Unusable(f"{_advice(error)} ({type(error).__name__}: {error})") from error
    if not any(counts.values()):
        yield (
            "The dataset is empty for this API: it holds no document of these types, or the token "
            "may not read them. Is SANITY_DATASET right?"
        )
    elif not counts["user"]:
        yield "There is no user, so nobody can be let in: is this the right dataset?"
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
            {"createOrReplace": deletion_of(id_, None)},
            {"delete": {"id": deletion_id_of(id_)}},
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


_TOKENS = {
    "SIO-401-ANF": (
        "Sanity does not know the token: it was deleted, or SANITY_API_TOKEN holds only a part of "
        "it. A token that has just been made can take a minute to work."
    ),
    "SIO-401-AEX": "The token has expired: make a new one, and set SANITY_API_TOKEN.",
    "SIO-401-AWH": (
        "The token belongs to another project: SANITY_API_TOKEN must be one of the project that "
        "SANITY_PROJECT_ID names."
    ),
}
"""What the codes of a 401 mean."""


def _advice(error: ContentLakeError) -> str:
    known = [_TOKENS[each] for each in error.types if each in _TOKENS]
    match error:
        case AccessRefused() if known:
            return known[0]
        case QuotaExceeded():
            return (
                "The project has used up its quota, so Sanity serves nobody: "
                "see sanity.io/manage, Usage."
            )
        case AccessRefused():
            rights = [each for each in error.types if each in ("read", "create", "update")]
            return (
                f"The token lacks the right to {rights[0] if rights else 'do this'}: it needs the "
                "Editor role, or a role that may read, create and update."
            )
        case UnknownRefusal():
            return (
                "Sanity does not know what is asked for: "
                "are SANITY_PROJECT_ID, SANITY_DATASET and SANITY_API_VERSION right?"
            )
        case NotExecuted() | OutcomeUnknown():
            return (
                "Sanity does not respond as it should. Are SANITY_PROJECT_ID and SANITY_API_URL "
                "right, and can this machine reach them?"
            )
    return "Sanity refuses what the API asks of it"

"""What the Content Lake's error bodies are to us: by type, and never more than type and trace."""

from __future__ import annotations

import json
from typing import Any

import pytest

from app.service.stores.sanity import errors

# Every error type that Sanity documents, names in its packages, or has been seen to send.
KNOWN_ITEM_TYPES = {
    "documentAlreadyExistsError": 409,
    "documentNotFoundError": 409,
    "documentRevisionIDDoesNotMatchError": 409,
    "documentHasExistingReferencesError": 409,
    "documentReferenceDoesNotExistError": 409,
    "insufficientPermissionsError": 403,
    "validationError": 400,
}
TRACE = {"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}


def error_of(status: int, content: Any, **headers: str) -> errors.ContentLakeError:
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    return errors.error_of(status, headers, body)


def items(*types: str) -> Any:
    entries = [{"index": 0, "error": {"type": each, "description": "text"}} for each in types]
    return {"error": {"type": "mutationError", "description": "text", "items": entries}}


@pytest.mark.parametrize(("kind", "status"), KNOWN_ITEM_TYPES.items())
def test_every_known_type_is_a_refusal_of_its_own(kind: str, status: int) -> None:
    error = error_of(status, items(kind))
    assert type(error) is errors.REFUSALS[kind]
    assert type(error) is not errors.UnknownRefusal
    assert type(error_of(418, items(kind))) is errors.REFUSALS[kind], "whatever the status"
    assert kind in str(error)


def test_every_refusal_of_the_tree_can_happen() -> None:
    leaves = {*errors.REFUSALS.values(), errors.QuotaExceeded, errors.UnknownRefusal}
    assert set(errors.Refused.__subclasses__()) == leaves
    for each in errors.ContentLakeError.__subclasses__():
        assert f"── {each.__name__} " in (errors.__doc__ or "")


def test_query_errors_carry_their_type_outside_of_items() -> None:
    parse = {"error": {"type": "queryParseError", "description": "text", "query": "*["}}
    assert type(error_of(400, parse)) is errors.Malformed


@pytest.mark.parametrize("status", [401, 403])
def test_the_front_door_refuses_without_a_type(status: int) -> None:
    body = {"statusCode": status, "error": "x", "message": "text", "errorCode": "SIO-401-ANF"}
    error = error_of(status, body)
    assert type(error) is errors.AccessRefused
    assert str(error) == f"{status} SIO-401-ANF"


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (302, errors.Unreadable),
        (400, errors.UnknownRefusal),
        (402, errors.QuotaExceeded),
        (404, errors.UnknownRefusal),
        (408, errors.TransientError),
        (409, errors.UnknownConflict),
        (413, errors.UnknownRefusal),
        (429, errors.RateLimited),
        (500, errors.ServerFault),
        (502, errors.TransientError),
        (503, errors.TransientError),
        (504, errors.TransientError),
        (599, errors.ServerFault),
    ],
)
@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<html>",
        b"\xff",
        [],
        None,
        7,
        {},
        {"error": None},
        {"error": []},
        {"error": "text"},
        {"error": {"type": 5, "items": 5}},
        {"error": {"items": [None, {}, {"error": None}, {"error": {"type": ["x"]}}]}},
        {"message": "text", "errorCode": "a b\nc"},
        {"error": {"type": "text with spaces\nand a forged line"}},
        {"error": {"type": "x" * 101}},
    ],
    ids=repr,
)
def test_any_other_body_is_told_by_its_status(status: int, kind: type, content: Any) -> None:
    error = error_of(status, content)
    assert type(error) is kind
    assert str(error) == str(status)


def test_the_trace_is_kept_for_sanitys_support() -> None:
    assert str(error_of(500, b"", **TRACE)) == "500 (trace 0af7651916cd43dd8448eb211c80319c)"
    assert str(error_of(500, b"", traceparent="00-a b\n-01")) == "500"
    assert str(error_of(500, b"", traceparent="x")) == "500"


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0", 0.0),
        ("7", 7.0),
        ("soon", None),
        ("-1", None),
        ("", None),
        ("²", None),
        ("1764100000", None),
    ],
)
def test_retry_after_is_in_seconds(value: str, seconds: float | None) -> None:
    assert error_of(429, b"", **{"retry-after": value}).retry_after == seconds
    assert error_of(429, b"", **{"ratelimit-reset": value}).retry_after == seconds


def test_retry_after_counts_more_than_the_reset_of_the_rate_limit() -> None:
    headers = {"retry-after": "3", "ratelimit-reset": "60", "ratelimit-remaining": "0"}
    assert error_of(429, b"", **headers).retry_after == 3
    assert error_of(503, b"", **{"ratelimit-reset": "60"}).retry_after is None

"""Every response names its request, and problems name it in their body, too."""

from __future__ import annotations

import math
import re

import pytest
from flask import Flask

from app.service.stores import timing
from tests.conftest import Client

PATHS = ["/api/workout-logs", "/healthz", "/readyz", "/docs", "/openapi.json", "/nothing"]


@pytest.mark.parametrize("path", PATHS)
def test_every_response_has_a_new_one(app: Flask, path: str) -> None:
    client = app.test_client()
    ids = [client.get(path).headers["X-Request-Id"] for _ in range(2)]
    assert all(re.fullmatch(r"[0-9a-f]{32}", each) for each in ids)
    assert ids[0] != ids[1]


@pytest.mark.parametrize("sent", ["a-client.s_ID", "12345678", "x" * 128])
def test_that_of_the_client_is_taken_over(app: Flask, sent: str) -> None:
    response = app.test_client().get("/api/workout-logs", headers={"X-Request-Id": sent})
    assert response.headers.getlist("X-Request-Id") == [sent]
    assert response.json["requestId"] == sent


@pytest.mark.parametrize(
    "sent", ["", "1234567", "x" * 129, "a b c d e f", "12345678,87654321", "ไทยไทยไทย"]
)
def test_anything_else_is_replaced(app: Flask, sent: str) -> None:
    headers = {"X-Request-Id": sent.encode().decode("latin-1")}
    response = app.test_client().get("/api/workout-logs", headers=headers)
    made = response.headers["X-Request-Id"]
    assert re.fullmatch(r"[0-9a-f]{32}", made)
    assert response.json["requestId"] == made


def test_the_time_of_a_request_ends_with_it(runner: Client) -> None:
    runner.list()
    assert timing.left() == math.inf

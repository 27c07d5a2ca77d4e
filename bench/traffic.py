"""The raw requests that the driver sends."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from bench.documents import FOUR_WEEKS, TODAY, TWELVE_WEEKS

PATH = "/api/workout-logs"
CHANGES_PATH = "/api/workout-log-changes"
BATCH_PATH = "/api/workout-log-batches"

_AS_OF = f"asOf={TODAY}"
_BY_DAY = "dateFrom={}&dateTo={}&" + _AS_OF
SESSIONS_PATH = f"/api/training-sessions?{_BY_DAY.format(*TWELVE_WEEKS)}"
TWELVE_WEEKS_PATH = f"/api/progress?{_BY_DAY.format(*TWELVE_WEEKS)}"
FOUR_WEEKS_PATH = f"/api/progress?{_BY_DAY.format(*FOUR_WEEKS)}"

NEW_LOG = {
    "status": "completed",
    "externalLink": "https://connect.garmin.com/modern/activity/17000000001",
    "actualDistance": 8.5,
    "actualDuration": "0:45:30",
    "notes": "Felt strong until kilometre eight, then the headwind took its share.",
    "feeling": "good",
    "injuries": ["left knee, slightly"],
    "weather": "humid, light wind",
    "temperature": 24.5,
}
CHANGES = {
    "actualDistance": 9.1,
    "notes": "Corrected with the watch's own figures.",
    "feeling": "okay",
}


def request(
    method: str, target: str, token: str, body: Any = None, media_type: str = "application/json"
) -> str:
    """One HTTP/1.1 request with a bearer token, a JSON body if there is one."""
    lines = [
        f"{method} {target} HTTP/1.1",
        "Host: 127.0.0.1",
        "Accept: application/json",
        f"Authorization: Bearer {token}",
    ]
    content = "" if body is None else json.dumps(body)
    if content:
        lines += [f"Content-Type: {media_type}", f"Content-Length: {len(content.encode())}"]
    return "\r\n".join(lines) + "\r\n\r\n" + content


def create(token: str, session_id: str) -> str:
    """A create of a log of the token's own user for the session."""
    return request("POST", PATH, token, {"sessionId": session_id, **NEW_LOG})


def patch(log_path: str, token: str) -> str:
    """An update as new clients send it."""
    return request("PATCH", log_path, token, CHANGES, "application/merge-patch+json")


def batch(token: str, session_ids: Sequence[str]) -> str:
    """A batch of creates, one for each session."""
    logs = [{"sessionId": each, **NEW_LOG} for each in session_ids]
    items = [{"op": "create", "log": each} for each in logs]
    return request("POST", BATCH_PATH, token, {"items": items})

"""The raw requests that the driver sends."""

from __future__ import annotations

import json
from typing import Any

PATH = "/api/workout-logs"
CHANGES_PATH = "/api/workout-log-changes"

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
    method: str, target: str, token: str, body: Any = None, headers: dict[str, str] | None = None
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
        lines += ["Content-Type: application/json", f"Content-Length: {len(content.encode())}"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    return "\r\n".join(lines) + "\r\n\r\n" + content


def create(token: str, session_id: str, runner_id: str | None = None) -> str:
    """A create of a log for the session; `runner_id` None is the token's own person."""
    body = {"sessionId": session_id, **NEW_LOG}
    return request(
        "POST", PATH, token, body if runner_id is None else body | {"runnerId": runner_id}
    )

"""The people, sessions and logs that the documentation's examples speak of.

The sample club of `make run` has them, so that what an example shows can be tried at once.
"""

from __future__ import annotations

from app.service.documents import log_id_of

RUNNER_ID = "user-somchai"

SESSION_ID = "session-somchai-w5-2"
"""A session of the runner without a log: where the examples create one."""

LOG_ID = log_id_of(RUNNER_ID, "session-somchai-w5-1")
"""A log of the runner that no feedback refers to: what the examples read, change and delete."""

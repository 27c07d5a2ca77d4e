"""The operation on `/api/workout-log-changes`."""

from __future__ import annotations

from typing import Any

from flask.views import MethodView

from app.auth.protector import protect
from app.changes.parameters import ChangesQuery
from app.changes.schemas import WorkoutLogChangeList
from app.service.changes import Changes
from app.service.model import Caller, ChangeList
from app.settings import READ_SCOPE
from app.web.parsing import Blueprint


def create_blueprint(service: Changes) -> Blueprint:
    """The blueprint over the service."""
    blp = Blueprint(
        "changes",
        __name__,
        url_prefix="/api/workout-log-changes",
        description="What changed, for clients that keep a copy.",
    )

    @blp.route("")
    class ChangeCollection(MethodView):
        init_every_request = False

        @protect(READ_SCOPE)
        @blp.arguments(ChangesQuery(), location="query")
        @blp.response(200, WorkoutLogChangeList, description="The changes.")
        @blp.doc(operationId="listWorkoutLogChanges", problems=["sync-token-expired"])
        def get(self, caller: Caller, query: dict[str, Any]) -> ChangeList:
            """List changes of workout logs"""
            return service.list(caller, **query)

    return blp

"""The operations on `/api/training-sessions`."""

from __future__ import annotations

from flask.views import MethodView

from app.auth.protector import protect
from app.service.model import Caller, TrainingSessionOn, TrainingSessionPage
from app.service.stores.port import SessionQuery
from app.service.training import TrainingSessions
from app.settings import READ_SCOPE
from app.training_sessions.parameters import SESSION_ID, ListQuery, ReadQuery
from app.training_sessions.schemas import (
    TrainingSession,
    TrainingSessionList,
    TrainingSessionResponse,
)
from app.web.paging import next_link
from app.web.parsing import Blueprint
from app.web.tables import Table


def create_blueprint(service: TrainingSessions) -> Blueprint:
    """The blueprint over the service."""
    blp = Blueprint(
        "training-sessions",
        __name__,
        url_prefix="/api/training-sessions",
        description="What is planned, and what became of it.",
    )

    @blp.route("")
    class TrainingSessionCollection(MethodView):
        init_every_request = False

        @protect(READ_SCOPE)
        @blp.revalidated
        @blp.arguments(ListQuery(), location="query")
        @blp.response(200, TrainingSessionList, description="A page.", headers=["Link"])
        @blp.doc(operationId="listTrainingSessions", problems=["forbidden"])
        @blp.table(Table(TrainingSession(), "training-sessions"))
        def get(
            self, caller: Caller, query: SessionQuery
        ) -> tuple[TrainingSessionPage, dict[str, str]]:
            """List training sessions"""
            page = service.list(caller, query)
            return page, next_link(page.pagination.next_cursor, asOf=page.as_of)

    @blp.route("/<document_id:session_id>", parameters=[SESSION_ID])
    class TrainingSessionResource(MethodView):
        init_every_request = False

        @protect(READ_SCOPE)
        @blp.revalidated
        @blp.arguments(ReadQuery(), location="query")
        @blp.response(200, TrainingSessionResponse, description="The session.")
        @blp.doc(operationId="getTrainingSession")
        def get(self, caller: Caller, query: dict[str, str], session_id: str) -> TrainingSessionOn:
            """Read a training session"""
            return service.get(caller, session_id, query.get("as_of"))

    return blp

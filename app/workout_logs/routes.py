"""The operations on `/api/workout-logs`: each view declares its contract and calls the service."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from flask import Response
from flask.typing import ResponseReturnValue
from flask.views import MethodView

from app.auth.protector import protect
from app.service.external_links import ExternalLinks
from app.service.model import Caller, Page, WorkoutLog
from app.service.stores.port import LogQuery
from app.service.workout_logs import WorkoutLogs
from app.settings import READ_SCOPE, WRITE_SCOPE
from app.web import request_context
from app.web.conditions import EntityTagSet, Precondition, entity_tag, precondition
from app.web.paging import next_link
from app.web.parsing import Blueprint
from app.web.prefix import public_path
from app.web.problems import COLLECTION_PATH
from app.web.tables import Table
from app.workout_logs import schemas
from app.workout_logs.parameters import (
    LOG_ID,
    ChangeHeaders,
    CreateHeaders,
    ListQuery,
    ReadHeaders,
)
from app.workout_logs.schemas import (
    WorkoutLogCreate,
    WorkoutLogList,
    WorkoutLogResponse,
    WorkoutLogUpdate,
)

UNREAD = f"The log is changed; the token was not granted `{READ_SCOPE}`, so it is not shown."


def create_blueprint(service: WorkoutLogs, links: ExternalLinks) -> Blueprint:
    """The blueprint over the service."""
    blp = Blueprint(
        "workout-logs",
        __name__,
        url_prefix=COLLECTION_PATH,
        description="What runners really did in their planned sessions.",
    )

    def update(
        caller: Caller, body: dict[str, Any], condition: Precondition | None, log_id: str
    ) -> ResponseReturnValue:
        log = service.update(caller, log_id, body, condition)
        if READ_SCOPE not in caller.scopes:
            return Response(status=204, headers=_etag(log))
        return {"data": log}, _etag(log)

    @blp.route("")
    class WorkoutLogCollection(MethodView):
        init_every_request = False

        @protect(READ_SCOPE)
        @blp.revalidated
        @blp.arguments(ListQuery(), location="query")
        @blp.response(200, WorkoutLogList, description="A page.", headers=["Link"])
        @blp.doc(operationId="listWorkoutLogs", problems=["forbidden"])
        @blp.table(Table(schemas.WorkoutLog(), "workout-logs"))
        def get(self, caller: Caller, query: LogQuery) -> tuple[Page, dict[str, str]]:
            """List workout logs"""
            page = service.list(caller, query)
            return page, next_link(page.pagination.next_cursor)

        @protect(WRITE_SCOPE)
        @blp.arguments(WorkoutLogCreate(links))
        @blp.arguments(CreateHeaders(), location="headers")
        @blp.response(
            201,
            WorkoutLogResponse,
            description="The new log.",
            headers=["Location", "ETag", "Idempotent-Replayed"],
        )
        @blp.doc(operationId="createWorkoutLog", problems=["forbidden", "duplicate-workout-log"])
        def post(
            self, caller: Caller, body: dict[str, Any], sent: dict[str, str]
        ) -> ResponseReturnValue:
            """Create a workout log"""
            log, replayed = service.create(caller, body, sent.get("idempotency_key"))
            request_context.note(replayed=replayed)
            location = public_path(f"{COLLECTION_PATH}/{quote(log.id)}")
            headers = {"Location": location, **_etag(log)}
            return {"data": log}, headers | ({"Idempotent-Replayed": "true"} if replayed else {})

    @blp.route("/<document_id:log_id>", parameters=[LOG_ID])
    class WorkoutLogResource(MethodView):
        init_every_request = False

        @protect(READ_SCOPE)
        @blp.arguments(ReadHeaders(), location="headers")
        @blp.response(200, WorkoutLogResponse, description="The log.", headers=["ETag"])
        @blp.alt_response(304, description="The log is as you know it.", headers=["ETag"])
        @blp.doc(operationId="getWorkoutLog")
        def get(
            self, caller: Caller, sent: dict[str, EntityTagSet], log_id: str
        ) -> ResponseReturnValue:
            """Read a workout log"""
            log = service.get(caller, log_id, precondition(if_match=sent.get("if_match")))
            headers = _etag(log)
            if "if_none_match" in sent and sent["if_none_match"].have(headers["ETag"]):
                return Response(status=304, headers=headers)
            return {"data": log}, headers

        @protect(WRITE_SCOPE)
        @blp.arguments(WorkoutLogUpdate(links))
        @blp.arguments(ChangeHeaders(), location="headers")
        @blp.response(
            200, WorkoutLogResponse, description="The log as it is now.", headers=["ETag"]
        )
        @blp.alt_response(204, description=UNREAD, headers=["ETag"])
        @blp.doc(operationId="patchWorkoutLog", problems=["forbidden"])
        def patch(
            self,
            caller: Caller,
            body: dict[str, Any],
            condition: Precondition | None,
            log_id: str,
        ) -> ResponseReturnValue:
            """Change a workout log"""
            return update(caller, body, condition, log_id)

        @protect(WRITE_SCOPE)
        @blp.arguments(WorkoutLogUpdate(links))
        @blp.arguments(ChangeHeaders(), location="headers")
        @blp.response(
            200, WorkoutLogResponse, description="The log as it is now.", headers=["ETag"]
        )
        @blp.alt_response(204, description=UNREAD, headers=["ETag"])
        @blp.doc(operationId="updateWorkoutLog", problems=["forbidden"])
        def put(
            self,
            caller: Caller,
            body: dict[str, Any],
            condition: Precondition | None,
            log_id: str,
        ) -> ResponseReturnValue:
            """Change a workout log as PATCH does"""
            return update(caller, body, condition, log_id)

        @protect(WRITE_SCOPE)
        @blp.arguments(ChangeHeaders(), location="headers")
        @blp.response(204, description="The log is deleted.")
        @blp.doc(operationId="deleteWorkoutLog", problems=["forbidden", "workout-log-in-use"])
        def delete(
            self, caller: Caller, condition: Precondition | None, log_id: str
        ) -> ResponseReturnValue:
            """Delete a workout log"""
            service.delete(caller, log_id, condition)
            return Response(status=204)

    return blp


def _etag(log: WorkoutLog) -> dict[str, str]:
    return {"ETag": entity_tag(log.revision, log)}

"""The operation on `/api/workout-log-batches`."""

from __future__ import annotations

from typing import Any

from flask.typing import ResponseReturnValue
from flask.views import MethodView

from app.auth.protector import count_further, protect
from app.batches.schemas import WorkoutLogBatch, WorkoutLogBatchResponse
from app.service.batches import Batch, Batches, Outcome
from app.service.external_links import ExternalLinks
from app.service.model import Caller
from app.settings import READ_SCOPE, WRITE_SCOPE
from app.strict_json import MAX_BATCH_BYTES
from app.web.parsing import Blueprint
from app.web.problems import COLLECTION_PATH, body_of, problem_of
from app.workout_logs.parameters import CreateHeaders


def create_blueprint(service: Batches, links: ExternalLinks) -> Blueprint:
    """The blueprint over the service."""
    blp = Blueprint(
        "workout-log-batches",
        __name__,
        url_prefix="/api/workout-log-batches",
        description="Many workout logs in one request.",
    )

    @blp.route("")
    class WorkoutLogBatchCollection(MethodView):
        init_every_request = False

        @protect(WRITE_SCOPE)
        @blp.arguments(WorkoutLogBatch(links), max_bytes=MAX_BATCH_BYTES)
        @blp.arguments(CreateHeaders(), location="headers")
        @blp.response(
            200,
            WorkoutLogBatchResponse,
            description="What became of each item.",
            headers=["Idempotent-Replayed"],
        )
        @blp.doc(operationId="createWorkoutLogBatch")
        def post(self, caller: Caller, batch: Batch, sent: dict[str, str]) -> ResponseReturnValue:
            """Create, update and delete many workout logs"""
            count_further(caller, len(batch.items) - 1)
            outcomes = service.execute(caller, batch, sent.get("idempotency_key"))
            replayed = any(each.replayed for each in outcomes)
            results = [_result(each, caller) for each in outcomes]
            data = {"data": {"results": results, "dryRun": batch.dry_run}}
            return data, {"Idempotent-Replayed": "true"} if replayed else {}

    return blp


def _result(outcome: Outcome, caller: Caller) -> dict[str, Any]:
    """The outcome of an item, as the single request would tell it: a problem with its address, a
    log that was changed only to those who may read it.
    """
    if outcome.error is not None:
        problem = problem_of(outcome.error)
        path = COLLECTION_PATH
        if outcome.item.op != "create":
            path += f"/{outcome.item.log_id}"
        return {"status": problem.type.status, "problem": body_of(problem, path)}
    if outcome.item.op == "update" and READ_SCOPE not in caller.scopes:
        return {"status": 204}
    return {"status": outcome.status} | ({"log": outcome.log} if outcome.log else {})

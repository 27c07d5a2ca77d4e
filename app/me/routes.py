"""The operation on `/api/me`."""

from __future__ import annotations

from flask.views import MethodView

from app.auth.protector import protect
from app.me.schemas import MeResponse
from app.service.model import Caller, Me
from app.service.people import People
from app.settings import READ_SCOPE
from app.web.parsing import Blueprint


def create_blueprint(people: People) -> Blueprint:
    """The blueprint over the service."""
    blp = Blueprint(
        "me", __name__, url_prefix="/api/me", description="Who calls, and whom they work with."
    )

    @blp.route("")
    class CallerResource(MethodView):
        init_every_request = False

        @protect(READ_SCOPE)
        @blp.response(200, MeResponse, description="The caller.")
        @blp.doc(operationId="getCaller")
        def get(self, caller: Caller) -> dict[str, Me]:
            """Read who you are"""
            return {"data": people.describe(caller)}

    return blp

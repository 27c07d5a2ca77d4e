"""The operation on `/api/progress`."""

from __future__ import annotations

from flask.views import MethodView

from app.auth.protector import protect
from app.progress.parameters import ProgressQuery
from app.progress.schemas import ProgressResponse, WeekRow
from app.service.model import Caller
from app.service.progress_reports import ProgressPage, ProgressReports, ReportQuery, WeekRows
from app.settings import READ_SCOPE
from app.web import tables
from app.web.paging import next_link
from app.web.parsing import Blueprint
from app.web.tables import Table


def create_blueprint(reports: ProgressReports) -> Blueprint:
    """The blueprint over the service."""
    blp = Blueprint(
        "progress",
        __name__,
        url_prefix="/api/progress",
        description="Planned against done, week by week.",
    )

    @blp.route("")
    class Progress(MethodView):
        init_every_request = False

        @protect(READ_SCOPE)
        @blp.revalidated
        @blp.arguments(ProgressQuery(), location="query")
        @blp.response(200, ProgressResponse, description="A page.", headers=["Link"])
        @blp.doc(operationId="getProgress", problems=["forbidden"])
        @blp.table(Table(WeekRow(), "progress"))
        def get(
            self, caller: Caller, query: ReportQuery
        ) -> tuple[ProgressPage | WeekRows, dict[str, str]]:
            """Read progress"""
            read = reports.read_weeks if tables.is_preferred() else reports.read
            page = read(caller, query)
            return page, next_link(page.pagination.next_cursor, asOf=page.as_of)

    return blp

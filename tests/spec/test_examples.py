"""The examples: each fits its schema, and works on the sample data as it is shown."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import pytest

from app.development import club, sample
from app.openapi.docs import Docs
from tests.conftest import Client
from tests.published import DOCS, LOG_ID, RUNNER_ID, SESSION_ID, published

Example = tuple[str, dict[str, Any], Any]

DOCS_OF = {
    operation_id: docs
    for docs in map(Docs.of, ("app.workout_logs", "app.training_sessions", "app.progress"))
    for operation_id in docs.operations
}
TRAINING_SESSION_ID = DOCS_OF["getTrainingSession"].parameters["sessionId"]
_WEEKS = "/api/progress?dateFrom=2026-11-09&dateTo=2026-11-18&asOf=2026-11-18"
READS = {
    "listTrainingSessions": (
        RUNNER_ID,
        "/api/training-sessions?dateFrom=2026-11-16&limit=2&withTotal=true&asOf=2026-11-18",
    ),
    "getTrainingSession": (
        RUNNER_ID,
        f"/api/training-sessions/{TRAINING_SESSION_ID}?asOf=2026-11-18",
    ),
    "getProgress": (club.COACH, f"{_WEEKS}&limit=1&withTotal=true"),
}
"""Who gets the example of a response, and where."""
TABLES = {
    "listTrainingSessions": READS["listTrainingSessions"],
    "getProgress": (club.COACH, f"{_WEEKS}&limit=2"),
}
"""The same of CSV."""


def of_contents() -> Iterator[Example]:
    """Where each example of a body is, its schema, its value."""
    spec = published()
    for _, _, operation in spec.operations():
        name = operation["operationId"]
        bodies = {"request": operation.get("requestBody", {}), **operation["responses"]}
        for place, body in bodies.items():
            for content in spec.resolve(body).get("content", {}).values():
                assert content["examples"], f"{name} {place} has no example"
                for key, example in content["examples"].items():
                    value = spec.resolve(example)["value"]
                    yield f"{name} {place} {key}", content["schema"], value


def of_members() -> Iterator[Example]:
    """The same of headers, parameters and the members of schemas."""
    components = published().document["components"]
    for name, schema in components["schemas"].items():
        for value in schema.get("examples", ()):
            yield name, schema, value
        for member, below in schema.get("properties", {}).items():
            for value in below.get("examples", ()):
                yield f"{name}.{member}", below, value
    for kind in ("headers", "parameters"):
        for name, component in components[kind].items():
            for value in component["schema"].get("examples", ()):
                yield name, component["schema"], value
            if "example" in component:
                yield name, component["schema"], component["example"]
    for _, _, operation in published().operations():
        for parameter in operation.get("parameters", ()):
            if "example" in parameter:
                yield parameter["name"], parameter["schema"], parameter["example"]


def requests_of(operation_id: str) -> list[dict[str, Any]]:
    """The bodies of the examples of an operation's requests."""
    return [each["value"] for each in DOCS.operation(operation_id, "requests").values()]


def response_of(operation_id: str) -> dict[str, Any]:
    """The example of an operation's response."""
    [operation] = [
        each for _, _, each in published().operations() if each["operationId"] == operation_id
    ]
    [success] = [each for status, each in operation["responses"].items() if status in "200 201"]
    body: dict[str, Any] = success["content"]["application/json"]["examples"]["success"]["value"]
    return body


def csv_of(operation_id: str) -> str:
    """The example of an operation's response as CSV."""
    return str(DOCS_OF[operation_id].operations[operation_id]["csv"])


def rows_of(table: str) -> list[dict[str, str]]:
    return [*csv.DictReader(io.StringIO(table, newline=""), strict=True)]


@pytest.mark.parametrize(
    ("schema", "value"),
    [pytest.param(*each[1:], id=each[0]) for each in (*of_contents(), *of_members())],
)
def test_an_example_fits_its_schema(schema: dict[str, Any], value: Any) -> None:
    assert published().complaints(schema, value) == []


def test_problems_have_the_status_that_they_are_examples_of() -> None:
    for place, _, value in of_contents():
        _, status, code = place.split()
        if "code" in value:
            assert (str(value["status"]), value["code"]) == (status, code)


class TestOnTheSampleData:
    """Sent as they are, the examples of requests give the examples of responses."""

    @pytest.fixture
    def documents(self) -> list[dict[str, Any]]:
        return sample.documents(date(2026, 11, 18))

    @pytest.fixture
    def runner(self, sign_in: Callable[..., Client]) -> Client:
        return sign_in(RUNNER_ID)

    def test_create(self, runner: Client) -> None:
        bodies = requests_of("createWorkoutLog")
        responses = [runner.create(body) for body in bodies]
        assert [response.status_code for response in responses] == [201] * len(bodies)
        self.assert_alike(responses[0].json, response_of("createWorkoutLog"))

    def test_list(self, runner: Client) -> None:
        runner.create(requests_of("createWorkoutLog")[0])
        page = runner.list(sessionId=SESSION_ID).json
        shown = response_of("listWorkoutLogs")
        self.assert_alike({"data": page["data"][0]}, {"data": shown["data"][0]})
        assert page["pagination"] == shown["pagination"]

    def test_get(self, runner: Client) -> None:
        assert runner.get(LOG_ID).json == response_of("getWorkoutLog")

    def test_update(self, runner: Client) -> None:
        bodies = requests_of("updateWorkoutLog")
        responses = [runner.update(LOG_ID, body) for body in bodies]
        assert [response.status_code for response in responses] == [200] * len(bodies)
        self.assert_alike(responses[0].json, response_of("updateWorkoutLog"))

    def test_patch(self, runner: Client) -> None:
        bodies = requests_of("patchWorkoutLog")
        responses = [runner.patch(LOG_ID, body) for body in bodies]
        assert [response.status_code for response in responses] == [200] * len(bodies)
        self.assert_alike(responses[0].json, response_of("patchWorkoutLog"))

    def test_delete(self, runner: Client) -> None:
        assert runner.delete(LOG_ID).status_code == 204

    def test_get_caller(self, runner: Client) -> None:
        example = Docs.of("app.me").operation("getCaller", "response")
        assert runner.request("GET", "/api/me").json == example

    @pytest.mark.parametrize("operation_id", READS)
    def test_reads_of_plans(self, sign_in: Callable[..., Client], operation_id: str) -> None:
        person, path = READS[operation_id]
        response = sign_in(person).request("GET", path)
        assert response.json == response_of(operation_id)
        shown = DOCS_OF[operation_id].operation(operation_id, "headers")
        assert response.headers.get("Link") == shown.get("Link")

    @pytest.mark.parametrize("operation_id", TABLES)
    def test_tables_of_plans(self, sign_in: Callable[..., Client], operation_id: str) -> None:
        person, path = TABLES[operation_id]
        response = sign_in(person).request("GET", path, headers={"Accept": "text/csv"})
        assert rows_of(response.text) == rows_of(csv_of(operation_id))
        shown = DOCS_OF[operation_id].operation(operation_id, "headers")
        assert response.headers["Content-Disposition"] == shown["Content-Disposition"]

    def test_the_table_of_logs(self, runner: Client) -> None:
        runner.create(requests_of("createWorkoutLog")[0])
        query = {"sessionId": SESSION_ID}
        response = runner.request("GET", query_string=query, headers={"Accept": "text/csv"})
        [found], [shown] = rows_of(response.text), rows_of(csv_of("listWorkoutLogs"))
        made_anew = ("createdAt", "updatedAt", "revision")
        assert found == shown | {name: found[name] for name in made_anew}

    def test_problems_are_told_as_their_pages_show(self, runner: Client) -> None:
        body = requests_of("createWorkoutLog")[0]
        invalid = {name: value for name, value in body.items() if name != "status"}
        runner.create(body)
        responses = [
            runner.create(invalid | {"actualDistance": 1001}),
            runner.create(body),
            runner.delete(LOG_ID) and runner.get(LOG_ID),
        ]
        assert [each.json["code"] for each in responses] == [
            "validation-failed",
            "duplicate-workout-log",
            "not-found",
        ]
        for response in responses:
            page = runner.request("GET", response.json["type"]).json["data"]
            assert page["example"] == response.json | {"requestId": page["example"]["requestId"]}

    @staticmethod
    def assert_alike(response: dict[str, Any], shown: dict[str, Any]) -> None:
        """They are the same but for what each write makes anew."""
        moments = {name: response["data"][name] for name in ("createdAt", "updatedAt", "revision")}
        assert response["data"] == shown["data"] | moments

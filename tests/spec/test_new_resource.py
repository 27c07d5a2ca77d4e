"""A resource that `app/openapi` has never heard of gets a complete part of the document."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from openapi_spec_validator import OpenAPIV31SpecValidator

from app.factory import create_app
from app.openapi.api import api_of
from app.openapi.document import to_yaml
from app.web.parsing import Blueprint
from app.web.problem_types import CATALOGUE
from tests.conftest import OpenStore, Serve
from tests.issuer import Issuer
from tests.published import Published, published
from tests.spec.shoes.routes import OneShoe, blp
from tests.spec.test_lint import LINTERS, lint
from tests.world import RUNNER


@pytest.fixture
def open_store(open_sqlite: OpenStore) -> OpenStore:
    return open_sqlite


@pytest.fixture
def serve() -> Serve:
    """Each test adds a resource to an application of its own."""
    return create_app


@pytest.fixture
def spec(app: Flask) -> Published:
    """The document of the API with shoes."""
    api_of(app).register_blueprint(blp)
    return Published(api_of(app).published())


def test_it_is_complete(spec: Published) -> None:
    OpenAPIV31SpecValidator(spec.document).validate()
    create = spec.operation("POST", "/api/shoes")
    assert create is not None
    assert create["description"] == "Creates a pair of shoes of the caller."
    assert create["security"] == [{"oauth2": ["workout-logs:write"]}, {"accessToken": []}]
    created = create["responses"]["201"]
    assert created["headers"].keys() >= {"Location", "ETag", "RateLimit-Limit", "Server-Timing"}
    assert created["headers"]["Location"]["example"] == "/api/shoes/shoe-1"
    shown = created["content"]["application/json"]["examples"]["success"]["value"]["data"]
    assert shown["sole"] is None
    assert created["links"] == {"GetShoe": {"$ref": "#/components/links/GetShoe"}}
    assert "## Shoes\n" in spec.document["info"]["description"]


def test_each_field_says_its_schema(spec: Published) -> None:
    schemas = spec.document["components"]["schemas"]
    colour = schemas["ShoeCreate"]["properties"]["colour"]
    assert (colour["pattern"], colour["maxLength"]) == ("^#[0-9a-f]{6}$", 7)
    weight = schemas["ShoeCreate"]["properties"]["weight"]
    assert (weight["type"], weight["exclusiveMinimum"], weight["maximum"]) == ("number", 0, 1000)
    assert schemas["Sole"]["enum"] == ["road", "trail"]


def test_each_example_fits(spec: Published) -> None:
    create = spec.operation("POST", "/api/shoes")
    assert create is not None
    bodies = {"request": create["requestBody"], **create["responses"]}
    for place, body in bodies.items():
        for content in spec.resolve(body)["content"].values():
            for example in content["examples"].values():
                value = spec.resolve(example)["value"]
                assert not spec.complaints(content["schema"], value), (place, value)


def test_its_problems_are_told_at_its_own_address(spec: Published) -> None:
    delete = spec.operation("DELETE", "/api/shoes/shoe-1")
    assert delete is not None
    refused = delete["responses"]["403"]["content"]["application/problem+json"]["examples"]
    scope = refused["insufficient-scope"]["value"]
    assert scope["instance"] == "/api/shoes/shoe-1"
    assert scope["detail"] == "This operation needs the scope workout-logs:write."
    assert "412" in delete["responses"]
    codes = {CATALOGUE[code].status for code in ("not-found", "forbidden", "validation-failed")}
    assert {int(status) for status in delete["responses"]} >= codes


def test_what_has_the_same_name_elsewhere_is_told_apart(spec: Published) -> None:
    def if_match(method: str, path: str) -> dict[str, Any]:
        operation = spec.operation(method, path)
        assert operation is not None
        parameters = map(spec.resolve, operation["parameters"])
        return next(each for each in parameters if each["name"] == "If-Match")

    assert "the pair" in if_match("DELETE", "/api/shoes/1")["description"]
    assert "the log" in if_match("DELETE", "/api/workout-logs/1")["description"]


def test_what_is_deprecated_says_so(
    app: Flask, spec: Published, issuer: Issuer, caplog: pytest.LogCaptureFixture
) -> None:
    get = spec.operation("GET", "/api/shoes/shoe-1")
    assert get is not None
    assert get["deprecated"] is True
    assert get["responses"]["200"]["headers"].keys() >= {"Deprecation", "Sunset"}
    delete = spec.operation("DELETE", "/api/shoes/shoe-1")
    assert delete is not None
    assert "deprecated" not in delete
    headers = {"Authorization": f"Bearer {issuer.token(RUNNER)}"}
    for path, status in (("/api/shoes/shoe-1", 200), ("/api/shoes/shoe-1?runnerId=-", 422)):
        response = app.test_client().get(path, headers=headers)
        assert response.status_code == status
        assert response.headers["Deprecation"] == "@1772323200"
        assert response.headers["Sunset"] == "Mon, 01 Mar 2027 00:00:00 GMT"
        assert response.headers["Link"] == '</changelog>; rel="deprecation"'
    lines = [each.getMessage() for each in caplog.records if each.name == "app.web.deprecation"]
    assert lines == ["deprecated operation: GET /api/shoes/<shoe_id>"] * 2
    assert "Deprecation" not in app.test_client().delete("/api/shoes/1", headers=headers).headers


def test_nothing_else_changes(spec: Published) -> None:
    paths = {path: each for path, each in spec.document["paths"].items() if "shoe" not in path}
    assert paths == published().document["paths"]


@pytest.mark.parametrize("linter", LINTERS)
def test_no_linter_finds_anything(spec: Published, linter: str, tmp_path: Path) -> None:
    document = tmp_path / "openapi.yaml"
    document.write_text(to_yaml(spec.document), "utf-8")
    done = lint(linter, document)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_path_parameter_has_to_be_declared(app: Flask) -> None:
    undeclared = Blueprint("undeclared", blp.import_name, url_prefix="/api/undeclared")
    undeclared.route("/<shoe_id>")(OneShoe)
    api_of(app).register_blueprint(undeclared)
    with pytest.raises(LookupError, match="shoeId"):
        api_of(app).published()

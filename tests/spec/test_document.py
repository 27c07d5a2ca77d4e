"""The published document: committed as the code says it, complete, and the same everywhere."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
import yaml
from flask import Flask
from openapi_spec_validator import OpenAPIV31SpecValidator

from app.development import wsgi as development_wsgi
from app.factory import create_app
from app.openapi.api import api_of
from app.openapi.document import to_yaml
from app.service.stores.port import Store
from app.settings import SCOPES, Settings
from app.web.problem_types import CATALOGUE
from app.web.violations import VIOLATIONS
from tests.conftest import OpenStore
from tests.issuer import Issuer
from tests.published import ROOT, Published, published

PUBLISHED = ROOT / "openapi.yaml"

NOT_OF_AN_OPERATION = {"method-not-allowed", "duplicate-item", "not-applied"}
"""Problems that no documented operation responds with; the last two are of items of a batch."""


def test_what_is_published_is_what_the_code_says(app: Flask) -> None:
    written = PUBLISHED.read_text("utf-8")
    assert written == to_yaml(api_of(app).published()), "openapi.yaml is old: run `make spec`"


@pytest.mark.parametrize("seed", ["1", "2"])
def test_the_command_needs_no_settings_and_writes_the_same_bytes(tmp_path: Path, seed: str) -> None:
    command = [sys.executable, "-m", "app.cli", "spec", str(tmp_path / "spec.yaml")]
    environment = {"PATH": os.environ["PATH"], "PYTHONHASHSEED": seed}
    subprocess.run(command, cwd=ROOT, env=environment, check=True)
    assert (tmp_path / "spec.yaml").read_bytes() == PUBLISHED.read_bytes()


def test_it_is_valid_openapi() -> None:
    OpenAPIV31SpecValidator(published().document).validate()


def test_the_version_is_the_package_s() -> None:
    assert published().document["info"]["version"] == version("workout-log-api")


OPERATION_ID = re.compile(r"(list|get|create|update|patch|delete)[A-Z][A-Za-z]+")


def test_every_operation_is_described_for_those_who_write_clients() -> None:
    for _, _, operation in published().operations():
        assert OPERATION_ID.fullmatch(operation["operationId"])
        assert operation["summary"]
        assert len(operation["description"]) > 100
        assert operation["security"][0]["oauth2"][0] in SCOPES


def test_a_summary_is_plain_text() -> None:
    """Of an operation or an example; only descriptions are Markdown."""
    summaries = re.findall("^ *summary: (.+)$", PUBLISHED.read_text("utf-8"), re.MULTILINE)
    assert len(summaries) > len([*published().operations()])
    assert not [each for each in summaries if set("`*_") & set(each)]


def test_every_problem_is_documented() -> None:
    document = published().document
    assert document["components"]["schemas"]["ProblemCode"]["enum"] == list(CATALOGUE)
    assert document["components"]["schemas"]["ViolationCode"]["enum"] == list(VIOLATIONS)
    described = " ".join(
        published().resolve(response)["description"]
        for _, _, operation in published().operations()
        for response in operation["responses"].values()
    )
    missing = {code for code in CATALOGUE if f"`{code}`" not in described}
    assert missing == NOT_OF_AN_OPERATION


def alternatives(node: Any) -> Iterator[list[Any]]:
    """Every `anyOf` and `oneOf` below."""
    for name, value in node.items() if isinstance(node, dict) else enumerate(node):
        if name in ("anyOf", "oneOf"):
            yield value
        if isinstance(value, (dict, list)):
            yield from alternatives(value)


def test_generated_clients_get_no_union_without_a_name() -> None:
    """Else a class such as `BatchLogFeeling` stands in the place of the enum."""
    document = published().document
    named = [each.get("oneOf") for each in document["components"]["schemas"].values()]
    for each in alternatives(document):
        assert each in named or each[1:] == [{"type": "null"}]


def test_each_enum_member_has_a_name_of_its_own() -> None:
    """Go has one scope for the members of all enums."""
    schemas = published().document["components"]["schemas"].values()
    names = [name for each in schemas for name in each.get("x-enum-varnames", ())]
    assert len(names) == len(set(names))
    assert all("x-enum-varnames" in each for each in schemas if "enum" in each)


def test_each_field_s_unit_is_said() -> None:
    members = published().document["components"]["schemas"]["WorkoutLog"]["properties"]
    units = {
        "actualDistance": "km",
        "actualDuration": "H:MM:SS",
        "actualPace": "M:SS",
        "actualDurationSeconds": "seconds",
        "actualPaceSeconds": "seconds per km",
        "temperature": "°C",
        "createdAt": "UTC",
        "updatedAt": "UTC",
    }
    for name, unit in units.items():
        assert unit in members[name]["description"]


class TestServed:
    """What a deployment serves says where it is and how to sign in there."""

    @pytest.fixture
    def store(self, open_sqlite: OpenStore) -> Store:
        return open_sqlite([])

    def test_it_is_at_its_own_host(self, app: Flask) -> None:
        served = app.test_client().get("/openapi.json").json
        assert served["servers"][0]["url"] == "/"
        assert served["paths"].keys() == published().document["paths"].keys()

    def test_as_yaml_it_is_the_same(self, app: Flask) -> None:
        client = app.test_client()
        served = yaml.load(client.get("/openapi.yaml").data, yaml.CSafeLoader)
        assert served == client.get("/openapi.json").json

    def test_in_development_people_sign_in_here(self, store: Store) -> None:
        settings = Settings(app_env="development", port=8123)
        scheme = schemes(development_wsgi.create_app(settings, store))["oauth2"]
        flow = scheme["flows"]["authorizationCode"]
        assert flow["authorizationUrl"] == "http://127.0.0.1:8123/development/authorize"
        assert flow["tokenUrl"] == "http://127.0.0.1:8123/development/token"
        assert flow["scopes"].keys() == set(SCOPES)

    def test_with_an_issuer_people_sign_in_there(self, app: Flask, issuer: Issuer) -> None:
        flow = schemes(app)["oauth2"]["flows"]["authorizationCode"]
        assert flow["authorizationUrl"].startswith(issuer.url)
        assert flow["tokenUrl"].startswith(issuer.url)

    def test_an_issuer_that_does_not_respond_is_named_by_its_address(self, store: Store) -> None:
        silent = Settings(oauth_issuer="http://127.0.0.1:1", oauth_audience="x")
        scheme = schemes(create_app(silent, store))["oauth2"]
        assert scheme["type"] == "openIdConnect"
        assert scheme["openIdConnectUrl"] == "http://127.0.0.1:1/.well-known/openid-configuration"

    def test_session_tokens_are_offered_where_they_are_switched_on(self, store: Store) -> None:
        settings = Settings(nextauth_secret=("not so secret, really",), nextauth_cookie=True)
        app = create_app(settings, store)
        assert schemes(app).keys() == {"sessionToken", "sessionCookie"}
        for _, _, operation in Published(api_of(app).served()).operations():
            assert operation["security"] == [{"sessionToken": []}, {"sessionCookie": []}]


def schemes(app: Flask) -> dict[str, Any]:
    found: dict[str, Any] = api_of(app).served()["components"]["securitySchemes"]
    return found


def test_the_changelog_that_it_links_to_is_there(app: Flask) -> None:
    response = app.test_client().get("/changelog")
    assert response.content_type == "text/markdown; charset=utf-8"
    assert f"## {version('workout-log-api')}" in response.text
    assert "/changelog)" in published().document["info"]["description"]

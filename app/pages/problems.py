"""The page of each problem type: every `type` in a response leads here."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue
from markupsafe import Markup, escape

from app.pages.html import page, wants_html
from app.web.prefix import public_path
from app.web.problem_types import CATALOGUE, ProblemType
from app.web.problems import Problem
from app.web.violations import VIOLATIONS


def create_blueprint(example_of: Callable[[str], dict[str, Any]]) -> Blueprint:
    """`/problems/` and `/problems/<code>`, HTML for browsers and JSON for programs.

    `example_of` gives a problem of a code.
    """
    blueprint = Blueprint("problems", __name__, url_prefix="/problems")
    blueprint.add_app_template_filter(_code_spans, "code_spans")

    def described(kind: ProblemType) -> dict[str, Any]:
        """The type with an example of it, as JSON."""
        example = example_of(kind.code)
        links = {name: public_path(example[name]) for name in ("type", "instance")}
        return {
            "type": public_path(kind.uri),
            "code": kind.code,
            "status": kind.status,
            "title": kind.title,
            "meaning": kind.meaning,
            "remedy": kind.remedy,
            "example": {**example, **links},
        }

    @blueprint.get("")
    @blueprint.get("/", strict_slashes=False)
    def catalogue() -> ResponseReturnValue:
        if wants_html():
            return page("problems.html", types=list(CATALOGUE.values()), violations=VIOLATIONS)
        return jsonify(
            data=[described(each) for each in CATALOGUE.values()],
            violations=[{"code": code, "meaning": meaning} for code, meaning in VIOLATIONS.items()],
        )

    @blueprint.get("/<code>")
    def problem_type(code: str) -> ResponseReturnValue:
        if code not in CATALOGUE:
            registry = public_path("/problems/")
            raise Problem("not-found", f"There is no such problem type; {registry} lists them all.")
        found = described(CATALOGUE[code])
        if wants_html():
            return page("problem.html", problem=found, example=_pretty(found["example"]))
        return jsonify(data=found)

    return blueprint


def _code_spans(text: str) -> Markup:
    """The catalogue's `code` between backticks as HTML."""
    parts = (
        Markup("<code>{}</code>").format(part) if odd % 2 else escape(part)
        for odd, part in enumerate(text.split("`"))
    )
    return Markup("").join(parts)


def _pretty(example: dict[str, Any]) -> str:
    return json.dumps(example, indent=2, ensure_ascii=False)

"""The whole document: what stands around the operations, its canonical order, its text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import deepcopy
from importlib.resources import files
from typing import Any, NamedTuple

import msgspec
import yaml
from apispec import APISpec

from app.openapi import security

JSON = dict[str, Any]

PUBLISHED_SERVER = {
    "url": "https://workout-logs.example",
    "description": "Production: stands for the host of your deployment.",
    "x-internal": False,
}
SERVED_SERVER = {"url": "/", "description": "The host that serves this document."}

PREFIX = "/@prefix@"
"""Stands in a text for the path prefix of the request: see `below`."""


PUBLISHED_CONTACT = {
    "name": "Support of your deployment",
    "url": "https://workout-logs.example/support",
    "email": "support@workout-logs.example",
}

INFO = {
    "summary": "What runners really did in their planned sessions.",
    "license": {"name": "MIT", "identifier": "MIT"},
}


def published(spec: APISpec, introductions: Iterable[str]) -> JSON:
    """The document for partners, the same for every deployment."""
    sign_in = security.published_sign_in()
    return _document(spec, introductions, PUBLISHED_SERVER, sign_in, PUBLISHED_CONTACT)


def served(
    spec: APISpec,
    introductions: Iterable[str],
    sign_in: security.SignIn,
    contact_url: str,
    url: str = SERVED_SERVER["url"],
) -> JSON:
    """The document of the deployment that serves it, at a path prefix such as `/`; an empty
    `contact_url` names nobody.
    """
    contact = {"name": "Support", "url": contact_url} if contact_url else {}
    return _document(spec, introductions, SERVED_SERVER | {"url": url}, sign_in, contact)


def _document(
    spec: APISpec,
    introductions: Iterable[str],
    server: JSON,
    sign_in: security.SignIn,
    contact: JSON,
) -> JSON:
    document = deepcopy(spec.to_dict())
    general = files(__package__).joinpath("introduction.md").read_text("utf-8").strip()
    introduction = "\n\n".join((*introductions, general))
    root = server["url"].rstrip("/")
    document["info"]["description"] = introduction.replace("](/", f"]({root}/")
    if contact:
        document["info"]["contact"] = contact
    document["servers"] = [server]
    document.get("tags", []).sort(key=lambda tag: tag["name"])
    security.apply(sign_in, document)
    arranged: JSON = _arranged(document, "")
    return arranged


class Texts(NamedTuple):
    """A document as it is sent."""

    json: bytes
    yaml: bytes


def to_texts(document: JSON) -> Texts:
    """The document in both of its forms."""
    return Texts(msgspec.json.encode(document), to_yaml(document).encode())


def to_yaml(document: JSON) -> str:
    """The document as YAML: the same text on every run and every version of Python."""
    return yaml.dump(document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100)


def below(text: bytes, prefix: str) -> bytes:
    """A text that names `PREFIX`, for clients that reach the API under this one or, "", none."""
    mark = PREFIX.encode()
    found = text.replace(mark + b"/", f"{prefix}/".encode())
    return found.replace(mark, (prefix or SERVED_SERVER["url"]).encode())


class _Dumper(yaml.SafeDumper):
    """Without anchors; texts of several lines as blocks."""

    def ignore_aliases(self, data: Any) -> bool:
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, indentless=False)


def _represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _represent_text)

_ORDER = (
    *("openapi", "info", "servers", "tags", "paths", "components"),
    *("operationId", "title", "name", "in", "url", "summary", "version", "type", "format"),
    *("description", "security", "required", "parameters", "requestBody", "responses"),
    *("headers", "content", "schema", "links"),
    *("get", "post", "patch", "put", "delete"),
)
_PLACES = {name: place for place, name in enumerate(_ORDER)}
_OF_AUTHORS = ("properties", "scopes", "paths")
"""Members whose names are data, in the order of the code."""


def _arranged(value: Any, name: str) -> Any:
    """The value with its members in the order in which OpenAPI documents are read."""
    if isinstance(value, list):
        return [_arranged(each, "") for each in value]
    if not isinstance(value, Mapping) or name in ("value", "example"):
        return value
    members = {key: _arranged(each, key) for key, each in value.items()}
    if name in _OF_AUTHORS:
        return members
    if name in ("schemas", "parameters", "headers", "responses", "examples", "links"):
        return dict(sorted(members.items()))
    return dict(sorted(members.items(), key=lambda each: _PLACES.get(each[0], len(_PLACES))))

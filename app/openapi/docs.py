"""The words and examples of a resource: its folder `docs/`, beside its routes.

| file | what it holds |
|---|---|
| `<operationId>.md` | the description of an operation |
| `introduction.md` | the resource's sections of the document's introduction; optional |
| `examples.yaml` | requests, responses and problems as they look on the sample data |

The members of `examples.yaml`:

- `operations`: by operationId `requests` (OpenAPI examples), `response` (a body; what it leaves out
  is null), `csv` (the same as CSV), `headers` (of the response, by name), `links` (names of
  `links`), `problems` (by code, the members that differ);
- `parameters`: an example of each parameter of a path, and of each required one of a query;
- `schemas`: by name, an example of the schema's members;
- `links`: by name, OpenAPI link objects.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any

import yaml

JSON = dict[str, Any]

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True)
class Docs:
    """A resource's `docs/`, as it was read."""

    introduction: str = ""
    descriptions: Mapping[str, str] = field(default_factory=dict)
    operations: Mapping[str, JSON] = field(default_factory=dict)
    parameters: Mapping[str, Any] = field(default_factory=dict)
    schemas: Mapping[str, JSON] = field(default_factory=dict)
    links: Mapping[str, JSON] = field(default_factory=dict)

    @classmethod
    def of(cls, package: str) -> Docs:
        """The docs of a package. Raises FileNotFoundError where it has no folder `docs/`."""
        texts = {
            each.name: each.read_text("utf-8") for each in files(package).joinpath("docs").iterdir()
        }
        found = yaml.load(texts.pop("examples.yaml", "{}"), _Loader)  # noqa: S506 - both are safe loaders
        prose = {
            name.removesuffix(".md"): text.strip()
            for name, text in texts.items()
            if name.endswith(".md")
        }
        return cls(
            introduction=prose.pop("introduction", ""),
            descriptions=prose,
            operations=found.get("operations", {}),
            parameters=found.get("parameters", {}),
            schemas=found.get("schemas", {}),
            links=found.get("links", {}),
        )

    def operation(self, operation_id: str, part: str) -> JSON:
        """A part of what `examples.yaml` says of an operation; empty where it says nothing."""
        found: JSON = self.operations.get(operation_id, {}).get(part, {})
        return found

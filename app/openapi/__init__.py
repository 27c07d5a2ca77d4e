"""The OpenAPI document: how the views of any resource become operations of it.

A resource declares its operations, parameters, schemas and problems in its own package, and has the
words and examples in a folder `docs/` there. Nothing here names a resource.

| file | what it holds |
|---|---|
| `api.py` | flask-smorest's Api, whose errors are problems |
| `docs.py` | reads the `docs/` of a resource |
| `operations.py` | completes each operation: paths, parameters, headers, examples, links |
| `problems.py` | the error responses of an operation, by rule |
| `problem_schemas.py` | the schema of a problem |
| `components.py` | the headers of responses, each documented once |
| `fields.py` | marshmallow fields as JSON Schema, named enums |
| `security.py` | how a caller signs in |
| `document.py` | the whole as published and as served, in one canonical order |
| `introduction.md` | what holds for every operation; it follows the resources' own introductions |
"""

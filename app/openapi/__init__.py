"""The OpenAPI document: what it says beyond the decorators of the views.

| file | what it holds |
|---|---|
| `prose/*.md` | the introduction, and the description of each operation by its operationId |
| `fields.py` | our marshmallow fields as JSON Schema, named enums |
| `components.py` | headers, parameters and links, each documented once |
| `problems.py` | the error answers that an operation can give, by rule |
| `examples.py` | requests and answers as they really look, on the sample data of `make run` |
| `security.py` | how a caller signs in |
| `plugins.py` | puts all that into each operation |
| `document.py` | the whole as published and as served, in one canonical order |
"""

"""A resource that the API does not have: what `tests/spec/test_new_resource.py` documents."""

"""Tokens are the same matter over every store: here the embedded one is enough."""

import pytest

from tests.conftest import OpenStore


@pytest.fixture
def open_store(open_sqlite: OpenStore) -> OpenStore:
    return open_sqlite

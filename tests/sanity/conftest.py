"""The API over the stand-in, and a caller that it knows already."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from app.factory import create_app
from app.service.stores.sanity.client import Limits
from app.service.stores.sanity.store import SanityStore
from app.settings import Settings
from tests import world
from tests.conftest import Client
from tests.content_lake import ContentLake
from tests.issuer import AUDIENCE, Issuer
from tests.sanity.wire import make_certificate
from tests.world import RUNNER, log_of


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A self-signed certificate of `localhost`, with its key."""
    path = tmp_path_factory.mktemp("tls") / "localhost.pem"
    make_certificate(path)
    return path


@pytest.fixture(scope="module")
def limits() -> Limits:
    """The limits of `app`; a test module may say otherwise."""
    return Limits()


@pytest.fixture(scope="module")
def app(issuer: Issuer, content_lake: ContentLake, limits: Limits) -> Iterator[Flask]:
    settings = Settings(
        oauth_issuer=issuer.url,
        oauth_audience=AUDIENCE,
        caller_cache_seconds=3600,
        rate_limit="",
    )
    store = SanityStore(content_lake.client(limits=limits))
    yield create_app(settings, store)
    store.close()


@pytest.fixture
def lake(content_lake: ContentLake, runner: Client) -> ContentLake:
    """The stand-in with the club in it; the API knows the runner."""
    content_lake.reset()
    content_lake.load(world.club())
    assert runner.get(log_of(RUNNER, 1)).status_code == 200
    content_lake.reset_counters()
    return content_lake

"""Installations of several processes, with a real Redis."""

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.redis_server import RedisServer, redis_server

_databases = itertools.count()


@pytest.fixture(scope="session")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """A Redis for those tests that do not stop it."""
    with redis_server(tmp_path_factory.mktemp("redis"), "--databases", "100") as server:
        yield server


@pytest.fixture
def redis_url(redis: RedisServer) -> str:
    """The address of a database of the test's own."""
    return f"{redis.url.rpartition('/')[0]}/{next(_databases)}"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder of an installation."""
    return tmp_path

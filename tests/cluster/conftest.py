"""Installations of several processes, with a real Redis."""

import itertools
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.redis_server import RedisServer, redis_server

FIGURES = Path(__file__).resolve().parents[2] / "data" / "cluster.jsonl"

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


@pytest.fixture
def report(request: pytest.FixtureRequest) -> Callable[..., None]:
    """Print the figures of a test, and keep them in `data/cluster.jsonl`."""

    def note(**figures: Any) -> None:
        FIGURES.parent.mkdir(exist_ok=True)
        line = json.dumps({"test": request.node.name, **figures}, ensure_ascii=False)
        with FIGURES.open("a") as out:
            out.write(line + "\n")
        sys.stdout.write(f"\n{line}\n")

    return note

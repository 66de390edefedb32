"""A recorder that runs, several that share a folder, and databases for them."""

import secrets
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from load_tests.postgres import Postgres, postgres
from recorder.recordings import unfinished
from recorder.service import RecorderService
from tests.support.recorders import House, house_in
from tests.support.recording import Watcher, service


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[tuple[RecorderService, Watcher]]:
    recorder, watcher = service(tmp_path)
    await recorder.start()
    yield recorder, watcher
    await recorder.stop()


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with house_in(tmp_path) as made:
        yield made


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Workers look for work all the time."""
    monkeypatch.setattr(unfinished, "LOOK_EVERY_S", 0.05)


@pytest.fixture(scope="module")
def cluster() -> Iterator[Postgres]:
    with postgres() as running:
        yield running


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database."""
    if request.param == "sqlite":
        return f"sqlite+aiosqlite:///{tmp_path}/tongke.db"
    made: str = request.getfixturevalue("cluster").create(f"r{secrets.token_hex(4)}")
    return made

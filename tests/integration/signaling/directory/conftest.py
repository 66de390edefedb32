"""The directory of two counties, over SQLite and over PostgreSQL."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from signaling.base.database import Database
from tests.integration.signaling.directory.counties import Counties, sqlite_counties, two_counties


@pytest.fixture
async def counties(tmp_path: Path) -> AsyncIterator[Counties]:
    """Over SQLite."""
    async with sqlite_counties(tmp_path) as made:
        yield made


@pytest.fixture
async def both_counties(database: Database) -> AsyncIterator[Counties]:
    """Over SQLite and over PostgreSQL, where SQL differs."""
    async with two_counties(database) as made:
        yield made

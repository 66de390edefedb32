"""Databases and folders of former versions, opened by today's server: nothing and nobody is lost.

What a former version answered to each person, terminal and stranger was written down then. Today's
answers must be the same, but for the changes that `tests.support.answer_changes` names.
"""

from __future__ import annotations

import contextlib
import itertools
from pathlib import Path

import pytest

from signaling.audit.log import AuditLog
from signaling.base.database import Database
from tests.support.answer_changes import differences
from tests.support.county_answers import answers
from tests.support.former_county import DATABASES, FormerCounty
from tests.support.schema import take_back

_names = (f"former{number}" for number in itertools.count())


@pytest.fixture(params=sorted(folder.name for folder in DATABASES.iterdir()))
def county(request: pytest.FixtureRequest) -> FormerCounty:
    return FormerCounty(DATABASES / request.param)


@pytest.fixture(params=["sqlite", "postgresql"])
async def database_url(request: pytest.FixtureRequest, county: FormerCounty, tmp_path: Path) -> str:
    """The county's rows in one engine; its files lie in `tmp_path`."""
    county.restore_files(tmp_path)
    if request.param == "sqlite":
        return county.restore_sqlite(tmp_path)
    cluster = request.getfixturevalue("cluster")
    return await county.restore_postgresql(cluster, next(_names))


async def test_everybody_is_told_what_the_former_version_told(
    county: FormerCounty, database_url: str, tmp_path: Path
) -> None:
    with contextlib.ExitStack() as held:
        held.enter_context(county.finishing_held(tmp_path))
        async with county.opened(tmp_path, database_url) as clients:
            for when in ("opened", "rooms", "finished"):
                if when == "finished":
                    held.close()
                    await county.all_finished(clients[county.admin])
                told = county.told(when)
                assert differences(told, await answers(clients, list(told))) == []
    assert county.audit_log <= await _audit_log(database_url)


async def test_the_first_schema_is_brought_up_to_date_with_its_rows(
    county: FormerCounty, database_url: str, tmp_path: Path
) -> None:
    await _take_back(database_url, "0001")
    told = county.told("opened")
    asked = [question for question in told if "links" not in question]  # came with 0003
    with county.finishing_held(tmp_path):
        async with county.opened(tmp_path, database_url) as clients:
            some = {name: clients[name] for name in list(clients)[::4]}
            now = await answers(some, asked)
    assert differences({question: told[question] for question in asked}, now) == []


async def _audit_log(database_url: str) -> set[tuple[str | None, ...]]:
    database = Database(database_url)
    entries = await AuditLog(database).entries()
    await database.close()
    return {(e.actor_id, e.actor_name, e.action, e.target, e.detail, e.remote) for e in entries}


async def _take_back(database_url: str, target: str) -> None:
    database = Database(database_url)
    await take_back(database, target)
    await database.close()

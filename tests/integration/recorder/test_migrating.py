"""A database that code of several versions shares, over SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from recorder.migrating import Chain, SchemaTooNew

ENVIRONMENT = """\
from alembic import context

context.configure(
    connection=context.config.attributes["connection"], version_table="toys_alembic_version"
)
with context.begin_transaction():
    context.run_migrations()
"""
REVISION = """\
import sqlalchemy as sa
from alembic import op

revision = "{number}"
down_revision = {before!r}
{constants}

def upgrade():
    op.create_table("toys_{number}", sa.Column("toy_id", sa.Integer, primary_key=True))
"""


class Versions:
    """Versions of a service: each knows some revisions of one chain."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def one(self, newest: int, **contracts: str) -> Chain:
        """The version that knows the revisions up to a number.

        Args:
            newest: the number.
            contracts: for `of_<number>` the floor that this revision sets.
        """
        folder = self._folder / f"version-{newest}"
        (folder / "versions").mkdir(parents=True)
        (folder / "env.py").write_text(ENVIRONMENT)
        for number in range(1, newest + 1):
            floor = contracts.get(f"of_{number}")
            before = str(number - 1) if number > 1 else None
            constants = f"CONTRACTS = {floor!r}" if floor else ""
            text = REVISION.format(number=number, before=before, constants=constants)
            (folder / "versions" / f"v{number}.py").write_text(text)
        return Chain(folder, "toys")


@pytest.fixture
def versions(tmp_path: Path) -> Versions:
    return Versions(tmp_path)


@pytest.fixture
async def engine(url: str) -> AsyncIterator[AsyncEngine]:
    made = create_async_engine(url)
    yield made
    await made.dispose()


async def _upgraded(engine: AsyncEngine, chain: Chain) -> str | None:
    async with engine.begin() as connection:
        await connection.run_sync(chain.upgrade)
        assert await connection.run_sync(chain.is_current)
        return await connection.run_sync(chain.revision)


def _toys(connection: sa.Connection) -> Iterator[str]:
    return (name for name in sa.inspect(connection).get_table_names() if name[-1].isdigit())


async def _tables(engine: AsyncEngine) -> set[str]:
    async with engine.connect() as connection:
        return set(await connection.run_sync(_toys))


async def test_a_version_works_on_a_schema_that_a_newer_one_expanded(
    engine: AsyncEngine, versions: Versions
) -> None:
    former, newer = versions.one(2), versions.one(4)
    assert await _upgraded(engine, former) == "2"
    assert await _upgraded(engine, newer) == "4"
    tables = await _tables(engine)
    assert await _upgraded(engine, former) == "4"
    assert await _tables(engine) == tables == {"toys_1", "toys_2", "toys_3", "toys_4"}


@pytest.mark.parametrize(
    ("newest", "fits"), [(1, False), (2, False), (3, True), (4, True), (5, True)]
)
async def test_a_version_below_the_floor_of_a_contraction_is_refused(
    engine: AsyncEngine, versions: Versions, newest: int, fits: bool
) -> None:
    await _upgraded(engine, versions.one(6, of_2="1", of_5="3"))
    code = versions.one(newest, of_2="1", of_5="3")
    if fits:
        assert await _upgraded(engine, code) == "6"
        return
    with pytest.raises(SchemaTooNew) as refused:
        await _upgraded(engine, code)
    assert (refused.value.revision, refused.value.floor) == ("6", "3")
    async with engine.connect() as connection:
        with pytest.raises(SchemaTooNew):  # … commands, too, which only ask
            await connection.run_sync(code.is_current)


async def test_a_later_contraction_never_lowers_the_floor(
    engine: AsyncEngine, versions: Versions
) -> None:
    await _upgraded(engine, versions.one(4, of_4="3"))
    await _upgraded(engine, versions.one(6, of_4="3", of_6="2"))
    with pytest.raises(SchemaTooNew):
        await _upgraded(engine, versions.one(2))


async def test_a_floor_is_kept_by_the_upgrade_that_passes_it(
    engine: AsyncEngine, versions: Versions
) -> None:
    whole = versions.one(5, of_5="4")
    async with engine.begin() as connection:
        await connection.run_sync(whole.upgrade, "4")  # not yet the one that contracts
    assert await _upgraded(engine, versions.one(2)) == "4"
    await _upgraded(engine, whole)
    with pytest.raises(SchemaTooNew):
        await _upgraded(engine, versions.one(3))

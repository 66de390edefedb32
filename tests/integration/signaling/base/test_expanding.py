"""Migrations only expand the schema: processes of the version before work on beside others."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from recorder.migrating import Chain
from recorder.recordings.rows import CHAIN as RECORDER
from signaling.audit.actions import AuditAction
from signaling.audit.log import COMMAND, AuditLog
from signaling.base.database import Database
from signaling.base.migrate import CHAIN as SIGNALING
from signaling.base.migrate import migrate
from tests.support.expanding import markers, takings
from tests.support.later_version import FORMER, later_version
from tests.support.made_once import sqlite_url

# The first migration of each chain that is held to it. Those before are from a time without cells.
# Then one process was all, and it was stopped for an upgrade; so they changed and dropped columns.
FIRST = {"signaling": "0033", "recorder": "r0003"}

TOYS = """\
from alembic import context

context.configure(
    connection=context.config.attributes["connection"],
    version_table="toys_alembic_version",
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
"""
BEFORE = """\
import sqlalchemy as sa
from alembic import op

revision = "1"
down_revision = None

def upgrade():
    op.create_table("boxes", sa.Column("box_id", sa.Integer, primary_key=True))
    op.create_table(
        "toys",
        sa.Column("toy_id", sa.Integer, primary_key=True),
        sa.Column("name", sa.String(20), nullable=False, server_default="x"),
        sa.Column("note", sa.String(20)),
        sa.Column("box_id", sa.Integer, sa.ForeignKey("boxes.box_id")),
    )
    op.create_index("ix_toys_name", "toys", ["name"])
    op.create_index("uq_toys_box", "toys", ["box_id"], unique=True)
"""
AFTER = """\
import sqlalchemy as sa
from alembic import op

revision = "2"
down_revision = "1"

def upgrade():
    {body}
"""
COLUMN = 'op.add_column("toys", sa.Column("kind", sa.String(20)'
BATCH = 'with op.batch_alter_table("toys") as toys: toys.'
EXPANDING = (
    COLUMN + "))",
    COLUMN + ', nullable=False, server_default="x"))',
    BATCH + 'alter_column("name", nullable=True)',
    BATCH + 'alter_column("name", server_default="y")',
    'op.create_index("ix_toys_both", "toys", ["name", "box_id"])',
    'op.drop_index("ix_toys_name", table_name="toys")',
    'op.create_table("lids", sa.Column("lid", sa.Integer, primary_key=True), '
    'sa.Column("box_id", sa.Integer, sa.ForeignKey("boxes.box_id", ondelete="CASCADE"))); '
    'op.create_index("uq_lids_box", "lids", ["box_id"], unique=True)',
    "op.execute(\"UPDATE toys SET name = 'y' WHERE name = 'z'\")",
    'op.get_bind().execute(sa.text("SELECT name FROM toys")).all()',
)
TAKING = (
    (BATCH + 'drop_column("note")', "DropColumnOp"),
    ('op.drop_table("toys")', "DropTableOp"),
    ('op.rename_table("toys", "games")', "RenameTableOp"),
    (COLUMN + ", nullable=False))", "NOT NULL without a server default"),
    (BATCH + 'add_column(sa.Column("kind", sa.Integer, nullable=False))', "NOT NULL without"),
    (BATCH + 'alter_column("name", type_=sa.String(10))', "another type"),
    (BATCH + 'alter_column("name", new_column_name="title")', "is renamed"),
    (BATCH + 'alter_column("box_id", nullable=False)', "becomes NOT NULL"),
    (BATCH + 'alter_column("name", server_default=None)', "loses its server default"),
    ('op.drop_index("uq_toys_box", table_name="toys")', "unique index uq_toys_box goes"),
    ('op.create_index("uq_toys_name", "toys", ["name"], unique=True)', "unique index on toys"),
    (BATCH + 'create_unique_constraint("uq_toys_name", ["name"])', "CreateUniqueConstraintOp"),
    (BATCH + 'create_check_constraint("ck_toys", "name <> \'z\'")', "CreateCheckConstraintOp"),
    (
        'op.create_table("lids", sa.Column("box_id", sa.Integer, sa.ForeignKey("boxes.box_id")))',
        "keep rows of boxes from being deleted",
    ),
    ('op.execute("ALTER TABLE toys DROP COLUMN note")', "runs ALTER"),
    ('op.get_bind().execute(sa.text("DELETE FROM toys"))', "runs DELETE"),
)


@pytest.mark.parametrize("chain", [SIGNALING, RECORDER], ids=lambda chain: chain.service)
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
async def test_each_migration_only_expands_or_says_which_code_it_needs(
    chain: Chain, kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    url = sqlite_url(tmp_path / "tongke.db")
    if kind == "postgresql":
        url = request.getfixturevalue("cluster").create(f"expanding_{chain.service}")
    database = Database(url)
    async with database.engine.begin() as connection:
        found = await connection.run_sync(takings, chain, FIRST[chain.service])
    await database.close()
    marked = markers(chain)
    assert {one: taken for one, taken in found.items() if taken and one not in marked} == {}


@pytest.mark.parametrize("chain", [SIGNALING, RECORDER], ids=lambda chain: chain.service)
def test_a_contraction_names_an_earlier_migration_since_cells(chain: Chain) -> None:
    scripts = ScriptDirectory.from_config(chain.config()).walk_revisions()
    order = [one.revision for one in scripts][::-1]
    for revision, floor in markers(chain).items():
        assert order.index(FIRST[chain.service]) <= order.index(floor) < order.index(revision)


async def test_a_process_goes_on_while_its_schema_grows(database: Database, tmp_path: Path) -> None:
    later = later_version(tmp_path / "later") / "signaling" / "migrations"
    audit = AuditLog(database)

    async def write(target: str) -> None:
        async with audit.work(COMMAND, AuditAction.SECRET_ROTATE, target):
            pass

    await write("before")
    async with database.engine.begin() as connection:
        await connection.run_sync(Chain(later, "signaling").upgrade)
    await write("after")  # over the connections of before
    await migrate(database)  # as at the start of another process of this version
    await write("started")
    async with database.read() as session:
        rows = (await session.execute(text("SELECT target, written_by FROM audit_log"))).all()
    assert set(rows) == {(target, FORMER) for target in ("before", "after", "started")}


def _toys(folder: Path, body: str) -> Chain:
    (folder / "versions").mkdir()
    (folder / "env.py").write_text(TOYS)
    (folder / "versions" / "v1.py").write_text(BEFORE)
    (folder / "versions" / "v2.py").write_text(AFTER.format(body=body))
    return Chain(folder, "toys")


async def _taken(folder: Path, body: str) -> list[str]:
    engine = create_async_engine(sqlite_url(folder / "toys.db"))
    async with engine.begin() as connection:
        found = await connection.run_sync(takings, _toys(folder, body), "2")
    await engine.dispose()
    return found["2"]


@pytest.mark.parametrize("body", EXPANDING)
async def test_what_only_expands_is_let_pass(tmp_path: Path, body: str) -> None:
    assert await _taken(tmp_path, body) == []


@pytest.mark.parametrize(("body", "told"), TAKING)
async def test_what_takes_something_is_told(tmp_path: Path, body: str, told: str) -> None:
    taken = await _taken(tmp_path, body)
    assert len(taken) == 1
    assert told in taken[0]

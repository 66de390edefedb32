"""Drafts of former databases: they lie at their teacher's school, and are edited like new ones."""

from sqlalchemy import text

from signaling.access.roles import Actor, Role
from signaling.base.database import Database
from signaling.base.migrate import migrate
from signaling.directory.store import PeopleStore
from signaling.directory.tables import ROOT_NODE
from signaling.library.versions.store import load, page_of_own
from signaling.library.versions.wire import VersionState
from tests.support.schema import take_back

BEFORE = "0017"
_DRAFT = text(
    "INSERT INTO resources (resource_id, kind, state, recording_id, lesson_id, lead_teacher_id,"
    " title, subject, grade, class_kind, lead_teacher, started_at, created_at, updated_at) VALUES"
    " (:id, 'recording', 'draft', :id, 'l', :teacher, '浮力', '物理', '八年级', 'dedicated',"
    " '王', CURRENT_TIMESTAMP, CURRENT_TIMESTAMP, CURRENT_TIMESTAMP)"
)


async def test_a_former_draft_has_its_place_and_a_first_version(
    database: Database, people: PeopleStore
) -> None:
    wang = await people.person("wang")
    assert wang is not None
    await take_back(database, BEFORE)
    async with database.write() as session:
        for resource_id, teacher in (("hers", "wang"), ("lost", "nobody-any-more")):
            await session.execute(_DRAFT, {"id": resource_id, "teacher": teacher})
    await migrate(database)
    async with database.read() as session:
        hers, lost = await load(session, "hers"), await load(session, "lost")
        assert hers is not None
        assert lost is not None
        assert f"/{hers.row.node_id}/" in wang.path
        assert (hers.path, hers.state) == (wang.path, VersionState.DRAFT)
        assert (lost.row.node_id, lost.state) == (ROOT_NODE, VersionState.DRAFT)
        owner = Actor("wang", "王", frozenset({Role.LEAD_TEACHER}))
        own, _ = await page_of_own(session, owner, limit=10, before=None)
        assert [one.resource_id for one in own] == ["hers"]

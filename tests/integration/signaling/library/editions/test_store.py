"""The SQL of editions in both engines."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import update

from signaling.base.database import Database
from signaling.base.problem_codes import ProblemCode
from signaling.library.editions import store
from signaling.library.editions.tables import EditionRow
from signaling.library.versions.tables import PublicationRow
from signaling.library.wire import EditionState
from tests.support.publications import BEGIN, publish, resource_id


def _row(number: int, state: EditionState = EditionState.WAITING) -> EditionRow:
    return EditionRow(
        resource_id=resource_id(number),
        number=1,
        recording_id=f"recording-{number}",
        edition_id="a" * 32,
        state=state,
        job_id=None,
        media_s=60.5,
        changed_at=BEGIN + timedelta(seconds=10 - number),
    )


async def test_editions_are_found_by_what_is_to_be_done_with_them(database: Database) -> None:
    await publish(database, 4)
    async with database.write() as session:
        session.add_all([_row(0), _row(1), _row(2, EditionState.READY)])
        await session.execute(
            update(PublicationRow)
            .where(PublicationRow.resource_id == resource_id(2))
            .values(withdrawn_at=BEGIN)
        )
    async with database.write() as session:
        found = await store.due(session, 5)
        assert [one.row.resource_id for one in found] == [resource_id(1), resource_id(0)]
        assert found[0].version.number == 1
        (one,) = await store.unwanted(session, 5)
        assert one.resource_id == resource_id(2)
        ((former, publication, version),) = await store.without(session, 5)
        assert former.resource_id == publication.resource_id == resource_id(3)
        assert version.number == 1
        assert await store.counted(session, EditionState.WAITING) == 2
        shared = await store.ready_as(session, "recording-2", "a" * 32)
        assert shared is not None
        assert shared.media_s == 60.5


async def test_a_state_follows_only_the_one_that_was_seen(database: Database) -> None:
    await publish(database, 1)
    async with database.write() as session:
        session.add(_row(0))
    async with database.read() as session:
        seen = await store.edition(session, resource_id(0), 1)
    assert seen is not None
    async with database.write() as session:
        assert not await store.bring(session, seen, EditionState.READY, BEGIN)
        assert await store.bring(session, seen, EditionState.ORDERED, BEGIN, job_id="j1")
        assert not await store.bring(session, seen, EditionState.ORDERED, BEGIN, job_id="j2")
        ordered = await store.of_job(session, "j1")
        assert ordered is not None
        failed = {"problem": ProblemCode.JOB_DIED}
        assert await store.bring(session, ordered, EditionState.FAILED, BEGIN, **failed)
    async with database.write() as session:
        (last,) = await store.in_state(session, EditionState.FAILED, 5, before=BEGIN)
        assert await store.bring(session, last, EditionState.REMOVING, BEGIN)
    async with database.write() as session:
        (last,) = await store.in_state(session, EditionState.REMOVING, 5)
        assert not await store.shared(session, last)
        await store.forget(session, last)
    async with database.read() as session:
        assert await store.edition(session, resource_id(0), 1) is None

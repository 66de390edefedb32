"""Many at once: of each race one wins, the others are told, and the rows agree. Both engines."""

import asyncio
from collections.abc import Awaitable, Collection, Sequence
from typing import Any, cast

import pytest
from sqlalchemy import func, select

from recorder.api import EditionOrder, Entry, Manifest
from signaling.access.roles import ROOT_PATH, Actor, Role, held_in
from signaling.audit.log import AuditLog
from signaling.base.database import Database
from signaling.base.errors import SignalingError
from signaling.directory.tables import PersonRow
from signaling.directory.tree import add_county, add_school
from signaling.identity.passwords import Passwords
from signaling.jobs.service import JobService
from signaling.jobs.store import JobStore
from signaling.library.attachments.service import Attachments
from signaling.library.captions.service import Captions
from signaling.library.drafts import Drafts
from signaling.library.editions.service import EditionKeeper
from signaling.library.indexing import index_of
from signaling.library.publishing.service import Publishing
from signaling.library.publishing.wire import PublicationSet, ResourcePublish
from signaling.library.review.service import Reviewing
from signaling.library.review.wire import ReviewPass, ReviewReject
from signaling.library.store import ResourceStore
from signaling.library.tables import ResourceRow
from signaling.library.uploads.service import Uploads
from signaling.library.versions.checks import Checks
from signaling.library.versions.ground import ResourceGround
from signaling.library.versions.reading import Beside, ResourceReader
from signaling.library.versions.service import ResourceEditing
from signaling.library.versions.tables import (
    PublicationRow,
    ResourceReviewRow,
    ResourceVersionRow,
)
from signaling.library.versions.wire import (
    DraftSave,
    ResourceEdits,
    ResourceMetadata,
    ResourceSubmit,
    ResourceWithdraw,
    ShareScope,
    Stage,
    WithdrawReason,
)
from tests.integration.signaling.library.entries import AT, an_entry
from tests.support.made_once import CHEAP_HASH
from tests.support.services import ManualClock

OWNER = Actor("wang", "王", frozenset({Role.LEAD_TEACHER}))
METADATA = ResourceMetadata(
    "浮力",
    subject="物理",
    stage=Stage.JUNIOR,
    grade="八年级",
    teacher_name="王",
    school_name="中心校",
)
AT_ONCE = 5


def reviewer(number: int = 0) -> Actor:
    roles = [Role.RESOURCE_ADMIN]
    return Actor(f"zhao{number}", "赵", frozenset(roles), grants=held_in(ROOT_PATH, roles))


class _Recorder:
    """Everything is finished, and there is nothing in it."""

    def edition_id(self, order: EditionOrder) -> str:
        return "edition"

    async def seal(self, recording_id: str) -> Entry:
        return an_entry(recording_id, "l")

    async def manifest(self, recording_id: str) -> Manifest:
        return Manifest(an_entry(recording_id, "l"), (), ())

    async def entries_of(self, recording_ids: Collection[str]) -> dict[str, Entry]:
        return {one: an_entry(one, "l") for one in recording_ids}


class _Works:
    """A resource, and the services over it."""

    def __init__(self, database: Database) -> None:
        clock, recorder = ManualClock(), cast(Any, _Recorder())
        self.database = database
        audit, jobs = AuditLog(database, clock), JobStore(database)
        self.ground = ResourceGround(
            database,
            audit,
            clock,
            recorder,
            index_of(database),
            Checks(),
        )
        drafts = Drafts(recorder, ResourceStore(database), clock)
        job_service, no_files = JobService(jobs, audit, clock, 30), cast(Any, None)
        attachments = Attachments(self.ground, no_files)
        captions = Captions(self.ground, job_service, jobs, installed=False)
        self.editing = ResourceEditing(self.ground, attachments, captions)
        editions = EditionKeeper(self.ground, recorder, job_service, jobs)
        beside = Beside(
            editions, Uploads(self.ground, recorder, no_files, job_service, jobs), attachments
        )
        self.reviewing = Reviewing(self.ground, ResourceReader(self.ground, drafts, beside))
        self.publishing = Publishing(self.ground, Passwords(hasher=CHEAP_HASH), editions)
        self.resource_id = ""

    async def begin(self) -> None:
        async with self.database.write() as session:
            await add_county(session, "county", "县")
            await add_school(session, "school", "county", "校", "x")
            session.add(
                PersonRow(
                    person_id="wang", login="wang", name="王", password_hash="x", node_id="school"
                )
            )
        await ResourceStore(self.database).follow([an_entry("r", "l")], AT)
        async with self.database.read() as session:
            row = (await session.scalars(select(ResourceRow))).one()
        assert row.node_id == "school"
        self.resource_id = row.resource_id

    async def revision(self) -> int:
        async with self.database.read() as session:
            query = select(ResourceVersionRow.revision).order_by(ResourceVersionRow.number.desc())
            return await session.scalar(query.limit(1)) or 0

    async def save(self, title: str = "浮力") -> None:
        metadata = ResourceMetadata(
            **{name: getattr(METADATA, name) for name in METADATA.__struct_fields__}
            | {"title": title}
        )
        wish = DraftSave(await self.revision(), metadata, ResourceEdits())
        await self.editing.save(OWNER, self.resource_id, wish)

    async def submit(self) -> None:
        wish = ResourceSubmit(await self.revision(), True)
        await self.editing.submit(OWNER, self.resource_id, wish)

    async def passed(self) -> None:
        await self.save()
        await self.submit()
        wish = ReviewPass(await self.revision())
        await self.reviewing.pass_(reviewer(), self.resource_id, wish)

    async def published(self) -> None:
        await self.passed()
        wish = ResourcePublish(1, ShareScope.PUBLIC)
        await self.publishing.publish(reviewer(), self.resource_id, wish)

    async def counted(self, table: Any, *conditions: Any) -> int:
        async with self.database.read() as session:
            query = select(func.count()).select_from(table).where(*conditions)
            return await session.scalar(query) or 0


@pytest.fixture
async def works(database: Database) -> _Works:
    made = _Works(database)
    await made.begin()
    return made


async def _winners(tries: Sequence[Awaitable[None]]) -> int:
    """How many came through; the others were refused in words."""
    done = await asyncio.gather(*tries, return_exceptions=True)
    assert all(one is None or isinstance(one, SignalingError) for one in done), done
    return sum(one is None for one in done)


async def test_the_first_save_makes_one_version(works: _Works) -> None:
    wishes = [DraftSave(0, ResourceMetadata(f"第{n}个"), ResourceEdits()) for n in range(AT_ONCE)]
    tries = [works.editing.save(OWNER, works.resource_id, one) for one in wishes]
    assert await _winners(tries) == 1
    assert await works.counted(ResourceVersionRow) == 1


async def test_one_of_many_verdicts_counts(works: _Works) -> None:
    await works.save()
    await works.submit()
    revision = await works.revision()
    tries = [
        works.reviewing.pass_(reviewer(n), works.resource_id, ReviewPass(revision))
        for n in range(AT_ONCE)
    ]
    tries += [
        works.reviewing.reject(reviewer(9), works.resource_id, ReviewReject(revision, "x")),
        works.editing.recall(OWNER, works.resource_id),
    ]
    won = await _winners(tries)
    # What was passed may be taken back after it; the other way round nothing is left to pass.
    assert won in {1, 2}
    assert await works.counted(ResourceReviewRow) <= 1


async def test_one_publication_and_one_new_version(works: _Works) -> None:
    await works.passed()
    wish = ResourcePublish(1, ShareScope.PUBLIC)
    tries = [works.publishing.publish(reviewer(n), works.resource_id, wish) for n in range(AT_ONCE)]
    assert await _winners(tries) == 1
    assert await works.counted(PublicationRow) == 1
    tries = [works.editing.begin_version(OWNER, works.resource_id) for _ in range(AT_ONCE)]
    assert await _winners(tries) == 1
    assert await works.counted(ResourceVersionRow) == 2


async def test_who_withdraws_wins_over_who_shares(works: _Works) -> None:
    await works.published()
    share = PublicationSet(ShareScope.SIGNED_IN)
    wish = ResourceWithdraw(WithdrawReason.COPYRIGHT)
    tries = [works.publishing.share(reviewer(n), works.resource_id, share) for n in range(3)]
    tries += [works.publishing.withdraw(OWNER, works.resource_id, wish) for _ in range(3)]
    await _winners(tries)
    is_gone = PublicationRow.withdrawn_at.is_not(None)
    assert await works.counted(PublicationRow, is_gone) == 1
    assert await works.counted(ResourceRow, ResourceRow.state == "withdrawn") == 1


async def test_a_second_publication_supersedes_the_first(works: _Works) -> None:
    await works.published()
    await works.editing.begin_version(OWNER, works.resource_id)
    await works.save("第二版")
    await works.submit()
    passing = ReviewPass(await works.revision())
    await works.reviewing.pass_(reviewer(), works.resource_id, passing)
    wish = ResourcePublish(2, ShareScope.PUBLIC)
    await works.publishing.publish(reviewer(), works.resource_id, wish)
    for state, number in (("published", 2), ("superseded", 1)):
        row = ResourceVersionRow
        assert await works.counted(row, row.state == state, row.number == number) == 1

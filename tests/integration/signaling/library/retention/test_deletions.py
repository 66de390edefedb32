"""Deletions: from the notice to the last byte and the tombstone."""

from __future__ import annotations

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from recorder.service import RecorderService
from signaling.access.roles import Role
from signaling.files.holding import HeldFiles
from signaling.files.records import Holder
from signaling.files.storage import FolderFiles
from signaling.files.store import FileStore
from signaling.files.tables import FileRow
from signaling.files.use_store import FileUseStore
from signaling.jobs.kinds import JobKinds
from signaling.jobs.tables import JobRow
from signaling.library.renditions_kind import order_renditions
from signaling.library.retention.erasing import Eraser
from signaling.library.retention.erasure_kind import ERASURE
from signaling.library.retention.rules import NOTICE, SECOND_LOOK
from signaling.library.search.tables import DocumentRow
from signaling.library.tables import ResourceRow
from tests.integration.signaling.library.resource_acts import Stage, problem, status_of
from tests.integration.signaling.library.retention.retention_acts import (
    HERE,
    RECORDING,
    again,
    folder,
    is_there,
    rule,
    swept,
    tombstone,
)
from tests.support.jobs import carry_out_jobs
from tests.support.two_counties import OURS, THEIRS


async def _terms(session: AsyncSession) -> int:
    """How many terms the full-text index holds."""
    words = "create virtual table temp.words using fts5vocab(main, search_tokens, 'row')"
    await session.execute(text(words))
    return await session.scalar(text("select count(*) from temp.words")) or 0


async def test_a_rule_deletes_after_its_days_and_a_notice_and_leaves_no_byte(at: Stage) -> None:
    services, place = at.world.services, folder(at)
    editions = place / "editions" / ("e" * 32)
    editions.mkdir(parents=True)
    (editions / "manifest.json").write_bytes(b"{}")
    await rule(at, HERE.school, 30)
    at.clock.advance(days=22)
    await swept(at)
    owner = await again(at, HERE.teacher)
    assert (await owner.call("GET", "/api/deletions/mine"))["deletions"] == []
    at.clock.advance(days=2)
    await swept(at)
    owner = await again(at, HERE.teacher)
    (told,) = (await owner.call("GET", "/api/deletions/mine"))["deletions"]
    assert (told["resource_id"], told["days"]) == (at.resource_id, 30)
    assert told["noticed_at"] is not None
    at.clock.advance(days=6, hours=23)
    await swept(at)  # the days are over, and the week after the notice is not
    assert await is_there(at)
    at.clock.advance(hours=1)
    await swept(at)
    assert not await is_there(at)
    assert not place.exists()
    gone = await tombstone(at)
    assert gone is not None
    assert (gone.reason, gone.days, gone.rule_node_id) == (RECORDING, 30, HERE.school)
    assert gone.erased_at is not None
    assert gone.by_id == "system"
    recorder = services.recorder
    assert isinstance(recorder, RecorderService)
    assert await recorder.entries_of(["recording-1"]) == {}
    async with services.database.read() as session:
        assert await session.scalar(select(func.count()).select_from(DocumentRow)) == 0
        assert await _terms(session) == 0
        left = text("select count(*) from recorder_recordings")
        assert await session.scalar(left) == 0


async def test_a_start_makes_no_draft_of_what_was_deleted(at: Stage) -> None:
    """The recorder may still list it: the job has not run, or its database was restored."""
    services = at.world.services
    entries = list((await services.recorder.entries_of(["recording-1"])).values())
    await at.teacher.call("POST", f"{at.path}/delete", {"note": "拍错了"})
    await services.drafts._store.follow(entries, at.clock.now())
    assert not await is_there(at)
    async with services.database.read() as session:
        assert await session.scalar(select(func.count()).select_from(ResourceRow)) == 0


async def test_what_was_published_is_withdrawn_first_and_then_deleted_by_the_county(
    at: Stage,
) -> None:
    await at.published("public")
    delete = {"note": "版权问题"}
    owners = problem(at.teacher.call("POST", f"{at.path}/delete", delete))
    assert await owners == (409, "resource_is_published")
    await at.withdraw()
    assert await problem(at.teacher.call("POST", f"{at.path}/delete", delete)) == (403, "forbidden")
    assert (await at.teacher.call("GET", f"{at.path}/retention"))["may_delete"] is False
    assert (await at.operator.call("GET", f"{at.path}/retention"))["may_delete"] is True
    await at.operator.call("POST", f"{at.path}/delete", delete)
    await swept(at)
    gone = await tombstone(at)
    assert gone is not None
    assert (gone.reason, gone.note, gone.was_public) == ("by_hand", "版权问题", True)
    (shown,) = (await at.operator.call("GET", "/api/deletions/done"))["tombstones"]
    assert (shown["title"], shown["by"]) == ("浮力的秘密", OURS.person(Role.COUNTY_ADMIN))
    # 410 for those who might have seen it, whoever they are; 404 is for what never was.
    guest = at.world.client()
    for path in (f"/api/library/{at.resource_id}", f"/media/resources/{at.resource_id}/1/a.webm"):
        assert await status_of(guest, path) == 410
    assert await status_of(guest, "/api/library/none-such") == 404
    assert await status_of(at.teacher, at.path) == 410


async def test_harvesters_hear_for_ever_that_it_is_deleted(at: Stage) -> None:
    await at.published("public")
    records = at.world.services.resources.records
    before = await records.one(at.resource_id)
    assert before is not None
    assert before.metadata is not None
    await at.withdraw()
    at.clock.advance(minutes=1)
    operator = await again(at, OURS.person(Role.COUNTY_ADMIN))
    await operator.call("POST", f"{at.path}/delete", {"note": "x"})
    after = await records.one(at.resource_id)
    assert after is not None
    assert after.metadata is None
    assert after.datestamp > before.datestamp
    assert [one.resource_id for one in await records.page(None, limit=10)] == [at.resource_id]
    assert await records.page((after.datestamp, at.resource_id), limit=10) == []
    assert await records.earliest() == after.datestamp
    assert await records.subjects(10) == ["物理"]
    client = at.world.client()
    listed = f"{client.base}/oai?verb=ListIdentifiers&metadataPrefix=oai_dc"
    async with client.http.get(listed) as answer:
        body = await answer.text()
    assert f"{at.resource_id}</identifier>" in body
    assert 'status="deleted"' in body


async def test_what_only_a_school_saw_is_told_to_that_school_alone(at: Stage) -> None:
    await at.published("school")
    await at.withdraw()
    await at.operator.call("POST", f"{at.path}/delete", {"note": "x"})
    path = f"/api/library/{at.resource_id}"
    colleague = await at.world.sign_in(HERE.person(Role.ASSISTANT))
    assert await status_of(colleague, path) == 410
    assert await status_of(at.world.client(), path) == 404
    theirs = await at.world.sign_in(THEIRS.person(Role.COUNTY_ADMIN))
    assert await status_of(theirs, path) == 404


async def test_what_is_under_review_or_still_recorded_stays(at: Stage) -> None:
    await rule(at, HERE.school, 30)
    await at.save()
    await at.submit()
    refused = problem(at.teacher.call("POST", f"{at.path}/delete", {"note": "x"}))
    assert await refused == (409, "resource_under_review")
    at.clock.advance(days=60)
    await swept(at)
    at.clock.advance(days=NOTICE.days)
    await swept(at)
    assert await is_there(at)


async def test_files_go_with_their_resource_but_not_those_that_another_one_uses(
    at: Stage,
) -> None:
    services = at.world.services
    held = HeldFiles(
        FileStore(services.database),
        FileUseStore(services.database),
        FolderFiles(services.config.files),
        at.clock,
    )
    own, shared = [await _kept_file(at, name) for name in ("教案.txt", "课件.txt")]
    teacher = await at.world.actor(HERE.teacher)
    async with services.audit.work(teacher, "test") as work:  # type: ignore[arg-type]
        await held.attach(work, own, Holder("attachment", at.resource_id))
        await held.attach(work, shared, Holder("attachment", f"{at.resource_id}/2"))
        await held.attach(work, shared, Holder("attachment", "another"))
    await at.teacher.call("POST", f"{at.path}/delete", {"note": "x"})
    await swept(at)
    async with services.database.read() as session:
        left = (await session.scalars(select(FileRow.file_id))).all()
    assert list(left) == [shared]
    assert await held.holders(shared) == [Holder("attachment", "another")]
    names = [one.name for one in services.config.files.rglob("*") if one.is_file()]
    assert not any(own in name for name in names)


async def _kept_file(at: Stage, name: str) -> str:
    teacher = await at.world.actor(HERE.teacher)
    files = at.world.services.kept_files
    return (await files.keep(teacher, name, "text/plain", [b"x"])).file_id


async def test_what_would_still_make_files_is_cancelled(at: Stage) -> None:
    services = at.world.services
    teacher = await at.world.actor(HERE.teacher)
    job = await order_renditions(
        services.jobs,
        teacher,
        "recording-1",
        keep=(),
        hidden_sources=(),
        cover_s=None,
        branch=HERE.school,
    )
    await at.teacher.call("POST", f"{at.path}/delete", {"note": "x"})
    async with services.database.read() as session:
        row = await session.get(JobRow, job.job_id)
    assert row is not None
    assert row.state == "cancelled"


async def test_a_storage_that_is_away_is_asked_again_and_a_second_look_follows(at: Stage) -> None:
    services = at.world.services

    class Away:
        """A recorder's storage that fails as often as it is told to."""

        def __init__(self) -> None:
            self.fails, self.removed = 3, list[str]()

        async def remove(self, recording_id: str) -> None:
            if self.fails:
                self.fails -= 1
                raise OSError("the bucket does not answer")
            self.removed.append(recording_id)

        async def close(self) -> None:
            pass

    away = Away()
    eraser = Eraser(lambda: away, FolderFiles(services.config.files))
    own = JobKinds().add(ERASURE, eraser.carry_out)
    await at.teacher.call("POST", f"{at.path}/delete", {"note": "x"})
    await services.resources.deletions.submit_due()
    for _ in range(3):
        await carry_out_jobs(services, own)
        at.clock.advance(minutes=1)
    gone = await tombstone(at)
    assert gone is not None
    assert (gone.erased_at, gone.problem) == (None, "erasure_failed")
    await services.resources.deletions.submit_due()
    await carry_out_jobs(services, own)
    assert away.removed == []  # not at once: ten minutes are given
    at.clock.advance(minutes=10)
    await services.resources.deletions.submit_due()
    await carry_out_jobs(services, own)
    assert away.removed == ["recording-1"]
    at.clock.advance(seconds=SECOND_LOOK.total_seconds())
    await services.resources.deletions.submit_due()
    await carry_out_jobs(services, own)
    assert away.removed == ["recording-1"] * 2
    gone = await tombstone(at)
    assert gone is not None
    assert gone.problem == ""
    assert gone.checked_at is not None
    at.clock.advance(days=30)
    await services.resources.deletions.submit_due()
    assert await carry_out_jobs(services, own) == 0

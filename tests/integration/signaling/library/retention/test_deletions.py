"""From the rule to the last byte: notice, hold, deletion, tombstone."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest_asyncio
from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from recorder.recordings.removing import open_remover
from recorder.service import RecorderService
from signaling.access.roles import Role
from signaling.audit.actions import AuditAction
from signaling.audit.tables import AuditRow
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
from signaling.library.retention.export_kind import DELETION_EXPORT
from signaling.library.retention.exporting import DeletionExporter
from signaling.library.retention.rules import NOTICE, SECOND_LOOK
from signaling.library.retention.title_hash import hash_of
from signaling.library.retention.wire import (
    RetentionChoice,
    RetentionKind,
    RetentionRuleSet,
)
from signaling.library.search.tables import DocumentRow
from signaling.library.tables import ResourceRow, TombstoneRow
from tests.integration.signaling.library.resource_acts import Stage, problem, stage, status_of
from tests.support.jobs import carry_out_jobs
from tests.support.resources import shelve
from tests.support.server import Client
from tests.support.two_counties import OURS, THEIRS

HERE, NEXT_DOOR = OURS.school(1), OURS.school(2)
RECORDING, WITHDRAWN = RetentionKind.UNPUBLISHED_RECORDING, RetentionKind.WITHDRAWN


@pytest_asyncio.fixture
async def at(tmp_path: Path) -> AsyncIterator[Stage]:
    async with stage(tmp_path) as one:
        yield one


async def rule(
    at: Stage, node_id: str, days: int | None, kind: RetentionKind = RECORDING, title: bool = True
) -> None:
    choice = RetentionChoice.KEEP if days is None else RetentionChoice.DELETE
    admin = await at.world.actor(OURS.person(Role.COUNTY_ADMIN))
    wish = RetentionRuleSet(node_id, kind, choice, days, title)
    await at.world.services.resources.retention.policies.set(admin, wish)


def kinds(at: Stage) -> JobKinds:
    config = at.world.services.config
    eraser = Eraser(
        lambda: open_remover(config.data, config.database, None, None), FolderFiles(config.files)
    )
    found = JobKinds().add(ERASURE, eraser.carry_out)
    return found.add(DELETION_EXPORT, DeletionExporter(config.zone).export)


async def swept(at: Stage) -> None:
    """What the server does by itself, and what its worker does then."""
    await at.world.services.resources.deletions.sweep()
    await carry_out_jobs(at.world.services, kinds(at))


async def tombstone(at: Stage, resource_id: str = "") -> TombstoneRow | None:
    async with at.world.services.database.read() as session:
        return await session.get(TombstoneRow, resource_id or at.resource_id)


async def is_there(at: Stage) -> bool:
    async with at.world.services.database.read() as session:
        return await session.get(ResourceRow, at.resource_id) is not None


def folder(at: Stage, recording_id: str = "recording-1") -> Path:
    return at.world.services.config.data / "recordings" / recording_id


async def again(at: Stage, who: str) -> Client:
    """Sign in after the days that passed."""
    return await at.world.sign_in(who)


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


async def test_the_nearest_rule_counts_and_without_one_all_is_kept(at: Stage) -> None:
    at.clock.advance(days=500)
    operator = await again(at, OURS.person(Role.COUNTY_ADMIN))
    path = "/api/deletions/due"
    assert (await operator.call("GET", path))["deletions"] == []
    await rule(at, OURS.mark, 90)
    (due,) = (await operator.call("GET", path))["deletions"]
    assert (due["days"], due["rule_place"], due["place"]) == (90, OURS.mark, HERE.school)
    await rule(at, HERE.school, 60)
    (due,) = (await operator.call("GET", path))["deletions"]
    assert (due["days"], due["rule_place"]) == (60, HERE.school)
    await rule(at, HERE.school, None)
    assert (await operator.call("GET", path))["deletions"] == []


async def test_the_list_is_in_the_order_of_its_dates_and_has_pages_and_filters(at: Stage) -> None:
    services = at.world.services
    for number, place in ((2, HERE), (3, NEXT_DOOR), (4, NEXT_DOOR)):
        await shelve(
            services,
            f"recording-{number}",
            teacher=place.teacher,
            room=place.room,
            title=f"第{number}课",
            minutes=number,
        )
    await rule(at, OURS.mark, 40)
    await rule(at, NEXT_DOOR.school, 20)
    operator = at.operator
    whole = (await operator.call("GET", "/api/deletions/due"))["deletions"]
    assert [one["title"] for one in whole] == ["第3课", "第4课", "课", "第2课"]
    assert [one["due_at"] for one in whole] == sorted(one["due_at"] for one in whole)
    paged: list[str] = []
    query = "?limit=1"
    while True:
        page = await operator.call("GET", f"/api/deletions/due{query}")
        paged += [one["title"] for one in page["deletions"]]
        if page["next"] is None:
            break
        query = f"?limit=1&before={page['next']}"
    assert paged == ["第3课", "第4课", "课", "第2课"]

    async def titles(query: str, who: Client = operator) -> list[str]:
        found = await who.call("GET", f"/api/deletions/due?{query}")
        return [one["title"] for one in found["deletions"]]

    assert await titles("within=30") == ["第3课", "第4课"]
    for within in ("000000000999999999999", "3651", "-1", "x"):
        asked = operator.call("GET", f"/api/deletions/due?within={within}")
        assert await problem(asked) == (422, "invalid"), within
    assert await titles(f"node={NEXT_DOOR.school}") == ["第3课", "第4课"]
    assert await titles("q=第2") == ["第2课"]
    assert await titles("kind=withdrawn") == []
    body = {"reason": "纪检要求", "until": None}
    await operator.call("POST", f"{at.path}/legal-hold", body)
    assert await titles("held=true") == ["课"]
    assert await titles("held=false") == ["第3课", "第4课", "第2课"]
    # The resource admin of a school sees the own school; another county sees nothing.
    assert await titles("", at.school_admin) == ["课", "第2课"]
    theirs = await at.world.sign_in(THEIRS.person(Role.COUNTY_ADMIN))
    assert await titles(f"node={OURS.mark}", theirs) == []
    assert await problem(at.teacher.call("GET", "/api/deletions/due")) == (403, "forbidden")


async def test_a_legal_hold_blocks_the_rule_and_the_hand(at: Stage) -> None:
    await rule(at, HERE.school, 30)
    at.clock.advance(days=24)
    await swept(at)  # the owner was told
    operator = await again(at, OURS.person(Role.COUNTY_ADMIN))
    body = {"reason": "家长投诉,等待处理", "until": None}
    shown = await operator.call("POST", f"{at.path}/legal-hold", body)
    assert shown["hold"]["reason"] == body["reason"]
    assert shown["hold"]["by"] == OURS.person(Role.COUNTY_ADMIN)
    at.clock.advance(days=60)
    await swept(at)
    assert await is_there(at)
    operator = await again(at, OURS.person(Role.COUNTY_ADMIN))
    refused = problem(operator.call("POST", f"{at.path}/delete", {"note": "x"}))
    assert await refused == (409, "resource_held")
    owner = await again(at, HERE.teacher)
    assert (await problem(owner.call("POST", f"{at.path}/delete", {"note": "x"})))[0] == 409
    assert (await owner.call("GET", "/api/deletions/mine"))["deletions"] == []
    (hold,) = (await operator.call("GET", "/api/legal-holds"))["holds"]
    assert hold["resource_id"] == at.resource_id
    await operator.call("POST", f"{at.path}/legal-hold/release", {"reason": "已处理"})
    await swept(at)  # told anew, not deleted at once
    assert await is_there(at)
    at.clock.advance(days=NOTICE.days)
    await swept(at)
    assert not await is_there(at)
    operator = await again(at, OURS.person(Role.COUNTY_ADMIN))
    assert (await operator.call("GET", "/api/legal-holds"))["holds"] == []
    (ended,) = (await operator.call("GET", "/api/legal-holds?all=true"))["holds"]
    assert ended["release_reason"] == "已处理"


async def test_a_hold_ends_with_its_time(at: Stage) -> None:
    until = (at.clock.now() + timedelta(days=5)).isoformat()
    await at.operator.call("POST", f"{at.path}/legal-hold", {"reason": "案件", "until": until})
    assert (await at.operator.call("GET", f"{at.path}/retention"))["hold"]["until"] is not None
    second = at.operator.call("POST", f"{at.path}/legal-hold", {"reason": "又一件"})
    assert await problem(second) == (409, "resource_held")
    at.clock.advance(days=5)
    operator = await again(at, OURS.person(Role.COUNTY_ADMIN))
    assert (await operator.call("GET", f"{at.path}/retention"))["hold"] is None
    await operator.call("POST", f"{at.path}/legal-hold", {"reason": "又一件"})
    past = operator.call("POST", f"{at.path}/legal-hold", {"reason": "x", "until": until})
    assert await problem(past) == (422, "in_the_past")
    assert await problem(at.teacher.call("GET", "/api/legal-holds")) != (200, None)


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


async def test_a_rule_that_keeps_no_title_keeps_a_trace_alone(at: Stage) -> None:
    await rule(at, OURS.mark, 30, title=False)
    await at.teacher.call("POST", f"{at.path}/delete", {"note": "x"})
    gone = await tombstone(at)
    assert gone is not None
    assert (gone.title, gone.title_hash) == ("", hash_of("课"))
    (entry,) = await at.world.services.audit.entries(AuditAction.RESOURCE_DELETE)
    assert "课" not in entry.detail
    async with at.world.services.database.read() as session:
        query = select(AuditRow.target_name).where(AuditRow.action == AuditAction.RESOURCE_DELETE)
        assert list(await session.scalars(query)) == [f"#{hash_of('课')[:12]}"]


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


async def test_the_list_is_exported_as_the_page_shows_it(at: Stage) -> None:
    await rule(at, OURS.mark, 40)
    services = at.world.services
    body: dict[str, Any] = {"language": "zh", "kind": None, "node_id": None}
    job = await at.operator.call("POST", "/api/deletions/exports", body)
    await carry_out_jobs(services, kinds(at))
    done = await at.operator.call("GET", f"/api/jobs/{job['job_id']}")
    assert done["result"]["rows"] == 1
    assert done["result"]["name"].startswith("将删除的资源")


async def test_each_resource_says_why_it_is_kept_or_goes(at: Stage) -> None:
    """Also a resource that no rule names, and one that its nearest rule keeps."""
    path = f"{at.path}/retention"

    async def told() -> tuple[Any, ...]:
        facts = await at.operator.call("GET", path)
        due = facts["due"] and facts["due"]["rule_place"]
        return facts["kept_because"], facts["keeping_place"], due

    facts = await at.teacher.call("GET", path)
    assert (facts["kept_because"], facts["due"], facts["may_hold"]) == ("no_rule", None, False)
    assert (facts["title"], facts["place"], facts["notice_days"]) == ("课", HERE.school, 7)
    await rule(at, HERE.school, None)
    assert await told() == ("rule_keeps", HERE.school, None)
    await rule(at, HERE.school, 40)
    assert await told() == (None, "", HERE.school)
    await at.save()
    await at.submit()
    assert await told() == ("under_review", "", None)
    await at.pass_()
    await at.publish("school")
    assert await told() == ("published", "", None)
    await at.withdraw()
    assert await told() == ("no_rule", "", None)  # the rule is about recordings


async def test_any_resource_of_the_own_places_is_found_by_its_title(at: Stage) -> None:
    services = at.world.services
    for number in range(52):
        await shelve(
            services,
            f"found-{number}",
            teacher=NEXT_DOOR.teacher,
            room=NEXT_DOOR.room,
            title=f"50%_{number}" if number < 51 else "别的",
            minutes=number,
        )

    async def found(words: str, who: Client = at.operator) -> tuple[list[str], bool]:
        query = urlencode({"q": words})
        answer = await who.call("GET", f"/api/deletions/resources?{query}")
        return [one["title"] for one in answer["resources"]], answer["more"]

    titles, more = await found("50%_")
    assert (titles[0], len(titles), more) == ("50%_50", 50, True)
    assert await found("%别") == ([], False)  # the database's wildcards are letters here
    assert await found("别的") == (["别的"], False)
    assert await found("") == ([], False)
    assert await found("别的", at.school_admin) == ([], False)  # of another school
    await at.operator.call("POST", f"{at.path}/legal-hold", {"reason": "申诉"})
    one = await at.operator.call("GET", f"/api/deletions/resources?{urlencode({'q': '课'})}")
    assert [(row["resource_id"], row["held"]) for row in one["resources"]] == [
        (at.resource_id, True)
    ]
    assert await problem(found("课", at.teacher)) == (403, "forbidden")


async def test_rules_say_what_they_cannot_be(at: Stage) -> None:
    body: dict[str, Any] = {
        "node_id": HERE.school,
        "kind": "withdrawn",
        "choice": "delete",
        "days": 30,
    }
    put = at.operator.call
    listed = await put("PUT", "/api/retention-rules", body)
    assert [(one["node_id"], one["days"]) for one in listed["rules"]] == [(HERE.school, 30)]
    assert listed["notice_days"] == NOTICE.days
    for change, wanted in (
        ({"days": None}, (422, "missing")),
        ({"days": 6}, (422, "invalid")),
        ({"choice": "keep"}, (422, "invalid")),
        ({"node_id": THEIRS.mark}, (422, "unknown_node")),
    ):
        assert await problem(put("PUT", "/api/retention-rules", body | change)) == wanted
    school = at.school_admin.call("PUT", "/api/retention-rules", body)
    assert await problem(school) == (403, "forbidden")
    seen = (await at.school_admin.call("GET", "/api/retention-rules"))["rules"]
    assert [one["settable"] for one in seen] == [False]
    inherit = {"node_id": HERE.school, "kind": "withdrawn", "choice": "inherit"}
    assert (await put("PUT", "/api/retention-rules", inherit))["rules"] == []

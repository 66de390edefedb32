"""自动排课 over HTTP: nothing is written before 采纳, and then all of it or nothing."""

import asyncio
import threading
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from signaling.command.seed import CENTER_SCHOOL, LEAD_ROOM, LEAD_TEACHER
from signaling.command.work import job_kinds
from signaling.directory.tables import SchoolRow, TeacherSubjectRow
from signaling.lessons.tables import LessonRow
from signaling.timetable.events import TimetableChanged
from signaling.timetable.proposals import service, solver_missing
from signaling.timetable.proposals.core.proposal import Proposal
from signaling.timetable.proposals.solver.search import Search
from signaling.timetable.tables import PlanRow
from tests.integration.signaling.stores import on_both_stores
from tests.support.jobs import carry_out_jobs
from tests.support.planned_county import (
    COUNTY_ID,
    SECOND_LEAD_ROOM,
    SECOND_TEACHER,
    PlannedCounty,
    planned_county,
)
from tests.support.server import ProblemError
from tests.support.waiting import until

PATH = "/api/timetable/proposals"
FAR_S = 120  # the longest limit


def need(**more: Any) -> dict[str, Any]:
    """Two music lessons a week of the first teacher's, for 山泉教学点."""
    return {
        "subject_id": "music",
        "title": "音乐",
        "grade": "一年级",
        "class_kind": "dedicated",
        "lead_teacher_ids": [LEAD_TEACHER],
        "lead_room_ids": [LEAD_ROOM],
        "seats": [{"room_id": "shanquan1", "class_id": "shanquan-1"}],
        "lengths": [1, 1],
        "weeks": "1-16周",
    } | more


def wish(county: PlannedCounty, **more: Any) -> dict[str, Any]:
    return {
        "county_id": COUNTY_ID,
        "term_id": county.term["term_id"],
        "school_id": CENTER_SCHOOL,
        "begins": "2026-08-31",
        "limit_s": 20,
    } | more


async def proposed(county: PlannedCounty, **more: Any) -> dict[str, Any]:
    """Ask for a proposal and wait for it; returns the detail."""
    started = await county.admin.call("POST", PATH, wish(county, **more))
    assert (started["state"], started["ready"]) == ("open", False)
    await carry_out(county, started["job_id"])
    found: dict[str, Any] = await county.admin.call("GET", f"{PATH}/{started['proposal_id']}")
    return found


async def carry_out(county: PlannedCounty, job_id: str) -> dict[str, Any]:
    """Carry out what is due; returns the job."""
    await carry_out_jobs(county.services, job_kinds(county.services.config))
    job: dict[str, Any] = await county.admin.call("GET", f"/api/jobs/{job_id}")
    return job


async def accept(county: PlannedCounty, proposal: dict[str, Any]) -> dict[str, Any]:
    """采纳, carried out; returns the job."""
    summary = proposal["summary"]
    path = f"{PATH}/{summary['proposal_id']}/accept"
    accepted = await county.admin.call("POST", path, {"version": summary["version"]})
    return await carry_out(county, accepted["job_id"])


async def written(county: PlannedCounty) -> tuple[int, int, int]:
    """How much of a timetable there is: plans, lessons and their changes."""
    async with county.services.database.read() as session:
        plans = await session.scalar(select(func.count()).select_from(PlanRow))
        lessons = await session.scalar(select(func.count()).select_from(LessonRow))
        changes = await session.scalar(select(func.sum(LessonRow.version)))
    return plans or 0, lessons or 0, changes or 0


def places(proposal: dict[str, Any]) -> list[tuple[int, int]]:
    """The slots of the placed lessons."""
    found = [one["place"] for one in proposal["lessons"] if one["place"] is not None]
    return sorted((place["weekday"], place["period"]) for place in found)


@on_both_stores
async def test_a_proposal_writes_nothing_until_it_is_accepted(
    tmp_path: Path, store: dict[str, str]
) -> None:
    async with planned_county(tmp_path, **store) as county:
        told: list[TimetableChanged] = []

        async def hear(event: TimetableChanged) -> None:
            told.append(event)

        county.services.events.subscribe(TimetableChanged, hear)
        before = await written(county)
        proposal = await proposed(county, needs=[need()])
        assert proposal["summary"]["ready"]
        assert (proposal["summary"]["placed"], proposal["conflicts"]) == (2, [])
        days = [day for day, _ in places(proposal)]
        assert len(set(days)) == 2
        assert await written(county) == before
        job = await accept(county, proposal)
        assert job["state"] == "done", job["problem"]
        assert job["result"]["plans_created"] == 2
        plans = (await county.admin.call("GET", "/api/timetable/plans"))["plans"]
        assert sorted((one["weekday"], one["period"]) for one in plans) == places(proposal)
        assert {one["weeks"] for one in plans} == {"1-16周"}
        week = await county.week(3)
        assert len(week["lessons"]) == 2
        (event,) = told
        assert LEAD_TEACHER in event.person_ids
        assert {one["lesson_id"] for one in week["lessons"]} <= event.lesson_ids
        shown = await county.admin.call("GET", f"{PATH}/{proposal['summary']['proposal_id']}")
        assert shown["summary"]["state"] == "accepted"


async def test_lessons_that_stay_keep_their_slots(tmp_path: Path) -> None:
    async with planned_county(tmp_path) as county:
        await county.plan(weekday=1, period=1)
        week = [{"weekday": 1, "period": 1}, {"weekday": 2, "period": 1}]
        proposal = await proposed(county, needs=[need(lengths=[1], slots=week)], move_plans=False)
        assert places(proposal) == [(2, 1)]
        assert (await accept(county, proposal))["state"] == "done"


async def test_periods_that_a_teacher_or_a_school_forbids_stay_free(tmp_path: Path) -> None:
    async with planned_county(tmp_path) as county:
        path = "/api/timetable/unwanted-periods"
        for owner, weekday in (
            ({"teacher_id": LEAD_TEACHER}, 1),
            ({"school_id": "school-shanquan"}, 2),
        ):
            marks = [{"weekday": weekday, "period": 1, "level": "forbid"}]
            week = {"county_id": COUNTY_ID, "marks": marks, "seen": []} | owner
            await county.admin.call("PUT", path, week)
        slots = [{"weekday": day, "period": 1} for day in (1, 2, 3)]
        proposal = await proposed(county, needs=[need(lengths=[1], slots=slots)])
        assert places(proposal) == [(3, 1)]
        proposal = await proposed(county, needs=[need(lengths=[1], slots=slots[:2])])
        assert (places(proposal), proposal["summary"]["unplaced"]) == ([], 1)
        kinds = {rule["kind"] for one in proposal["conflicts"] for rule in one["rules"]}
        assert kinds == {"teacher_absent", "allowed_slots"}


@on_both_stores
async def test_an_ill_teachers_lesson_goes_to_a_colleague_and_no_other_moves(
    tmp_path: Path, store: dict[str, str]
) -> None:
    async with planned_county(tmp_path, **store) as county:
        async with county.services.audit.work(None, "test") as work:  # type: ignore[arg-type]
            work.nothing_to_do()
            work.session.add(TeacherSubjectRow(person_id=SECOND_TEACHER, subject_id="music"))
        await county.plan(weekday=1, period=1)
        await county.admin.call("POST", "/api/timetable/plans", county.second(weekday=2, period=3))
        before = {one["lesson_id"]: one for one in (await county.week(3))["lessons"]}
        proposal = await proposed(county, absences=[{"teacher_id": LEAD_TEACHER}])
        moved = [one for one in proposal["lessons"] if one["moved"]]
        assert [one["place"]["lead_teacher"]["person_id"] for one in moved] == [SECOND_TEACHER]
        assert [(one["place"]["weekday"], one["place"]["period"]) for one in moved] == [(1, 1)]
        assert len(proposal["lessons"]) == 2
        job = await accept(county, proposal)
        assert job["result"] | {"proposal_id": ""} == {
            "proposal_id": "",
            "plans_created": 0,
            "plans_changed": 1,
            "lessons": 15,  # Mondays of weeks 1 to 16 without 10/5
        }
        taken_over = await county.week(3, id_=SECOND_TEACHER)
        lesson = next(one for one in taken_over["lessons"] if one["lesson_id"] in before)
        old = before[lesson["lesson_id"]]
        assert (lesson["starts_at"], lesson["version"]) == (old["starts_at"], old["version"] + 1)


async def test_from_the_middle_of_a_term_the_past_stays(tmp_path: Path) -> None:
    async with planned_county(tmp_path) as county:
        await county.plan(weekday=1, period=1)
        week = [{"weekday": 1, "period": 1}]
        absent = [{"teacher_id": LEAD_TEACHER, "slots": week}]
        proposal = await proposed(county, begins="2026-10-14", absences=absent)
        assert proposal["summary"]["begins"] == "2026-10-19"  # the Monday after, of week 8
        assert (await accept(county, proposal))["state"] == "done"
        (before,) = (await county.week(7))["lessons"]
        (after,) = (await county.week(8))["lessons"]
        assert (before["date"], before["period"]) == ("2026-10-12", 1)
        assert (after["date"], after["period"]) != ("2026-10-19", 1)


async def test_what_does_not_fit_is_named_with_the_rules_that_conflict(tmp_path: Path) -> None:
    async with planned_county(tmp_path) as county:
        async with county.services.audit.work(None, "test") as work:  # type: ignore[arg-type]
            work.nothing_to_do()
            school = await work.session.get_one(SchoolRow, CENTER_SCHOOL)
            school.max_lessons = 1
        one_slot = [{"weekday": 1, "period": 1}]
        second = need(
            title="科学",
            subject_id="science",
            lead_teacher_ids=[SECOND_TEACHER],
            lead_room_ids=[SECOND_LEAD_ROOM],
            seats=[{"room_id": "yunling1", "class_id": "yunling-1"}],
            lengths=[1],
            slots=one_slot,
        )
        proposal = await proposed(county, needs=[need(lengths=[1], slots=one_slot), second])
        assert (proposal["summary"]["placed"], proposal["summary"]["unplaced"]) == (1, 1)
        (conflict,) = proposal["conflicts"]
        assert {(one["kind"], one["name"]) for one in conflict["rules"]} == {
            ("allowed_slots", "音乐"),
            ("allowed_slots", "科学"),
            ("hosted_lessons", "青山中心小学"),
        }
        assert (set(conflict["lessons"]), conflict["proved"]) == ({"音乐", "科学"}, True)
        (missing,) = (one for one in proposal["lessons"] if one["place"] is None)
        assert missing["blocked_by"][0]["places"] <= missing["places"]


async def test_a_timetable_that_changed_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    async with planned_county(tmp_path) as county:
        plan = (await county.plan(weekday=1, period=1))["plan"]
        absent = [{"teacher_id": LEAD_TEACHER, "slots": [{"weekday": 1, "period": 1}]}]
        proposal = await proposed(county, absences=absent)
        changed = {"version": plan["version"], "plan": county.wish(weekday=4, period=5)}
        await county.admin.call("PUT", f"/api/timetable/plans/{plan['plan_id']}", changed)
        before = await written(county)
        job = await accept(county, proposal)
        assert (job["state"], job["problem"]["code"]) == ("failed", "changed_meanwhile")
        assert await written(county) == before
        shown = await county.admin.call("GET", f"{PATH}/{proposal['summary']['proposal_id']}")
        assert shown["summary"]["state"] == "open"


async def test_what_was_planned_meanwhile_is_not_planned_over(tmp_path: Path) -> None:
    async with planned_county(tmp_path) as county:
        one = [{"weekday": 1, "period": 1}]
        proposal = await proposed(county, needs=[need(lengths=[1], slots=one)])
        await county.plan(weekday=1, period=1)
        before = await written(county)
        job = await accept(county, proposal)
        assert (job["state"], job["problem"]["code"]) == ("failed", "timetable_clash")
        assert await written(county) == before


async def test_a_proposal_is_decided_once(tmp_path: Path) -> None:
    async with planned_county(tmp_path) as county:
        started = await county.admin.call("POST", PATH, wish(county, needs=[need()]))
        path = f"{PATH}/{started['proposal_id']}"
        version = {"version": started["version"]}
        with pytest.raises(ProblemError) as refused:
            await county.admin.call("POST", f"{path}/accept", version)
        assert refused.value.code == "proposal_not_ready"
        discarded = await county.admin.call("POST", f"{path}/discard", version)
        assert discarded["state"] == "discarded"
        job = await county.admin.call("GET", f"/api/jobs/{started['job_id']}")
        assert job["state"] == "cancelled"
        for action in ("accept", "discard"):
            with pytest.raises(ProblemError) as refused:
                await county.admin.call("POST", f"{path}/{action}", version)
            assert refused.value.code == "proposal_decided"
        listed = await county.admin.call("GET", PATH)
        assert [one["state"] for one in listed["proposals"]] == ["discarded"]


async def test_a_wish_that_cannot_be_names_its_field(tmp_path: Path) -> None:
    stranger = {"needs": [need(lead_teacher_ids=["nobody"])]}
    elsewhere = {"needs": [need(lead_room_ids=["shanquan1"], seats=[])]}
    async with planned_county(tmp_path) as county:
        for more, code, field in (
            (stranger, "unknown_teacher", "needs[0].lead_teacher_ids"),
            ({"needs": [need(), need(weeks="第x周")]}, "weeks_unreadable", "needs[1].weeks"),
            (elsewhere, "unknown_school", "needs[0].lead_room_ids"),
            ({"term_id": "none"}, "unknown_term", "term_id"),
            ({"begins": "2027-06-01"}, "outside_term", "begins"),
            ({"move_plans": False}, "nothing_planned", "needs"),
        ):
            assert await refusal(county, **more) == (422, code, field)


async def test_what_hinders_every_wish_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with planned_county(tmp_path) as county:
        with monkeypatch.context() as patch:
            patch.setattr(solver_missing, "find_spec", lambda _: None)
            assert await refusal(county, needs=[need()]) == (501, "solver_missing", None)
        monkeypatch.setattr(service, "MAX_OPEN", 1)
        await county.admin.call("POST", PATH, wish(county, needs=[need()]))
        assert await refusal(county, needs=[need()]) == (409, "too_many_proposals", None)


async def refusal(county: PlannedCounty, **more: Any) -> tuple[int, object, object]:
    """Ask for a proposal that cannot be; returns status, code and field."""
    with pytest.raises(ProblemError) as refused:
        await county.admin.call("POST", PATH, wish(county, **more))
    return refused.value.status, refused.value.code, refused.value.field


async def test_other_counties_and_teachers_know_nothing_of_proposals(tmp_path: Path) -> None:
    async with planned_county(tmp_path) as county:
        started = await county.admin.call("POST", PATH, wish(county, needs=[need()]))
        path, version = f"{PATH}/{started['proposal_id']}", {"version": 1}
        far, teacher = await county.sign_in("yuanguan"), await county.sign_in("wang")
        for client, status in ((far, 404), (teacher, 403)):
            for call in (
                ("GET", path),
                ("GET", f"{PATH}?county={COUNTY_ID}"),
                ("POST", PATH, wish(county, needs=[need()])),
                ("POST", f"{path}/accept", version),
                ("POST", f"{path}/discard", version),
            ):
                with pytest.raises(ProblemError) as refused:
                    await client.call(*call)
                expected = 404 if call == ("GET", path) else status
                assert refused.value.status == expected, call


async def test_a_cancelled_search_ends_before_its_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    over, run = threading.Event(), Search.run

    def watched(search: Search) -> Proposal:
        try:
            return run(search)
        finally:
            over.set()

    monkeypatch.setattr(Search, "run", watched)
    async with planned_county(tmp_path) as county:
        many = [need(title=f"课{n}", lengths=[1] * 8, lead_room_ids=[]) for n in range(6)]
        started = await county.admin.call("POST", PATH, wish(county, needs=many, limit_s=FAR_S))
        running = asyncio.create_task(carry_out(county, started["job_id"]))
        path = f"/api/jobs/{started['job_id']}"

        async def is_under_way() -> bool:
            return bool((await county.admin.call("GET", path))["progress_total"])

        await until(is_under_way)
        await county.admin.call("POST", f"{path}/cancel")
        assert (await running)["state"] == "cancelled"
        # A thread goes on until it is told.
        assert await asyncio.to_thread(over.wait, FAR_S * 3 / 4)

"""优课, its coverage by school, use by school and teacher, and their workbook."""

import io
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from python_calamine import CalamineWorkbook

from signaling.access.roles import Role
from signaling.command.work import job_kinds
from signaling.directory.grants.wire import GrantGive
from signaling.library.nominations.rules import school_year
from tests.integration.signaling.library.resource_acts import (
    FAR,
    HERE,
    NEXT_DOOR,
    OURS,
    Stage,
    problem,
    stage,
)
from tests.support.jobs import carry_out_jobs
from tests.support.server import Client


@pytest.fixture
async def at(tmp_path: Path) -> AsyncIterator[Stage]:
    async with stage(tmp_path) as made:
        yield made


def _year(at: Stage) -> int:
    return school_year(at.clock.now().date())


async def _nominate(at: Stage, who: Client | None = None, **more: Any) -> Any:
    body = {"school_year": _year(at), "reason": "县级公开课"} | more
    return await (who or at.school_admin).call("POST", f"{at.path}/nominations", body)


async def _covered(who: Client) -> dict[str, tuple[int, int, int]]:
    found = await who.call("GET", "/api/coverage")
    return {
        one["school_id"]: (one["teachers"], one["nominated"], one["lessons"])
        for one in found["schools"]
    }


async def test_a_nomination_counts_until_it_is_taken_back_or_the_lesson_withdrawn(
    at: Stage,
) -> None:
    assert await problem(_nominate(at)) == (409, "resource_state")
    await at.published("school")
    before = await _covered(at.county_admin)
    teachers = before[HERE.school][0]
    assert teachers > 0
    assert before[HERE.school] == (teachers, 0, 0)
    assert await problem(_nominate(at, at.teacher)) == (403, "forbidden")
    assert await problem(_nominate(at, school_year=2001)) == (422, "other_school_year")
    made = await _nominate(at)
    assert made["nominations"][0]["reason"] == "县级公开课"
    assert _year(at) not in made["years"]
    assert await problem(_nominate(at)) == (409, "nominated_already")
    assert (await _covered(at.county_admin))[HERE.school] == (teachers, 1, 1)
    assert set(await _covered(at.school_admin)) == {HERE.school}
    assert FAR.school not in await _covered(at.county_admin)
    path = f"/api/coverage/schools/{HERE.school}"
    shown = await at.county_admin.call("GET", path)
    with_one = [one for one in shown["teachers"] if one["lessons"]]
    assert [one["person_id"] for one in with_one] == [HERE.teacher]
    assert with_one[0]["lessons"][0]["resource_id"] == at.resource_id
    other = await at.world.sign_in(NEXT_DOOR.person(Role.RESOURCE_ADMIN))
    assert (await problem(other.call("GET", path)))[0] == 404
    revoke = {"school_year": _year(at), "reason": "重复"}
    await at.school_admin.call("POST", f"{at.path}/nominations/revoke", revoke)
    assert (await _covered(at.county_admin))[HERE.school] == (teachers, 0, 0)
    await _nominate(at)
    await at.withdraw()
    assert (await _covered(at.county_admin))[HERE.school] == (teachers, 0, 0)


async def test_nobody_nominates_the_own(at: Stage) -> None:
    admin = await at.world.actor(OURS.person(Role.COUNTY_ADMIN))
    wish = GrantGive(Role.RESOURCE_ADMIN, HERE.school)
    await at.world.services.directory_desk.grants.give(admin, HERE.teacher, wish)
    await at.published("school")
    assert await problem(_nominate(at, at.teacher)) == (403, "own_resource")


async def _tell(at: Stage, who: Client, **told: Any) -> None:
    await who.call("POST", f"/api/library/{at.resource_id}/uses", told)


async def test_use_is_counted_once_a_viewer_and_hour_and_shown_by_school_and_teacher(
    at: Stage,
) -> None:
    await at.published("public")
    guest = at.world.client()
    for _ in range(3):
        await _tell(at, guest, began=True)
    at.clock.advance(seconds=60)
    await _tell(at, guest, seconds=60)
    await _tell(at, guest, seconds=60)  # at once again: no time has passed
    await _tell(at, at.teacher, began=True, downloaded=True)
    assert await problem(_tell(at, guest, seconds=10_000)) == (422, "invalid")
    await at.world.services.resources.uses.write()
    await _tell(at, at.school_admin, began=True)
    await at.world.services.resources.uses.write()
    for by, key in (
        ("school", HERE.school),
        ("teacher", HERE.teacher),
        ("resource", at.resource_id),
    ):
        used = await at.county_admin.call("GET", f"/api/resource-uses?by={by}")
        (line,) = used["lines"]
        assert (line["key"], line["plays"], line["minutes"], line["downloads"]) == (key, 3, 1, 1)
        assert (used["plays"], used["downloads"]) == (3, 1)
    far = await at.world.sign_in(FAR.person(Role.RESOURCE_ADMIN))
    assert (await far.call("GET", "/api/resource-uses"))["lines"] == []
    past = "/api/resource-uses?first=2020-01-01&last=2020-02-01"
    assert (await at.county_admin.call("GET", past))["lines"] == []
    assert (await problem(at.teacher.call("GET", "/api/resource-uses")))[0] == 403
    for path in (
        "/api/resource-uses?last=0001-01-01",  # nothing is 29 days before
        "/api/resource-uses?first=9999-12-31",
        "/api/coverage?year=02020999",
    ):
        assert await problem(at.county_admin.call("GET", path)) == (422, "invalid"), path
    wish = {"kind": "use", "language": "zh", "last": "0001-01-01"}
    exported = at.county_admin.call("POST", "/api/resource-figures/exports", wish)
    assert await problem(exported) == (422, "invalid")


async def test_what_may_not_be_seen_is_not_counted(at: Stage) -> None:
    await at.published("school")
    assert (await problem(_tell(at, at.world.client(), began=True)))[0] == 404


async def test_both_tables_are_made_into_a_workbook(at: Stage) -> None:
    await at.published("public")
    await _nominate(at)
    await _tell(at, at.teacher, began=True)
    services = at.world.services
    await services.resources.uses.write()
    for kind, sheets in (("coverage", 1), ("use", 3)):
        wish = {"kind": kind, "language": "zh"}
        job = await at.county_admin.call("POST", "/api/resource-figures/exports", wish)
        await carry_out_jobs(services, job_kinds(services.config))
        done = await at.county_admin.call("GET", f"/api/jobs/{job['job_id']}")
        assert done["state"] == "done", done
        path = f"/api/files/{done['result']['file_id']}/content"
        async with at.county_admin.http.get(at.county_admin.base + path) as answer:
            book = CalamineWorkbook.from_filelike(io.BytesIO(await answer.read()))
        assert len(book.sheet_names) == sheets
        rows = book.get_sheet_by_index(0).to_python()
        assert any(row[1 if kind == "coverage" else 0] for row in rows[1:])

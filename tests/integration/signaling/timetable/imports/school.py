"""A centre school of twelve classes with its teachers and pairings, and its grid as an .xls."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from signaling.access.roles import Role
from signaling.audit.log import SYSTEM
from signaling.command.seed import CENTER_SCHOOL
from signaling.directory.tables import (
    ClassRow,
    PairingRow,
    PairingSubjectRow,
    SubjectRow,
)
from signaling.jobs.kinds import JobKinds
from signaling.timetable.imports.handlers import ImportJobs
from tests.support.jobs import carry_out_jobs
from tests.support.planned_county import COUNTY_ID, PlannedCounty
from tests.support.uploads import upload
from tests.support.xls import XlsCell, XlsSheet, xls_bytes

IMPORTS = "/api/timetable/imports"
GRADES = "一二三四五六"
CLASSES = [f"{grade}年级{number}班" for grade in GRADES for number in (1, 2)]
SUBJECTS = {"chinese": "语文", "art": "美术", "calligraphy": "书法", "sport": "体育"}
TEACHERS = [f"老师{letter}" for letter in "甲乙丙丁戊己庚辛壬癸子丑"]
POINTS = ("school-shanquan", "school-yunling")


async def furnish(county: PlannedCounty) -> None:
    """Give the county its classes, teachers, subjects and pairings."""
    services = county.services
    async with services.audit.work(SYSTEM, "test") as work:  # type: ignore[arg-type]
        session = work.session
        for position, (subject_id, name) in enumerate(SUBJECTS.items(), start=10):
            session.add(
                SubjectRow(subject_id=subject_id, county_id=COUNTY_ID, name=name, position=position)
            )
        for number, name in enumerate(CLASSES):
            session.add(
                ClassRow(class_id=f"k{number}", school_id=CENTER_SCHOOL, name=name, grade=name[:3])
            )
            await services.people.add_room(work, f"r{number}", CENTER_SCHOOL, f"{name}教室")
        for number, name in enumerate(TEACHERS):
            await services.people.add_person(
                work,
                person_id=f"t{number}",
                login=f"login{number}",
                name=name,
                password_hash="!",
                roles=(Role.LEAD_TEACHER,),
                school_id=CENTER_SCHOOL,
            )
        await session.flush()
        for point in POINTS:
            session.add(
                PairingRow(
                    pairing_id=f"pair-{point}",
                    center_school_id=CENTER_SCHOOL,
                    point_school_id=point,
                    valid_from=date(2026, 1, 1),
                )
            )
            await session.flush()
            session.add(PairingSubjectRow(pairing_id=f"pair-{point}", subject_id="music"))


def grid() -> bytes:
    """The grid of twelve classes as schools have it: days and classes merged above.

    Monday 1: 语文 with its teacher; Monday 2: 音乐[1-16周] in the first class only; Tuesday 1:
    科学(单)/书法(双); Tuesday 2: 体育 over two periods, merged; one cell cannot be read.
    """
    width = len(CLASSES)
    head: list[XlsCell] = ["节次", "星期一", *[None] * (width - 1), "星期二", *[None] * (width - 1)]
    names: list[XlsCell] = [None, *CLASSES, *CLASSES]
    rows: list[list[XlsCell]] = [["青山中心小学课程表"], head, names]
    rows.append(
        [
            "第一节",
            *(f"语文\n{teacher}" for teacher in TEACHERS),
            *(f"科学(单)\n{t}/书法(双)\n{t}" for t in TEACHERS),
        ]
    )
    music: list[XlsCell] = ["音乐[1-16周]\n老师甲", *["自习"] * (width - 1)]
    rows.append(["第二节", *music, *(f"体育\n{teacher}" for teacher in TEACHERS)])
    rows.append(["第三节", "甲/乙", *[None] * (2 * width - 1)])
    sport = [(4, 5, column, column) for column in range(1 + width, 1 + 2 * width)]
    merged = [(0, 0, 0, 2 * width), (1, 2, 0, 0), (1, 1, 1, width), (1, 1, 1 + width, 2 * width)]
    return xls_bytes(XlsSheet("总课表", rows, merged + sport))


async def begin(county: PlannedCounty, data: bytes, name: str, **more: Any) -> dict[str, Any]:
    """Upload a file and make its dry run."""
    file_id = await upload(county.admin, data, name)
    body = {"file_id": file_id, "term_id": county.term["term_id"], **more}
    made = await county.admin.call("POST", IMPORTS, body)
    assert made["state"] == "reading"
    return await finished(county, made)


async def finished(county: PlannedCounty, made: dict[str, Any]) -> dict[str, Any]:
    """Carry out what is queued; returns the import afterwards."""
    config = county.services.config
    longest = timedelta(hours=config.max_lesson_hours)
    jobs = ImportJobs(config.zone, longest, config.relay_mbps)
    await carry_out_jobs(county.services, jobs.add_to(JobKinds()))
    return await county.admin.call("GET", f"{IMPORTS}/{made['import_id']}")


async def answer(
    county: PlannedCounty, made: dict[str, Any], answers: list[dict[str, Any]], **more: Any
) -> dict[str, Any]:
    """Answer questions and read again."""
    options = {"school_id": made["school_id"], "remove_missing": made["remove_missing"], **more}
    body = {"version": made["version"], "answers": answers, **options}
    changed = await county.admin.call("PUT", f"{IMPORTS}/{made['import_id']}", body)
    return await finished(county, changed)


async def apply(county: PlannedCounty, made: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Apply, and carry it out."""
    body = {"version": made["version"], **more}
    agreed = await county.admin.call("POST", f"{IMPORTS}/{made['import_id']}/apply", body)
    return await finished(county, agreed)


async def lines(county: PlannedCounty, made: dict[str, Any], part: str) -> list[dict[str, Any]]:
    """All lines of a part."""
    found: list[dict[str, Any]] = []
    after = ""
    while after is not None:
        page = await county.admin.call("GET", f"{IMPORTS}/{made['import_id']}/{part}?after={after}")
        found += page["lines"]
        after = page["next"]
    return found

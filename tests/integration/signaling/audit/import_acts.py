"""How each audited action on imported timetables is done, and what has to be there."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from signaling.command import seed
from signaling.jobs.kinds import JobKinds
from signaling.timetable.imports.handlers import ImportJobs
from tests.integration.signaling.audit.timetable_acts import BASE, County
from tests.integration.signaling.audit.timetable_acts import PREPARED_BY as OF_TIMETABLE
from tests.support.jobs import carry_out_jobs
from tests.support.uploads import upload

TABLE = (
    "学校,教室,年级,学科,教师,星期,节次,周次,听课教室\n"
    "青山中心小学,录播教室,一年级,音乐,王老师,星期三,第1节,14-16周,山泉教学点/一年级教室\n"
)
ANSWER = {"topic": "subject", "text": "自习", "targets": []}


async def _uploaded(c: County) -> None:
    await OF_TIMETABLE["plan_create"](c)
    c.kept["file_id"] = await upload(c.admin, TABLE.encode(), "课表.csv")


async def _create(c: County) -> None:
    wish = {
        "file_id": c.kept["file_id"],
        "term_id": c.kept["term"]["term_id"],
        "school_id": seed.CENTER_SCHOOL,
    }
    c.kept["import"] = await c.admin.call("POST", f"{BASE}/imports", wish)


async def _tried(c: County) -> None:
    """Have an import whose dry run is over, and can be applied."""
    await _uploaded(c)
    await _create(c)
    config = c.services.config
    longest = timedelta(hours=config.max_lesson_hours)
    jobs = ImportJobs(config.zone, longest, config.relay_mbps)
    await carry_out_jobs(c.services, jobs.add_to(JobKinds()))
    c.kept["import"] = tried = await c.admin.call("GET", _path(c))
    assert (tried["state"], tried["counts"]["added"]) == ("ready", 1), tried


def _path(c: County) -> str:
    return f"{BASE}/imports/{c.kept['import']['import_id']}"


async def _change(c: County) -> Any:
    wish = {"version": c.kept["import"]["version"], "answers": [ANSWER], "remove_missing": True}
    return await c.admin.call("PUT", _path(c), wish)


async def _agree(c: County) -> Any:
    wish = {"version": c.kept["import"]["version"]}
    return await c.admin.call("POST", f"{_path(c)}/apply", wish)


ACTS = {
    "timetable_import_create": _create,
    "timetable_import_change": _change,
    "timetable_import_agree": _agree,
}
PREPARED_BY = {
    "timetable_import_create": _uploaded,
    "timetable_import_change": _tried,
    "timetable_import_agree": _tried,
}
BRANCHES = dict.fromkeys(ACTS, seed.CENTER_SCHOOL)
TABLES = ("timetable_imports", "timetable_import_lines", "timetable_import_answers")

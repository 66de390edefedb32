"""导出审计日志: a job makes a workbook of what its owner may read, and of nothing else."""

from collections.abc import AsyncIterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from python_calamine import CalamineWorkbook

from signaling.access.roles import Role
from signaling.audit.actions import AuditAction
from signaling.audit.log import SYSTEM
from signaling.command.work import job_kinds
from tests.support.jobs import carry_out_jobs
from tests.support.server import Client, ProblemError
from tests.support.services import ManualClock
from tests.support.two_counties import OURS, THEIRS, World, held_lesson, two_counties

WISH = {"first": "2026-11-01", "last": "2026-11-30"}


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with two_counties(tmp_path, ManualClock()) as made:
        yield made


async def _exported(world: World, client: Client, **more: str) -> list[dict[str, Any]]:
    job = await client.call("POST", "/api/audit/exports", WISH | more)
    await carry_out_jobs(world.services, job_kinds(world.services.config))
    job = await client.call("GET", f"/api/jobs/{job['job_id']}")
    assert job["state"] == "done", job
    url = f"{client.base}/api/files/{job['result']['file_id']}/content"
    async with client.http.get(url) as answer:
        book = CalamineWorkbook.from_filelike(BytesIO(await answer.read()))
    (name,) = book.sheet_names
    head, *rows = book.get_sheet_by_name(name).to_python()
    assert len(rows) == job["result"]["rows"]
    return [dict(zip(head, row, strict=True)) for row in rows]


async def test_a_workbook_has_the_lines_of_the_own_branch_in_words(world: World) -> None:
    await held_lesson(world, OURS.school(1))
    await held_lesson(world, THEIRS.school(1))
    admin = await world.sign_in(OURS.person(Role.COUNTY_ADMIN))
    rows = await _exported(world, admin)
    assert {"排课", "开始上课", "登录", "提交后台任务"} <= {row["操作"] for row in rows}
    assert not any(THEIRS.mark in str(row) for row in rows)
    english = await _exported(world, admin, language="en", action="lesson_start")
    assert [row["Target"].split()[0] for row in english] == [f"{OURS.school(1).school}-lesson"]


async def test_a_name_that_is_a_formula_is_text(world: World) -> None:
    async with world.services.audit.work(SYSTEM, AuditAction.PLAN_END, "x", "+1") as work:
        work.concerns(f"/cn/{OURS.mark}/", "=cmd()")
    admin = await world.sign_in(OURS.person(Role.COUNTY_ADMIN))
    (row,) = await _exported(world, admin, action="plan_end")
    assert (row["对象"], row["详情"]) == ("'=cmd() x", "'+1")


async def test_days_that_cannot_be_are_refused_and_who_reads_no_log(world: World) -> None:
    admin = await world.sign_in(OURS.person(Role.COUNTY_ADMIN))
    for wish in (WISH | {"last": "2026-10-01"}, WISH | {"first": "2024-01-01"}):
        with pytest.raises(ProblemError) as refused:
            await admin.call("POST", "/api/audit/exports", wish)
        assert (refused.value.status, refused.value.field) == (422, "last")
    teacher = await world.sign_in(OURS.person(Role.LEAD_TEACHER))
    with pytest.raises(ProblemError) as refused:
        await teacher.call("POST", "/api/audit/exports", WISH)
    assert refused.value.status == 403

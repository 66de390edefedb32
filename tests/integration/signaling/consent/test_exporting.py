"""导出授权同意: the yearly evidence, of what its owner may read."""

from collections.abc import AsyncIterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from python_calamine import CalamineWorkbook

from signaling.access.roles import Role
from signaling.command.work import job_kinds
from signaling.consent.wire import ConsentWithdraw, WithdrawalReason
from tests.support.consents import recorded
from tests.support.jobs import carry_out_jobs
from tests.support.server import Client, ProblemError
from tests.support.services import ManualClock
from tests.support.two_counties import OURS, THEIRS, World, two_counties

TERM = f"{OURS.mark}-term"


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with two_counties(tmp_path, ManualClock()) as made:
        yield made


async def _exported(world: World, client: Client, **more: str) -> list[list[list[Any]]]:
    job = await client.call("POST", "/api/consents/exports", {"term_id": TERM} | more)
    await carry_out_jobs(world.services, job_kinds(world.services.config))
    job = await client.call("GET", f"/api/jobs/{job['job_id']}")
    assert job["state"] == "done", job
    url = f"{client.base}/api/files/{job['result']['file_id']}/content"
    async with client.http.get(url) as answer:
        book = CalamineWorkbook.from_filelike(BytesIO(await answer.read()))
    return [book.get_sheet_by_name(name).to_python() for name in book.sheet_names]


async def test_a_workbook_has_all_classes_their_sums_and_what_was_before(world: World) -> None:
    here = OURS.school(1)
    consent = await recorded(world, here)
    await recorded(world, THEIRS.school(1))
    admin = await world.actor(OURS.person(Role.COUNTY_ADMIN))
    desk = world.services.consents.desk
    today = world.services.clock.now().date()
    wish = ConsentWithdraw(1, today, WithdrawalReason.GUARDIAN)
    await desk.withdraw(admin, consent.consent_id, wish)
    await recorded(world, here)
    inspector = await world.sign_in(OURS.person(Role.INSPECTOR))
    (head, *lines), sums, (_, *past) = await _exported(world, inspector)
    rows = [dict(zip(head, line, strict=True)) for line in lines]
    assert [(row["学校"], row["状态"]) for row in rows] == [
        (here.school, "已同意"),
        (OURS.school(2).school, "未登记"),
    ]
    assert rows[0]["同意的用途"] == "参加同步课堂、录制并保存、本校内展示、本县内展示"
    assert rows[0]["扫描件页数"] == 1
    assert dict(sums[1:]) == {
        "未登记": 1, "已同意": 1, "座位未安排": 0, "已到期": 0, "已撤回": 0
    }  # fmt: skip
    (gone,) = [dict(zip(head, line, strict=True)) for line in past]
    assert (gone["状态"], gone["撤回原因"], gone["撤回日期"]) == ("已撤回", "监护人要求", today)
    assert not any(THEIRS.mark in str(row) for row in rows)
    english = await _exported(world, inspector, language="en")
    assert english[0][0][0] == "School"


async def test_a_foreign_term_is_no_term_and_a_kiosk_exports_nothing(world: World) -> None:
    admin = await world.sign_in(OURS.person(Role.COUNTY_ADMIN))
    for term_id in (f"{THEIRS.mark}-term", "none-such"):
        with pytest.raises(ProblemError) as refused:
            await admin.call("POST", "/api/consents/exports", {"term_id": term_id})
        assert (refused.value.status, refused.value.field) == (422, "term_id")
    kiosk = await world.terminal(OURS.school(1).room)
    with pytest.raises(ProblemError) as refused:
        await kiosk.call("POST", "/api/consents/exports", {"term_id": TERM})
    assert refused.value.status == 403

"""导出报表: a job makes a workbook that an independent reader reads."""

from datetime import date
from io import BytesIO
from pathlib import Path
from typing import Any

from python_calamine import CalamineWorkbook
from sqlalchemy import update

from signaling.access.roles import Role
from signaling.command.seed import DEMO_PASSWORD
from signaling.command.work import job_kinds
from signaling.ledger.tables import LedgerUnitRow
from tests.integration.signaling.ledger.test_routes import _hold, as_, refused
from tests.integration.signaling.stores import work_in
from tests.support.jobs import carry_out_jobs
from tests.support.services import ManualClock, served

ORDER = {"first": "2026-11-01", "last": "2026-11-30", "county": "county-qingshan"}


async def test_a_workbook_has_the_sums_and_every_lesson(tmp_path: Path) -> None:
    clock = ManualClock()
    async with served(tmp_path, clock) as (services, teacher, lesson_id):
        await _hold(services, teacher, clock, lesson_id)
        async with services.database.write() as session:  # a name that a program would calculate
            await session.execute(update(LedgerUnitRow).values(title="=1+1"))
        async with as_(teacher.base, "xianguan") as admin:
            job = await admin.call("POST", "/api/ledger/exports", ORDER)
            await carry_out_jobs(services, job_kinds(services.config))
            job = await admin.call("GET", f"/api/jobs/{job['job_id']}")
            assert (job["state"], job["result"]["rows"]) == ("done", 2)
            sheets = await _sheets(admin, job["result"]["file_id"])
            backwards = {**ORDER, "last": "2026-10-01"}
            assert await refused(admin, "POST", "/api/ledger/exports", backwards) == (
                *(422, "invalid"),
            )
        assert await refused(teacher, "POST", "/api/ledger/exports", ORDER) == (403, "forbidden")
    assert list(sheets) == ["按教学点", "按班级", "按学科", "按周", "明细", "更正"]
    head, *points = sheets["按教学点"]
    rows = [dict(zip(head, row, strict=True)) for row in points]
    assert {row["名称"]: (row["计划开课"], row["实开课"], row["开课率(%)"]) for row in rows} == {
        "山泉教学点": (1, 1, 100),
        "云岭教学点": (1, 0, 0),
    }
    head, *units = sheets["明细"]
    first = dict(zip(head, units[0], strict=True))
    assert (first["日期"], first["课题"]) == (date(2026, 11, 23), "'=1+1")
    assert {row[head.index("结果")] for row in units} == {"实开", "未开"}


async def _sheets(admin: Any, file_id: str) -> dict[str, list[list[Any]]]:
    async with admin.http.get(f"{admin.base}/api/files/{file_id}/content") as answer:
        assert answer.status == 200
        book = CalamineWorkbook.from_filelike(BytesIO(await answer.read()))
    return {name: book.get_sheet_by_name(name).to_python() for name in book.sheet_names}


async def test_a_workbook_of_an_area_has_what_lies_below_it(tmp_path: Path) -> None:
    clock = ManualClock()
    async with served(tmp_path, clock) as (services, teacher, lesson_id):
        await _hold(services, teacher, clock, lesson_id)
        async with work_in(services.database) as work:
            await services.people.add_county(work, "county-b", "邻县")
            await services.people.add_person(
                work,
                login="guojia",
                name="国家教研员",
                password_hash=await services.passwords.hash(DEMO_PASSWORD),
                roles=(Role.RESEARCHER,),
                node_id="cn",
            )
        rows = {}
        async with as_(teacher.base, "guojia") as reader:
            for node in ("cn", "county-qingshan", "county-b"):
                order = {"first": "2026-11-01", "last": "2026-11-30", "node": node}
                job = await reader.call("POST", "/api/ledger/exports", order)
                await carry_out_jobs(services, job_kinds(services.config))
                job = await reader.call("GET", f"/api/jobs/{job['job_id']}")
                sheets = await _sheets(reader, job["result"]["file_id"])
                rows[node] = (job["result"]["rows"], len(sheets["按教学点"]) - 1)
        assert rows == {"cn": (2, 2), "county-qingshan": (2, 2), "county-b": (0, 0)}
        async with as_(teacher.base, "xianguan") as admin:
            far = {**ORDER, "node": "county-b"}
            assert await refused(admin, "POST", "/api/ledger/exports", far) == (404, "unknown_node")
            for name in ("totals", "heat", "units"):
                path = f"/api/ledger/{name}?node=county-b"
                assert await refused(admin, "GET", path) == (404, "unknown_node")
            below = await admin.call("GET", "/api/ledger/totals?node=county-qingshan&by=county")
            assert [(row["label"], row["figures"]["held"]) for row in below["rows"]] == [
                ("青山县", 1)
            ]

"""A search in a real worker process: OR-Tools runs within the limits of its job."""

from pathlib import Path

from tests.integration.signaling.timetable.proposals.test_routes import PATH, need, wish
from tests.support.planned_county import planned_county
from tests.support.waiting import until


async def test_a_worker_process_searches_within_its_limits(tmp_path: Path) -> None:
    async with planned_county(tmp_path) as county:
        supervisor = county.services.supervisor
        await supervisor.start()
        try:
            started = await county.admin.call("POST", PATH, wish(county, needs=[need()]))
            path = f"{PATH}/{started['proposal_id']}"

            async def is_over() -> bool:
                job = await county.admin.call("GET", f"/api/jobs/{started['job_id']}")
                return job["state"] not in {"queued", "running"}

            await until(is_over)
            job = await county.admin.call("GET", f"/api/jobs/{started['job_id']}")
            assert job["state"] == "done", job["problem"]
            found = await county.admin.call("GET", path)
            assert (found["summary"]["ready"], found["summary"]["placed"]) == (True, 2)
        finally:
            await supervisor.stop()

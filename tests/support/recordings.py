"""Finished recordings out of a real server: wait for one, fetch its files, decode them."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from load_tests.picture import MarkPlan
from load_tests.verify import FileReport, verify_file
from tests.support.server import Client, ProblemError

FINISH_TIMEOUT_S = 60.0
POLL_S = 0.1


@dataclass(frozen=True, slots=True)
class RecordedSource:
    """The first file of one source: where it lies on the recording's timeline, what is in it."""

    source_id: str
    offset_s: float
    report: FileReport


async def ready_recording(
    api: Client, lesson_id: str, *, may_be_late: bool = False
) -> dict[str, Any]:
    """The lesson's recording, as soon as it can be played.

    Args:
        api: asks for it.
        lesson_id: of a lesson that has ended.
        may_be_late: it may be unknown at first, as where another process records.
    """
    async with asyncio.timeout(FINISH_TIMEOUT_S):
        while True:
            lesson = await api.call("GET", f"/api/lessons/{lesson_id}")
            if lesson["recording_id"] is not None:
                try:
                    detail = await api.call("GET", f"/api/recordings/{lesson['recording_id']}")
                except ProblemError as problem:
                    if not (may_be_late and problem.status == 404):
                        raise
                    await asyncio.sleep(POLL_S)
                    continue
                state = detail["summary"]["state"]
                assert state != "failed", detail
                if state == "ready":
                    return dict(detail)
            await asyncio.sleep(POLL_S)


async def recorded_sources(
    api: Client, detail: dict[str, Any], folder: Path, marks: MarkPlan
) -> list[RecordedSource]:
    """Download the first file of each source and decode all of it."""
    sources = []
    for source in detail["sources"]:
        file = source["files"][0]
        path = folder / f"{source['source_id']}{Path(file['url']).suffix}"
        async with api.http.get(api.base + file["url"]) as answer:
            assert answer.status == 200, await answer.text()
            path.write_bytes(await answer.read())
        report = await asyncio.to_thread(verify_file, path, marks)
        sources.append(RecordedSource(source["source_id"], file["offset_s"], report))
    return sources

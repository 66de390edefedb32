"""A class in real Chromium, for the timed promises. Run by `make bars`, alone on the machine."""

from __future__ import annotations

import json
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.support.browser import Browsers, browsers
from tests.support.capture import teacher_capture
from tests.support.people import TeacherSeat, lesson_open_now
from tests.support.server import Client, TongkeServer

FIGURES = Path(__file__).resolve().parents[2] / "data" / "bars.jsonl"


class LiveClass:
    """A started lesson with its teacher; classrooms are the test's own."""

    def __init__(
        self, server: TongkeServer, seats: Browsers, api: Client, lesson: dict[str, Any]
    ) -> None:
        self.server, self.seats, self.api, self.lesson = server, seats, api, lesson
        self.teacher: TeacherSeat


@asynccontextmanager
async def live_class(
    folder: Path, capture: Path, *, codec: str = "vp8"
) -> AsyncIterator[LiveClass]:
    """A server, and a teacher whose camera is on air in three layers."""
    async with TongkeServer.start(folder) as server, browsers() as seats:
        api = await server.sign_in("wang")
        held = LiveClass(server, seats, api, await lesson_open_now(api))
        held.teacher = await TeacherSeat.arrive(server, seats, teacher_capture(capture))
        await held.teacher.open_lesson(held.lesson["lesson_id"], codec=codec)
        await held.teacher.start_lesson()
        await held.teacher.until(
            """async () => {
              const rows = await window.__probe.stats('outbound-rtp', 'video')
              return rows.filter((row) => row.framesPerSecond >= 15).length === 3
            }"""
        )
        yield held


@pytest.fixture(scope="session")
def capture_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the captured pictures and sounds lie."""
    return tmp_path_factory.mktemp("capture")


@pytest.fixture
def report(request: pytest.FixtureRequest) -> Callable[..., None]:
    """Print a figure and keep it in `data/bars.jsonl`."""

    def note(**figures: Any) -> None:
        FIGURES.parent.mkdir(exist_ok=True)
        line = json.dumps({"bar": request.node.name, **figures}, ensure_ascii=False)
        with FIGURES.open("a") as out:
            out.write(line + "\n")
        sys.stdout.write(f"\n{line}\n")

    return note

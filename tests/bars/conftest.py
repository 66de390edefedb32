"""A class in real Chromium, for the timed promises. Run by `make bars`, alone on the machine."""

from __future__ import annotations

import json
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.support.capture import teacher_capture
from tests.support.live_class import LiveClass, live_class

FIGURES = Path(__file__).resolve().parents[2] / "data" / "bars.jsonl"


@asynccontextmanager
async def three_layers(
    folder: Path, capture: Path, *, codec: str = "vp8"
) -> AsyncIterator[LiveClass]:
    """A lesson whose teacher's camera is on air in three layers."""
    async with live_class(folder, teacher_capture(capture), codec=codec) as school:
        await school.teacher.until(
            """async () => {
              const rows = await window.__probe.stats('outbound-rtp', 'video')
              return rows.filter((row) => row.framesPerSecond >= 15).length === 3
            }"""
        )
        yield school


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

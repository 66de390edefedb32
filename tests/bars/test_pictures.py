"""First frame, layers, switches, late joiners: what a classroom sees, timed in real Chromium."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

from tests.bars.conftest import three_layers
from tests.support.capture import room_capture
from tests.support.people import LAYER_HEIGHTS, ClassroomSeat

pytestmark = pytest.mark.bench
FIRST, SECOND = "shanquan1", "yunling1"
LEAD_VIDEO = '[data-testid="lead-video"]'
SWITCHES = ("l", "h", "m", "l", "m", "h", "l", "m", "h", "l")


async def _enter_timed(room: ClassroomSeat) -> dict[str, float]:
    times: dict[str, float] = await room.evaluate(
        "([button, video]) => window.__probe.firstFrame(button, video)",
        ['[data-testid="enter-classroom"]', LEAD_VIDEO],
    )
    return times


async def _show(room: ClassroomSeat, layer: str) -> None:
    await room.pin_view([{"slot": 0, "source_id": "lead.camera", "max_layer": layer}])
    await room.picture("lead-video", LAYER_HEIGHTS[layer])


@pytest.mark.parametrize("codec", ["vp8", "h264"])
async def test_pictures(
    codec: str, tmp_path: Path, capture_folder: Path, report: Callable[..., None]
) -> None:
    async with three_layers(tmp_path, capture_folder, codec=codec) as school:
        tone = room_capture(capture_folder, 440)
        first = await school.arrives(FIRST, tone)
        entered = await _enter_timed(first)
        second = await school.arrives(SECOND, tone)
        late = await _enter_timed(second)

        for layer in LAYER_HEIGHTS:
            await _show(first, layer)
        await first.evaluate("(video) => window.__probe.watch(video)", LEAD_VIDEO)
        for layer in SWITCHES:
            await _show(first, layer)
            await asyncio.sleep(1.5)
        frames = await first.evaluate("(video) => window.__probe.watched(video)", LEAD_VIDEO)
        [video] = [row for row in await first.inbound("video") if row["framesDecoded"] > 0]

        gaps = [later[0] - earlier[0] for earlier, later in pairwise(frames)]
        report(
            first_frame_ms=round(entered["afterPress"]),
            late_first_frame_ms=round(late["afterPress"]),
            late_after_session_up_ms=round(late["afterUp"]),
            longest_gap_ms=round(max(gaps)),
            median_gap_ms=round(sorted(gaps)[len(gaps) // 2]),
            frames_dropped=video["framesDropped"],
            freezes=video["freezeCount"],
            pli=video["pliCount"],
        )
        assert entered["afterPress"] <= 1000
        assert late["afterUp"] <= 600
        assert max(gaps) <= 300
        assert video["pliCount"] == 0, "the decoder asked for help: something did not decode"

"""Loss, stage, restart: promises about poor links and interrupted servers, timed in Chromium."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.bars.conftest import three_layers
from tests.support.browser import browsers
from tests.support.capture import room_capture, teacher_capture
from tests.support.people import ClassroomSeat, Person, TeacherSeat, lesson_open_now, through_proxy
from tests.support.server import TongkeServer
from tests.support.udp_proxy import UdpProxy

pytestmark = pytest.mark.bench
FIRST, SECOND, THIRD = "shanquan1", "yunling1", "shiqiao1"
LOSS = 0.05
TRIAL_S = 20.0
FLUENT = """async () => {
  const rows = await window.__probe.stats('inbound-rtp', 'video')
  return rows.some((row) => row.framesPerSecond >= 23)
}"""
HEARD_DB = -50.0


async def _frames_sent(teacher: TeacherSeat) -> int:
    """Frames of the middle layer that the teacher's browser has sent."""
    rows = await teacher.evaluate("() => window.__probe.stats('outbound-rtp', 'video')")
    return int(next(row["framesSent"] for row in rows if row.get("rid") == "m"))


async def _frames_decoded(room: ClassroomSeat) -> int:
    return sum(int(row["framesDecoded"]) for row in await room.inbound("video"))


async def test_five_percent_loss(
    tmp_path: Path, capture_folder: Path, report: Callable[..., None]
) -> None:
    """5% on the teacher's uplink and on one viewer's downlink; the other viewer is untouched."""
    async with TongkeServer.start(tmp_path) as server, browsers() as seats:
        target = ("127.0.0.1", server.udp_port)
        uplink, downlink = UdpProxy(target, seed=1), UdpProxy(target, seed=2)
        await uplink.start()
        await downlink.start()
        try:
            api = await server.sign_in("wang")
            lesson = await lesson_open_now(api)
            teacher = await TeacherSeat.arrive(server, seats, teacher_capture(capture_folder))
            await through_proxy(teacher.page, uplink, server.udp_port)
            await teacher.open_lesson(lesson["lesson_id"])
            await teacher.start_lesson()
            tone = room_capture(capture_folder, 440)
            poor = await ClassroomSeat.arrive(server, seats, lesson, FIRST, tone, downlink)
            good = await ClassroomSeat.arrive(server, seats, lesson, SECOND, tone)
            for room in (poor, good):
                await room.enter()
                await room.pin_view([{"slot": 0, "source_id": "lead.camera", "max_layer": "m"}])
                await room.picture("lead-video", 360)
                # All its frames flow by the time that what is lost of them is counted: at first
                # the relay does not know yet what the link carries.
                await room.until(FLUENT)
            uplink.up.loss = downlink.down.loss = LOSS

            sent = await _frames_sent(teacher)
            before = {room: await _frames_decoded(room) for room in (poor, good)}
            await asyncio.sleep(TRIAL_S)
            after = {room: await _frames_decoded(room) for room in (poor, good)}
            sent = await _frames_sent(teacher) - sent
            shares = {room: (after[room] - before[room]) / sent for room in (poor, good)}
            report(
                sent=sent,
                decoded_poor=round(shares[poor], 4),
                decoded_good=round(shares[good], 4),
                dropped_up=uplink.up.dropped,
                dropped_down=downlink.down.dropped,
            )
            assert uplink.up.dropped > 0 and downlink.down.dropped > 0
            assert shares[poor] >= 0.99 and shares[good] >= 0.99
        finally:
            await uplink.stop()
            await downlink.stop()


def _heard(samples: list[list[float]], since_ms: float, until_ms: float) -> list[float]:
    return [at for at, level in samples if since_ms <= at <= until_ms and level > HEARD_DB]


async def test_on_stage_is_heard_and_only_then(
    tmp_path: Path, capture_folder: Path, report: Callable[..., None]
) -> None:
    async with three_layers(tmp_path, capture_folder) as school:
        speaker = await school.enters(FIRST, room_capture(capture_folder, 1500.0))
        other = await school.enters(SECOND, room_capture(capture_folder, 440.0))
        listeners: dict[str, Person] = {"teacher": school.teacher, "other": other}
        for person in listeners.values():
            await person.evaluate("() => window.__probe.listen(1500)")
        await asyncio.sleep(3)
        now = "() => Date.now()"
        called = await school.teacher.evaluate(now)
        await school.teacher.click(f"stage-invite-{speaker.participant_id}")
        await asyncio.sleep(4)
        dismissed = await school.teacher.evaluate(now)
        await school.teacher.click(f"stage-remove-{speaker.participant_id}")
        gone = await school.teacher.evaluate(now)  # pressing takes a while
        await asyncio.sleep(4)
        ended = await school.teacher.evaluate(now)

        figures: dict[str, Any] = {}
        for name, person in listeners.items():
            samples = await person.evaluate("() => window.__probe.heard(1500)")
            early = _heard(samples, 0, called)
            during = _heard(samples, called, dismissed)
            late = _heard(samples, gone + 500, ended)
            figures[name] = {
                "heard_after_ms": round(during[0] - called) if during else None,
                "before": len(early),
                "after": len(late),
            }
        report(**figures)
        for figure in figures.values():
            assert figure["heard_after_ms"] is not None and figure["heard_after_ms"] <= 500
            assert figure["before"] == figure["after"] == 0


async def test_server_restart(
    tmp_path: Path, capture_folder: Path, report: Callable[..., None]
) -> None:
    """The server goes away during a lesson; everybody is back without a click."""
    moving = """async (before) => {
      const rows = await window.__probe.stats('inbound-rtp', 'video')
      return window.__tongke?.state?.instance !== before &&
        rows.some((row) => row.framesPerSecond > 5) ? Date.now() : null
    }"""
    async with three_layers(tmp_path, capture_folder) as school:
        room = await school.enters(FIRST, room_capture(capture_folder, 440))
        await school.teacher.picture(f"video-{room.participant_id}")
        instance = await room.evaluate("() => window.__tongke.state.instance")
        await school.server.down()
        await school.server.up()
        up = await room.evaluate("() => Date.now()")
        back = {}
        for name, person in (("teacher", school.teacher), ("room", room)):
            async with asyncio.timeout(30):
                while (at := await person.evaluate(moving, instance)) is None:
                    await person.page.wait_for_timeout(50)
            back[name] = round(at - up)
        report(back_after_ms=back)
        assert max(back.values()) <= 5000

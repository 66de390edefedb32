"""Pages of a lesson whose cell is drained, and whose cell dies: they are back without a click.

How long the picture stood still is printed (`pytest -s`); docs/cells.md has the figures.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from signaling.command.seed import RECEIVE_ROOMS
from tests.cluster.test_one_machine import _cell_of, _installation, _process_of
from tests.support.browser import Browsers, Capture, browsers
from tests.support.one_process import OneProcess, one_process
from tests.support.people import ClassroomSeat, TeacherSeat, lesson_open_now
from tests.support.server import TongkeServer
from tests.support.waiting import until as true

LINES, FPS = 180, 10
# The longest time in which the picture did not change. The element may be another one afterwards.
WATCH = """() => {
  const seen = { key: '', at: performance.now(), worst: 0, changes: 0 }
  window.__still = seen
  const look = () => {
    const found = document.querySelector('[data-testid="lead-video"]')
    const video = found && (found.tagName === 'VIDEO' ? found : found.querySelector('video'))
    const track = video && video.srcObject && video.srcObject.getVideoTracks()[0]
    const key = track ? `${track.id} ${video.getVideoPlaybackQuality().totalVideoFrames}` : seen.key
    const now = performance.now()
    if (key !== seen.key) {
      if (seen.changes > 0) seen.worst = Math.max(seen.worst, now - seen.at)
      seen.key = key
      seen.at = now
      seen.changes += 1
    }
    setTimeout(look, 20)
  }
  look()
}"""
SINCE = "() => ({ worst: Math.round(window.__still.worst), changes: window.__still.changes })"
AFRESH = "() => { window.__still.worst = 0; window.__still.changes = 0; }"


def _small_camera(folder: Path) -> Capture:
    """A camera of few lines and pictures: one machine carries all browsers and servers."""
    path, width = folder / "camera.y4m", LINES * 16 // 9
    with path.open("wb") as file:
        file.write(f"YUV4MPEG2 W{width} H{LINES} F{FPS}:1 Ip A1:1 C420jpeg\n".encode())
        for number in range(2 * FPS):
            file.write(b"FRAME\n" + bytes([40 + 8 * number]) * (width * LINES))
            file.write(bytes([128]) * (width * LINES // 2))
    return Capture(path)


async def _lesson(
    server: OneProcess | TongkeServer, opened: Browsers, folder: Path
) -> tuple[str, TeacherSeat, ClassroomSeat]:
    api = await server.sign_in("wang")
    if isinstance(server, OneProcess):  # nothing is seeded but people
        now = datetime.now(UTC)
        lesson = await api.new_lesson(rooms=RECEIVE_ROOMS[:1], starts_at=now)
    else:
        lesson = await lesson_open_now(api)
    capture = _small_camera(folder)
    teacher = await TeacherSeat.arrive(server, opened, capture)
    await teacher.open_lesson(lesson["lesson_id"])
    room = await ClassroomSeat.arrive(server, opened, lesson, RECEIVE_ROOMS[0], capture)
    await teacher.start_lesson()
    await room.enter()
    await room.evaluate(WATCH)
    return lesson["lesson_id"], teacher, room


async def _flows_again(room: ClassroomSeat) -> dict[str, Any]:
    """Wait until the picture has moved on for three seconds; returns how long it stood still."""
    await room.until(f"() => window.__still.changes > {4 * FPS}")
    found: dict[str, Any] = await room.evaluate(SINCE)
    return found


async def test_the_picture_goes_on_when_a_cell_is_drained(folder: Path, redis_url: str) -> None:
    async with one_process(folder, redis_url) as installation, browsers() as opened:
        lesson_id, teacher, room = await _lesson(installation, opened, folder)
        admin = await installation.sign_in("xianguan")
        former = installation.holder(lesson_id)
        await _flows_again(room)
        await room.evaluate(AFRESH)
        await admin.call("POST", f"/api/nodes/{former}/drain")
        await true(lambda: installation.holder(lesson_id) not in {former, ""})
        print("drained:", await _flows_again(room))  # noqa: T201
        await teacher.sees("end-lesson")
        assert teacher.seat.errors == room.seat.errors == []


async def test_the_picture_is_back_when_a_cell_dies(folder: Path, redis_url: str) -> None:
    async with _installation(folder, redis_url) as server, browsers() as opened:
        lesson_id, teacher, room = await _lesson(server, opened, folder)
        former = _cell_of(server, lesson_id)
        dead = _process_of(server, former)
        assert dead is not None
        await room.evaluate(AFRESH)
        dead.kill()
        await true(lambda: _cell_of(server, lesson_id) not in {former, ""})
        await room.until("() => window.__still.worst > 1000")
        await room.evaluate("() => { window.__still.changes = 1 }")
        print("killed:", await _flows_again(room))  # noqa: T201
        await teacher.sees("end-lesson")
        assert teacher.seat.errors == room.seat.errors == []

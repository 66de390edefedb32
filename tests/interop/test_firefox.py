"""A lesson in real Firefox: teacher and classroom, the screen shared, to the recording."""

from __future__ import annotations

from pathlib import Path

from tests.support.browser import browsers
from tests.support.firefox import firefoxes, own_network
from tests.support.people import ClassroomSeat, TeacherSeat, lesson_open_now
from tests.support.recordings import ready_recording
from tests.support.server import TongkeServer

ROOM = "shanquan1"


async def test_firefox_teaches_a_classroom_in_firefox(tmp_path: Path) -> None:
    with own_network() as address:
        await _lesson(tmp_path, address)


async def _lesson(folder: Path, address: str) -> None:
    async with TongkeServer.start(folder, udp_host=address) as server, firefoxes() as seats:
        api = await server.sign_in("wang")
        lesson = await lesson_open_now(api)
        teacher = await TeacherSeat.arrive(server, seats)
        await teacher.open_lesson(lesson["lesson_id"])
        await teacher.start_lesson()
        room = await ClassroomSeat.arrive(server, seats, lesson, ROOM)
        # As before Firefox 128; Windows 7 ends at 115.
        await room.evaluate("() => { delete RTCRtpTransceiver.prototype.setCodecPreferences }")
        await room.enter()
        await teacher.picture(f"video-{room.participant_id}")
        await teacher.click("share-courseware")
        await room.picture("courseware-video")
        await teacher.click(f"stage-invite-{room.participant_id}")
        await room.sees("speaking")
        await teacher.end_lesson()
        await room.sees("lesson-over")
        detail = await ready_recording(api, lesson["lesson_id"])
        recorded = {one["source_id"] for one in detail["sources"] if one["files"]}
        assert {"lead.camera", "lead.courseware", f"{room.participant_id}.camera"} <= recorded


async def test_a_classroom_without_h264_gets_the_teacher_in_vp8(tmp_path: Path) -> None:
    """Debian's Firefox decodes no H.264."""
    with own_network() as address:
        await _h264_lesson(tmp_path, address)


async def _h264_lesson(folder: Path, address: str) -> None:
    async with (
        TongkeServer.start(folder, udp_host=address) as server,
        firefoxes() as others,
        browsers() as seats,
    ):
        api = await server.sign_in("wang")
        lesson = await lesson_open_now(api)
        teacher = await TeacherSeat.arrive(server, seats)
        await teacher.open_lesson(lesson["lesson_id"], codec="h264")
        await teacher.start_lesson()
        room = await ClassroomSeat.arrive(server, others, lesson, ROOM)
        await room.enter()  # until its picture moves
        assert await server.metric("tongke_relay_slots_without_codec") >= 1

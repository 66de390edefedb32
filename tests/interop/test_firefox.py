"""A lesson in real Firefox: teacher and classroom, the screen shared, to the recording."""

from __future__ import annotations

from pathlib import Path

from tests.support.firefox import firefoxes, own_network
from tests.support.live_class import live_class
from tests.support.recordings import ready_recording


async def test_firefox_teaches_a_classroom_in_firefox(tmp_path: Path) -> None:
    with own_network() as address:
        await _lesson(tmp_path, address)


async def _lesson(folder: Path, address: str) -> None:
    async with live_class(folder, udp_host=address, opened=firefoxes) as school:
        teacher, room = school.teacher, await school.arrives()
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
        detail = await ready_recording(school.api, school.lesson_id)
        recorded = {one["source_id"] for one in detail["sources"] if one["files"]}
        assert {"lead.camera", "lead.courseware", f"{room.participant_id}.camera"} <= recorded


async def test_a_classroom_without_h264_gets_the_teacher_in_vp8(tmp_path: Path) -> None:
    """Debian's Firefox decodes no H.264."""
    with own_network() as address:
        await _h264_lesson(tmp_path, address)


async def _h264_lesson(folder: Path, address: str) -> None:
    async with live_class(folder, udp_host=address, codec="h264") as school, firefoxes() as others:
        await school.enters(seats=others)  # until its picture moves
        assert await school.server.metric("tongke_relay_slots_without_codec") >= 1

"""What the live pages say of sound and pictures: real Chromium, real server."""

from __future__ import annotations

from pathlib import Path

from tests.support.browser import WAIT_MS, browsers
from tests.support.live_class import live_class
from tests.support.people import ClassroomSeat, TeacherSeat, lesson_open_now
from tests.support.server import TongkeServer

COVER = "[data-testid=picture-cover]"
# A microphone that can be pulled out and put back: Chromium's fake devices are always there.
PLUGS = """
  const devices = navigator.mediaDevices
  const real = devices.getUserMedia.bind(devices)
  const given = []
  window.__pulled = false
  devices.getUserMedia = async (wish) => {
    if (window.__pulled && wish.audio) throw new DOMException('none', 'NotFoundError')
    const stream = await real(wish)
    given.push(...stream.getAudioTracks())
    return stream
  }
  window.__pull = () => {
    window.__pulled = true
    for (const track of given) {
      track.stop()
      track.dispatchEvent(new Event('ended')) // browsers tell of no end that a page made itself
    }
    devices.dispatchEvent(new Event('devicechange'))
  }
  window.__putBack = () => {
    window.__pulled = false
    devices.dispatchEvent(new Event('devicechange'))
  }
"""


async def _says(person: TeacherSeat | ClassroomSeat, testid: str) -> str:
    return await person.page.get_by_test_id(testid).first.inner_text(timeout=WAIT_MS)


async def test_a_forbidden_microphone_is_told_loudly(tmp_path: Path) -> None:
    async with live_class(tmp_path, allowed=("camera",)) as school:
        teacher = school.teacher
        alert = await _says(teacher, "unheard")
        assert "教学点听不到您" in alert
        assert "地址栏" in alert

        await teacher.seat.context.grant_permissions(["camera", "microphone"])
        await teacher.click("unheard-retry")
        await teacher.page.get_by_test_id("unheard").wait_for(state="hidden", timeout=WAIT_MS)
        await teacher.click("toggle-microphone")
        assert "您关闭了麦克风" in await _says(teacher, "unheard")
        await teacher.click("unheard-unmute")
        await teacher.page.get_by_test_id("unheard").wait_for(state="hidden", timeout=WAIT_MS)


async def test_a_microphone_pulled_out_is_told_and_taken_again_without_a_new_session(
    tmp_path: Path,
) -> None:
    async with live_class(
        tmp_path, prepare=lambda teacher: teacher.seat.context.add_init_script(PLUGS)
    ) as school:
        teacher, room = school.teacher, await school.arrives()
        await room.seat.context.add_init_script(PLUGS)
        await room.page.reload()
        await room.enter()
        first = await teacher.evaluate("() => window.__tongke.publisherPc.localDescription.sdp")

        await teacher.evaluate("() => window.__pull()")
        assert "没有找到麦克风" in await _says(teacher, "unheard")
        await teacher.evaluate("() => window.__putBack()")
        await teacher.page.get_by_test_id("unheard").wait_for(state="hidden", timeout=WAIT_MS)
        sdp = await teacher.evaluate("() => window.__tongke.publisherPc.localDescription.sdp")
        assert sdp == first

        await room.evaluate("() => window.__pull()")
        assert "没有麦克风" in await _says(room, "own-devices")
        await teacher.click(f"stage-invite-{room.participant_id}")
        on_stage = await _says(room, "speaking")
        assert "听不到我们" in on_stage
        assert "正在发言" not in on_stage
        await room.evaluate("() => window.__putBack()")
        await room.page.get_by_test_id("own-devices").wait_for(state="hidden", timeout=WAIT_MS)
        assert school.errors == []


async def test_the_classroom_is_told_why_it_does_not_see_the_teacher(tmp_path: Path) -> None:
    async with TongkeServer.start(tmp_path) as server, browsers() as opened:
        lesson = await lesson_open_now(await server.sign_in("wang"))
        teacher = await TeacherSeat.arrive(server, opened)
        await teacher.click(f"enter-lesson-{lesson['lesson_id']}")
        await teacher.picture("camera-preview")
        await teacher.click("device-ok")
        await teacher.start_lesson()
        room = await ClassroomSeat.arrive(server, opened, lesson, "shanquan1")
        await room.enter()
        await room.page.locator(COVER).wait_for(state="hidden", timeout=WAIT_MS)

        await teacher.click("toggle-camera")
        await room.page.locator(f"{COVER}[data-state=camera_off]").wait_for(timeout=WAIT_MS)
        assert "老师关闭了摄像头" in await _says(room, "picture-cover")
        await teacher.click("toggle-camera")
        await room.page.locator(COVER).wait_for(state="hidden", timeout=WAIT_MS)

        await _leave_by_the_window(teacher)
        await teacher.page.go_back()
        await teacher.click("confirm-no")
        await teacher.sees("end-lesson")
        await teacher.page.go_back()
        await teacher.click("confirm-yes")
        await room.page.locator(f"{COVER}[data-state=left]").wait_for(timeout=WAIT_MS)
        assert "老师暂时离开了课堂" in await _says(room, "picture-cover")
        assert room.seat.errors == []


async def _leave_by_the_window(teacher: TeacherSeat) -> None:
    """Close the page as its window's cross does, and think better of it when the browser asks."""
    async with teacher.page.expect_event("dialog", timeout=WAIT_MS) as asked:
        await teacher.page.close(run_before_unload=True)
    dialog = await asked.value
    assert dialog.type == "beforeunload"
    await dialog.dismiss()
    await teacher.sees("end-lesson")

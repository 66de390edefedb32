"""What pages say and allow when something is amiss: real Chromium, real server."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from playwright.async_api import Route, expect

from load_tests.media import MediaClock
from load_tests.publish import PublishingPeer, VideoPlan
from tests.support.browser import WAIT_MS
from tests.support.live_class import LiveClass, live_class
from tests.support.people import ClassroomSeat, TeacherSeat
from tests.support.recordings import ready_recording
from tests.support.small_media import endpoint_of

B_SLICE = b"\x01\xa8" + bytes(40)  # H.264 §7.3.3: first_mb_in_slice 0, slice_type 1
NEEDS_THE_SERVER = ("end-lesson", "mute-all", "external-access")
FOCUSED = "() => document.activeElement.dataset.testid ?? document.activeElement.tagName"
BROWSER_STOPS_SHARING = """() => {
  const preview = document.querySelector('[data-testid="courseware-preview"]')
  const [track] = preview.srcObject.getVideoTracks()
  track.stop()
  track.onended() // browsers tell only of an end that the page did not bring about itself
}"""


@asynccontextmanager
async def _school(tmp_path: Path) -> AsyncIterator[LiveClass]:
    """A lesson with one classroom of the three invited, on the teacher's wall."""
    async with live_class(tmp_path) as school:
        room = await school.enters()
        await school.teacher.picture(f"video-{room.participant_id}")
        yield school
        assert school.errors == []


async def _text(person: TeacherSeat | ClassroomSeat, testid: str) -> str:
    return await person.page.get_by_test_id(testid).first.inner_text(timeout=WAIT_MS)


async def test_while_the_server_is_away_nothing_that_needs_it_can_be_pressed(
    tmp_path: Path,
) -> None:
    async with _school(tmp_path) as school:
        page = school.teacher.page
        invite = f"stage-invite-{school.rooms[0].participant_id}"
        for testid in (*NEEDS_THE_SERVER, invite):
            await expect(page.get_by_test_id(testid)).to_be_enabled()
        await school.server.down()
        await school.teacher.sees("reconnecting")
        for testid in (*NEEDS_THE_SERVER, invite):
            await page.locator(f"[data-testid={testid}]:disabled[title]").wait_for(timeout=WAIT_MS)
        stands_at = await _text(school.teacher, "elapsed")
        await page.wait_for_timeout(1500)  # the clock would have gone on
        assert await _text(school.teacher, "elapsed") == stands_at

        await school.server.up()
        await page.get_by_test_id("reconnecting").wait_for(state="hidden", timeout=WAIT_MS)
        for testid in (*NEEDS_THE_SERVER, invite):
            await page.locator(f"[data-testid={testid}]:enabled").wait_for(timeout=WAIT_MS)
        await school.teacher.until(
            "(then) => document.querySelector('[data-testid=elapsed]').innerText !== then",
            stands_at,
        )


async def test_a_share_that_is_lost_is_told_and_shared_again_with_one_button(
    tmp_path: Path,
) -> None:
    async with _school(tmp_path) as school:
        teacher = school.teacher
        await teacher.click("share-courseware")
        await school.rooms[0].picture("courseware-video")
        await teacher.evaluate(BROWSER_STOPS_SHARING)
        await teacher.sees("share-lost")
        await teacher.click("share-again")
        await teacher.sees("courseware-preview")
        await school.rooms[0].picture("courseware-video")

        # A second page takes the lesson over: the first one's share cannot come along.
        first = teacher.page
        teacher.page = await teacher.seat.context.new_page()
        await teacher.page.goto(f"{school.server.url}/teacher/lessons/{school.lesson_id}")
        await teacher.click("open-lesson")
        await teacher.sees("share-lost")
        await first.get_by_test_id("take-over").wait_for(timeout=WAIT_MS)
        await teacher.click("share-again")
        await school.rooms[0].picture("courseware-video")
        await teacher.click("stop-sharing")
        await teacher.sees("share-courseware")
        await expect(teacher.page.get_by_test_id("share-lost")).to_have_count(0)


async def test_the_room_on_stage_is_told_the_truth_beside_the_courseware(tmp_path: Path) -> None:
    async with _school(tmp_path) as school:
        teacher, (room,) = school.teacher, school.rooms
        await teacher.click("share-courseware")
        await room.picture("courseware-video")
        await teacher.click(f"stage-invite-{room.participant_id}")
        await expect(room.page.get_by_test_id("speaking").first).to_contain_text("正在发言")
        banner = await room.page.get_by_test_id("speaking").bounding_box()
        picture = await room.page.get_by_test_id("courseware-video").bounding_box()
        assert banner is not None
        assert picture is not None
        assert banner["y"] + banner["height"] <= picture["y"]
        await teacher.click("mute-all")
        await room.until(
            "() => document.querySelector('[data-testid=speaking]').innerText.includes('已静音')"
        )
        await expect(room.page.get_by_test_id("speaking").first).not_to_contain_text("正在发言")


async def test_who_never_came_is_told_apart_from_who_left(tmp_path: Path) -> None:
    async with _school(tmp_path) as school:
        teacher, (room,) = school.teacher, school.rooms
        await expect(teacher.page.get_by_test_id("tile-room-yunling1").first).to_contain_text(
            "尚未进入"
        )
        await room.click("leave-classroom")
        await room.click("confirm-yes")
        await teacher.until(
            "(id) => document.querySelector(`[data-testid=tile-${id}]`).innerText.includes('离线')",
            room.participant_id,
        )
        await expect(teacher.page.get_by_test_id("tile-room-yunling1").first).to_contain_text(
            "尚未进入"
        )
        await teacher.end_lesson()
        attended = await _text(teacher, "summary-attended")
        assert "山泉教学点" in attended
        assert "云岭教学点" not in attended
        await expect(teacher.page.get_by_test_id("summary-absent").first).to_contain_text(
            "云岭教学点"
        )


async def test_a_dialog_keeps_the_focus_and_gives_it_back(tmp_path: Path) -> None:
    async with _school(tmp_path) as school:
        teacher = school.teacher
        keyboard = teacher.page.keyboard
        await teacher.click("end-lesson")
        await expect(teacher.page.get_by_test_id("confirm-no")).to_be_focused()
        seen = [await teacher.evaluate(FOCUSED)]
        for key in ("Tab", "Tab", "Shift+Tab"):
            await keyboard.press(key)
            seen.append(await teacher.evaluate(FOCUSED))
        assert seen == ["confirm-no", "confirm-yes", "confirm-no", "confirm-yes"]
        await keyboard.press("Escape")
        await expect(teacher.page.get_by_test_id("confirm-yes")).to_have_count(0)
        assert await teacher.evaluate(FOCUSED) == "end-lesson"

        await teacher.click("external-access")
        await teacher.sees("external-camera-url")
        inside = "() => document.activeElement.closest('[role=dialog]') !== null"
        for key in ("Tab",) * 16 + ("Shift+Tab",) * 4:
            await keyboard.press(key)
            assert await teacher.evaluate(inside)
        await keyboard.press("Escape")
        assert await teacher.evaluate(FOCUSED) == "external-access"


async def test_a_device_that_sends_b_frames_is_named_with_what_to_set(tmp_path: Path) -> None:
    async with _school(tmp_path) as school:
        wang = school.api
        path = f"/api/lessons/{school.lesson_id}/external-access"
        endpoint = (await wang.call("POST", path))["courseware"]
        clock = MediaClock()
        host = PublishingPeer(
            wang.http, endpoint_of(wang, endpoint), clock, video=VideoPlan("H264", rids=())
        )
        await host.start()
        for _ in range(4):
            host.send_payloads("h", [B_SLICE], clock.now())
        told = await _text(school.teacher, "source-refused")
        assert "外接课件已被服务器断开" in told
        assert "B 帧" in told
        await school.teacher.click("source-refused-close")
        await school.teacher.page.get_by_test_id("source-refused").wait_for(state="detached")
        await host.close()


async def test_a_recording_of_which_a_part_is_lost_says_so(tmp_path: Path) -> None:
    """The server's own answer, but for the mark; how it comes to it is the recorder's to test."""

    async def mark(route: Route) -> None:
        answer = await route.fetch()
        detail = await answer.json()
        detail["sources"][0]["damaged"] = True
        await route.fulfill(response=answer, json=detail)

    async with _school(tmp_path) as school:
        teacher = school.teacher
        await teacher.end_lesson()
        detail = await ready_recording(school.api, school.lesson_id)
        address = f"/api/recordings/{detail['summary']['recording_id']}"
        await teacher.click("watch-recording")
        await teacher.sees("player")
        await expect(teacher.page.get_by_test_id("recording-damaged")).to_have_count(0)
        await teacher.page.route(f"**{address}", mark)
        await teacher.page.reload()
        await expect(teacher.page.get_by_test_id("recording-damaged").first).to_contain_text(
            "未能整理"
        )

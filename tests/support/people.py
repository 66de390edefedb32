"""People in real browsers: a teacher and classrooms who press the buttons that a person presses."""

from __future__ import annotations

import asyncio
import re
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from playwright.async_api import Page, Route

from tests.support.browser import WAIT_MS, Browsers, Capture, Seat
from tests.support.server import DEMO_PASSWORD, Client, TongkeServer
from tests.support.udp_proxy import UdpProxy

COUNTY = ZoneInfo("Asia/Shanghai")
POLL_MS = 50
LAYER_HEIGHTS = {"l": 180, "m": 360, "h": 720}


async def through_proxy(page: Page, proxy: UdpProxy, udp_port: int) -> None:
    """Make this page's media take the proxy: its port stands in every answer the page gets."""

    async def answer(route: Route) -> None:
        response = await route.fetch()
        body = await response.text()
        candidate = re.compile(rf"(a=candidate:\S+ 1 udp \d+ 127\.0\.0\.1) {udp_port} ")
        kept = [
            line
            for line in body.split("\r\n")
            if not line.startswith("a=candidate:") or candidate.match(line)
        ]
        body = candidate.sub(rf"\1 {proxy.port} ", "\r\n".join(kept))
        headers = {k: v for k, v in response.headers.items() if k != "content-length"}
        await route.fulfill(status=response.status, headers=headers, body=body)

    await page.route(re.compile(r"/(whip|whep)/"), answer)


class Person:
    """What a teacher and a classroom have in common."""

    def __init__(self, server: TongkeServer, seat: Seat) -> None:
        self.server, self.seat, self.page = server, seat, seat.page

    async def click(self, testid: str) -> None:
        """Press a control."""
        await self.page.get_by_test_id(testid).first.click(timeout=WAIT_MS)

    async def sees(self, testid: str) -> None:
        """Wait until something is visible."""
        await self.page.get_by_test_id(testid).first.wait_for(timeout=WAIT_MS)

    async def until(self, condition: str, argument: Any = None) -> None:
        """Wait until a JavaScript condition, which may be asynchronous, holds."""
        async with asyncio.timeout(WAIT_MS / 1000):
            while not await self.page.evaluate(condition, argument):
                await self.page.wait_for_timeout(POLL_MS)

    async def evaluate(self, script: str, argument: Any = None) -> Any:
        """Run JavaScript in the page."""
        return await self.page.evaluate(script, argument)

    async def picture(self, testid: str, height: int | None = None) -> None:
        """Wait for a moving picture, of this many lines if given."""
        await self.until(
            """([testid, height]) => {
              const found = document.querySelector(`[data-testid="${testid}"]`)
              const inside = found && found.querySelector('video')
              const video = found && found.tagName === 'VIDEO' ? found : inside
              return video && video.videoWidth > 0 && !video.paused &&
                (height === null || video.videoHeight === height)
            }""",
            [testid, height],
        )

    async def inbound(self, kind: str) -> list[dict[str, Any]]:
        """`inbound-rtp` statistics of everything received."""
        rows: list[dict[str, Any]] = await self.evaluate(
            "(kind) => window.__probe.stats('inbound-rtp', kind)", kind
        )
        return rows

    async def pin_view(self, wishes: list[dict[str, Any]] | None) -> None:
        """Ask for exactly this in the slots, whatever the page's layout would ask."""
        await self.evaluate("(wishes) => window.__tongke.pinView(wishes)", wishes)


class TeacherSeat(Person):
    """The lead teacher in a browser."""

    @classmethod
    async def arrive(
        cls, server: TongkeServer, browsers: Browsers, capture: Capture | None = None, **size: int
    ) -> TeacherSeat:
        """Open the page and sign in."""
        return await cls.sign_in(server, await browsers.seat(capture, **size))

    @classmethod
    async def sign_in(cls, server: TongkeServer, seat: Seat) -> TeacherSeat:
        """Sign in on a browser that is open."""
        teacher = cls(server, seat)
        await teacher.page.goto(f"{server.url}/login")
        await teacher.page.get_by_test_id("login-account").fill("wang")
        await teacher.page.get_by_test_id("login-password").fill(DEMO_PASSWORD)
        await teacher.click("login-submit")
        return teacher

    async def open_lesson(self, lesson_id: str, *, codec: str | None = None) -> None:
        """Enter a lesson's page and get through the device check."""
        query = f"?codec={codec}" if codec else ""
        await self.page.wait_for_url("**/teacher*", timeout=WAIT_MS)
        await self.page.goto(f"{self.server.url}/teacher/lessons/{lesson_id}{query}")
        await self.click("open-lesson")
        await self.picture("camera-preview")
        await self.click("device-ok")

    async def start_lesson(self) -> None:
        """开始上课."""
        await self.click("start-lesson")
        await self.sees("end-lesson")
        await self.until(
            "() => window.__tongke.publisherPc && "
            "window.__tongke.publisherPc.connectionState === 'connected'"
        )

    async def end_lesson(self) -> None:
        """下课."""
        await self.click("end-lesson")
        await self.click("confirm-yes")
        await self.sees("summary")


class ClassroomSeat(Person):
    """A teaching point's terminal in a browser."""

    def __init__(self, server: TongkeServer, seat: Seat, room_id: str) -> None:
        super().__init__(server, seat)
        self.room_id = room_id
        self.participant_id = f"room-{room_id}"

    @classmethod
    async def arrive(
        cls,
        server: TongkeServer,
        browsers: Browsers,
        lesson: dict[str, Any],
        room_id: str,
        capture: Capture | None = None,
        proxy: UdpProxy | None = None,
        **size: int,
    ) -> ClassroomSeat:
        """Open the kiosk page and sign the terminal in by 课程码."""
        room = cls(server, await browsers.seat(capture, **size), room_id)
        if proxy is not None:
            await through_proxy(room.page, proxy, server.udp_port)
        await room.sign_in(lesson)
        return room

    async def sign_in(self, lesson: dict[str, Any]) -> None:
        """教室终端登录, by the lesson's 课程码."""
        await self.page.goto(f"{self.server.url}/classroom")
        await self.page.get_by_test_id("join-code").fill(lesson["join_code"])
        await self.click("join-code-next")
        await self.click(f"choose-room-{self.room_id}")
        await self.sees("today-card")

    async def enter(self) -> None:
        """进入课堂, and wait for the teacher's picture."""
        await self.click("enter-classroom")
        await self.sees("live-room")
        await self.picture("lead-video")


def temporary_capture(folder: Path) -> Capture:
    """The capture files that `load_tests.media.write_capture` wrote into a folder."""
    return Capture(folder / "camera.y4m", folder / "microphone.wav")


async def lesson_open_now(api: Client) -> dict[str, Any]:
    """The seeded lesson that a first-time user would take: today's, open now, not started."""
    listed = await api.call("GET", f"/api/lessons?day={datetime.now(COUNTY):%Y-%m-%d}")
    now = datetime.fromisoformat(listed["server_time"])
    for lesson in listed["lessons"]:
        begins, ends = (datetime.fromisoformat(lesson[k]) for k in ("starts_at", "ends_at"))
        if lesson["state"] == "scheduled" and begins <= now < ends:
            return dict(lesson)
    raise AssertionError("no seeded lesson is open now")


async def lesson_for_devices(
    server: TongkeServer,
) -> tuple[Client, dict[str, Any], dict[str, Any]]:
    """Today's lesson, started; its teacher, and what devices beside the page may send and play."""
    api = await server.sign_in("wang")
    lesson = await lesson_open_now(api)
    path = f"/api/lessons/{lesson['lesson_id']}"
    await api.call("POST", f"{path}/start")
    return api, lesson, await api.call("POST", f"{path}/external-access")

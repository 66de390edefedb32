"""The product: a server, a teacher on a good link, a classroom on the poor one; its real pages."""

from __future__ import annotations

import asyncio
import contextlib
import time
from contextlib import AsyncExitStack
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from load_tests.link.emulator import Emulator, entering
from load_tests.link.forwarder import GOOD_ADDRESS
from load_tests.qoe.content import CaptureFiles
from load_tests.qoe.seats import WAIT_MS, Seat, Seats
from load_tests.server import ServerProcess
from signaling.command.seed import DEMO_PASSWORD, RECEIVE_ROOMS

COUNTY = ZoneInfo("Asia/Shanghai")
LOGIN = "wang"
PICTURE = '[data-testid="lead-video"]'
WARM_UP_TIMEOUT_S, WARM_UP_POLL_S = 20.0, 0.25
FULL_LINES = 720
RECORDING_TIMEOUT_S, RECORDING_POLL_S = 30.0, 0.5
KEPT_METRICS = ("tongke_relay_", "tongke_control_", "tongke_media_")
_GET = "async (path) => (await fetch(path)).json()"
_TEXT = "async (path) => (await fetch(path)).text()"


class NoLesson(RuntimeError):
    """No seeded lesson is open now."""


class TongkeCall:
    """A lesson that the classroom has not entered yet; `enter` presses 进入课堂."""

    def __init__(
        self, link: Emulator, seats: Seats, stack: AsyncExitStack, files: tuple[CaptureFiles, ...]
    ) -> None:
        self._link, self._seats, self._stack = link, seats, stack
        self._files = files
        self._lesson_id = ""
        self.sender: Seat
        self.receiver: Seat

    async def prepare(self) -> None:
        """Start the server, the lesson and the browsers, and load all pages."""
        server = ServerProcess(
            arguments=("--http-host", "0.0.0.0", "--announce", GOOD_ADDRESS),
            prefix=entering(self._link.good),
        )
        await self._stack.enter_async_context(server)
        near = f"http://localhost:{server.http_port}"
        far = f"http://{GOOD_ADDRESS}:{server.http_port}"
        teacher, room = self._files
        self.sender = await self._seats.open(self._link.good, teacher, follow=True)
        self.receiver = await self._seats.open(self._link.poor, room, trusted=far)
        lesson = await self._start_lesson(near)
        self._lesson_id = lesson["lesson_id"]
        await self._approach(far, lesson)
        await self._warm_up()
        await self.sender.watch(None)
        await self.receiver.watch(PICTURE)

    async def enter(self) -> None:
        """进入课堂."""
        await self.receiver.click("enter-classroom")

    async def facts(self, *, recording: bool) -> dict[str, Any]:
        """The server's own counters; if wished also what the lesson's recording is."""
        counters: dict[str, Any] = await self._counters()
        return counters | ({"recording": await self._recording()} if recording else {})

    async def _recording(self) -> dict[str, Any] | None:
        """下课, and what the library then says; None if it was not finished in time."""
        await self.sender.click("end-lesson")
        await self.sender.click("confirm-yes")
        page = self.sender.page
        deadline = time.monotonic() + RECORDING_TIMEOUT_S
        while time.monotonic() < deadline:
            await asyncio.sleep(RECORDING_POLL_S)
            lesson = await page.evaluate(_GET, f"/api/lessons/{self._lesson_id}")
            if not (recording_id := lesson.get("recording_id")):
                continue
            detail = await page.evaluate(_GET, f"/api/recordings/{recording_id}")
            if detail["summary"]["state"] in {"ready", "failed"}:
                return {
                    "state": detail["summary"]["state"],
                    "duration_s": detail["summary"]["duration_s"],
                    "sources": {
                        source["source_id"]: {
                            "gaps": [[gap["start_s"], gap["end_s"]] for gap in source["gaps"]],
                            "damaged": source["damaged"],
                        }
                        for source in detail["sources"]
                    },
                }
        return None

    async def _counters(self) -> dict[str, float]:
        metrics: str = await self.sender.page.evaluate(_TEXT, "/metrics")
        samples = {}
        for line in metrics.splitlines():
            name, _, value = line.rpartition(" ")
            if name.startswith(KEPT_METRICS):
                with contextlib.suppress(ValueError):
                    samples[name] = float(value)
        return {name: value for name, value in samples.items() if value}

    async def _warm_up(self) -> None:
        """A classroom enters a lesson that runs: wait for the full picture, but not for ever."""
        deadline = time.monotonic() + WARM_UP_TIMEOUT_S
        while time.monotonic() < deadline:
            if await self.sender.page.evaluate("() => window.__qoe.sending()") >= FULL_LINES:
                return
            await asyncio.sleep(WARM_UP_POLL_S)

    async def _start_lesson(self, url: str) -> dict[str, Any]:
        page = self.sender.page
        await page.goto(f"{url}/login")
        await page.get_by_test_id("login-account").fill(LOGIN)
        await page.get_by_test_id("login-password").fill(DEMO_PASSWORD)
        await self.sender.click("login-submit")
        await page.wait_for_url("**/teacher*", timeout=WAIT_MS)
        lesson = _open_now(await page.evaluate(_GET, f"/api/lessons?day={_today()}"))
        # The room's own sound system cancels echo, so that what is heard is what was said.
        await page.goto(f"{url}/teacher/lessons/{lesson['lesson_id']}?audio=raw")
        await self.sender.click("open-lesson")
        await self.sender.sees("camera-preview")
        await self.sender.click("device-ok")
        await self.sender.click("start-lesson")
        await self.sender.sees("end-lesson")
        await page.wait_for_function(
            "() => window.__tongke?.publisherPc?.connectionState === 'connected'", timeout=WAIT_MS
        )
        return lesson

    async def _approach(self, url: str, lesson: dict[str, Any]) -> None:
        page, room_id = self.receiver.page, RECEIVE_ROOMS[0]
        await page.goto(f"{url}/classroom")
        await page.get_by_test_id("join-code").fill(lesson["join_code"])
        await self.receiver.click("join-code-next")
        await self.receiver.click(f"choose-room-{room_id}")
        await self.receiver.sees("today-card")
        await self.receiver.sees("enter-classroom")


def _today() -> str:
    return f"{datetime.now(COUNTY):%Y-%m-%d}"


def _open_now(listed: dict[str, Any]) -> dict[str, Any]:
    now = datetime.fromisoformat(listed["server_time"])
    for lesson in listed["lessons"]:
        begins, ends = (datetime.fromisoformat(lesson[key]) for key in ("starts_at", "ends_at"))
        if lesson["state"] == "scheduled" and begins <= now < ends:
            return dict(lesson)
    raise NoLesson("no seeded lesson is open now")

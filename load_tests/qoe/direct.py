"""The baseline: one Chromium calls the other over the same link, all by the browser's defaults."""

from __future__ import annotations

from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from playwright.async_api import Route

from load_tests.link.emulator import Emulator
from load_tests.qoe.content import CaptureFiles
from load_tests.qoe.seats import Seat, Seats

PAGE = Path(__file__).with_name("direct.html")
URL = (
    "http://localhost/direct"  # never fetched: the bench itself answers; localhost may use cameras
)
PICTURE = '[data-testid="lead-video"]'


class DirectCall:
    """Two browsers that have not called each other yet; `enter` makes the call."""

    def __init__(
        self, link: Emulator, seats: Seats, _stack: AsyncExitStack, files: tuple[CaptureFiles, ...]
    ) -> None:
        self._link, self._seats = link, seats
        self._files = files
        self.sender: Seat
        self.receiver: Seat

    async def prepare(self) -> None:
        """Open both pages and the sender's camera."""
        teacher, room = self._files
        self.sender = await self._seats.open(self._link.good, teacher, follow=True)
        self.receiver = await self._seats.open(self._link.poor, room)
        for seat in (self.sender, self.receiver):
            await seat.page.route(URL, _answer)
            await seat.page.goto(URL)
        await self.sender.page.evaluate("() => window.openCamera()")
        await self.sender.watch(None)
        await self.receiver.watch(PICTURE)

    async def enter(self) -> None:
        """Carry the offer and the answer."""
        offer = await self.sender.page.evaluate("() => window.makeOffer()")
        answer = await self.receiver.page.evaluate("(sdp) => window.makeAnswer(sdp)", offer)
        await self.sender.page.evaluate("(sdp) => window.takeAnswer(sdp)", answer)

    async def facts(self, *, recording: bool) -> dict[str, Any]:
        """Nothing besides what the pages say."""
        return {}


async def _answer(route: Route) -> None:
    await route.fulfill(content_type="text/html", body=PAGE.read_text())

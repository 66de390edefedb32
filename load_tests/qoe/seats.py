"""Real Chromium on either side of the link, each with its own profile, camera and microphone."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.async_api import Error as BrowserError
from playwright.async_api import Page, Playwright, async_playwright

from load_tests.chromium import ARGUMENTS
from load_tests.link.emulator import write_wrapper
from load_tests.qoe.content import CaptureFiles

PROBE = Path(__file__).with_name("probe.js")
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
VIEWPORT = (1366, 768)
WAIT_MS = 30_000


class BrowserMissing(OSError):
    """No Chromium on this machine."""


def browser_path() -> str:
    """The browser's executable. Raises BrowserMissing."""
    for name in BROWSERS:
        if found := shutil.which(name):
            return found
    raise BrowserMissing("the bench needs Chromium (Debian package `chromium`)")


@dataclass
class Seat:
    """One browser with one page, and what it complained about."""

    page: Page
    errors: list[str] = field(default_factory=list)

    async def click(self, testid: str) -> None:
        """Press a control."""
        await self.page.get_by_test_id(testid).first.click(timeout=WAIT_MS)

    async def sees(self, testid: str) -> None:
        """Wait until something is visible."""
        await self.page.get_by_test_id(testid).first.wait_for(timeout=WAIT_MS)

    async def watch(self, selector: str | None) -> None:
        """Begin to note statistics, and frames and sound of a picture if one is named."""
        await self.page.evaluate("(selector) => window.__qoe.start(selector)", selector)

    async def notes(self) -> dict[str, Any]:
        """Notes of the probe."""
        notes: dict[str, Any] = await self.page.evaluate("() => window.__qoe.take()")
        return notes


class Seats:
    """Opens browsers inside namespaces."""

    def __init__(self, playwright: Playwright, stack: AsyncExitStack, folder: Path) -> None:
        self._playwright, self._stack, self._folder = playwright, stack, folder

    async def open(
        self, namespace: str, capture: CaptureFiles, *, trusted: str = "", follow: bool = False
    ) -> Seat:
        """Start one Chromium.

        Args:
            namespace: path of the namespace that it lives in.
            capture: its camera and microphone.
            trusted: an http origin that may use the camera as if it were https.
            follow: note which picture the camera took when.
        """
        name = namespace.rpartition("/")[2]
        program = write_wrapper(self._folder / f"chromium-{name}", namespace, browser_path())
        arguments = [
            *ARGUMENTS,
            f"--use-file-for-fake-video-capture={capture.camera}",
            f"--use-file-for-fake-audio-capture={capture.microphone}",
        ]
        if trusted:
            arguments.append(f"--unsafely-treat-insecure-origin-as-secure={trusted}")
        browser = await self._playwright.chromium.launch(executable_path=program, args=arguments)

        async def close() -> None:
            with contextlib.suppress(BrowserError):
                await browser.close()

        self._stack.push_async_callback(close)
        width, height = VIEWPORT
        context = await browser.new_context(
            viewport={"width": width, "height": height}, locale="zh-CN"
        )
        await context.grant_permissions(["camera", "microphone"])
        await context.add_init_script(path=PROBE)
        if follow:
            await context.add_init_script("window.__qoe.followCamera = true")
        seat = Seat(await context.new_page())
        seat.page.on("pageerror", lambda error: seat.errors.append(str(error)))
        return seat


@asynccontextmanager
async def seats() -> AsyncIterator[Seats]:
    """Browsers for one run, all ended with it."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tongke-qoe-")))
        playwright = await stack.enter_async_context(async_playwright())
        yield Seats(playwright, stack, folder)

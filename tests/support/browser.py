"""Real Chromium, a profile per person; who has a camera of one's own has a process of one's own."""

from __future__ import annotations

import itertools
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.async_api import (
    Browser,
    BrowserContext,
    Page,
    Playwright,
    async_playwright,
    expect,
)

from load_tests.chromium import ARGUMENTS

CHROMIUM = "/usr/bin/chromium"
DEVICES = ("camera", "microphone")
PROBE = Path(__file__).with_name("probe.js")
SLOW_LINE = Path(__file__).with_name("slow_line.js")
WAIT_MS = 45_000  # patience with a busy machine; how long things take is measured elsewhere
expect.set_options(timeout=WAIT_MS)

_slow_line = int(os.environ.get("TONGKE_SLOW_LINE", "0"))  # the seed of its pauses; 0 is none
_profiles = itertools.count()


async def new_profile(
    browser: Browser, *, width: int = 1366, height: int = 768, **more: Any
) -> BrowserContext:
    """An empty profile of somebody of the county; with TONGKE_SLOW_LINE, at the end of one.

    Args:
        browser: that it is opened in.
        width: of its window in pixels.
        height: of its window in pixels.
        more: options of Playwright's `new_context`.
    """
    context = await browser.new_context(
        viewport={"width": width, "height": height}, locale="zh-CN", **more
    )
    context.set_default_timeout(WAIT_MS)
    if _slow_line:
        seed = str(_slow_line * 1000 + next(_profiles))
        await context.add_init_script(SLOW_LINE.read_text().replace("SEED", seed))
    return context


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """One Chromium, with devices of its own make."""
    async with async_playwright() as playwright:
        browser = await _launched(playwright, ARGUMENTS)
        try:
            yield browser
        finally:
            await browser.close()


async def _launched(playwright: Playwright, args: Sequence[str]) -> Browser:
    return await playwright.chromium.launch(executable_path=CHROMIUM, args=args)


@dataclass
class Seat:
    """One profile with one page, and everything it complained about."""

    browser: Browser
    context: BrowserContext
    page: Page
    errors: list[str] = field(default_factory=list)


@dataclass
class Capture:
    """What a seat's camera and microphone deliver; None is Chromium's own test picture and beep."""

    video: Path | None = None
    audio: Path | None = None

    def args(self) -> list[str]:
        """Chromium switches."""
        args = []
        if self.video is not None:
            args.append(f"--use-file-for-fake-video-capture={self.video}")
        if self.audio is not None:
            args.append(f"--use-file-for-fake-audio-capture={self.audio}")
        return args


class Browsers:
    """Opens seats and closes them all."""

    def __init__(self, playwright: Playwright) -> None:
        self._playwright = playwright
        self._open: dict[tuple[str, ...], Browser] = {}  # by what they were started with

    async def seat(
        self,
        capture: Capture | None = None,
        *,
        width: int = 1366,
        height: int = 768,
        allowed: tuple[str, ...] = DEVICES,
    ) -> Seat:
        """Open an empty profile; devices not ``allowed`` are refused.

        People with the same devices share one Chromium, which takes a second to start.
        """
        args = [*ARGUMENTS, *(capture or Capture()).args()]
        if allowed != DEVICES:
            args.remove("--use-fake-ui-for-media-stream")  # it allows everything
        browser = self._open.get(tuple(args))
        if browser is None:
            browser = await _launched(self._playwright, args)
            self._open[tuple(args)] = browser
        context = await new_profile(browser, width=width, height=height)
        await context.grant_permissions(list(allowed))
        await context.add_init_script(path=PROBE)
        page = await context.new_page()
        seat = Seat(browser, context, page)
        page.on("pageerror", lambda error: seat.errors.append(str(error)))
        return seat

    async def close(self) -> None:
        """End every browser."""
        for browser in self._open.values():
            await browser.close()


@asynccontextmanager
async def browsers() -> AsyncIterator[Browsers]:
    """Browsers for one test."""
    async with async_playwright() as playwright:
        opened = Browsers(playwright)
        try:
            yield opened
        finally:
            await opened.close()

"""A published recording in real Chromium: HLS in the page, and the pictures of its seek bar.

The page comes from the real server. What it asks about the recording is answered here, from files
that the recorder made.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import msgspec
from aiohttp import web
from playwright.async_api import Page, Route, expect

from recorder.api import Edition, EditionOrder, Span
from recorder.editions.maker import Maker
from recorder.editions.service import edition_place
from recorder.storage.folder import FolderStorage
from signaling.library.publishing.wire import LibraryDetail
from tests.support.browser import WAIT_MS, browsers
from tests.support.people import TeacherSeat
from tests.support.recording import START, recorded
from tests.support.rtp_media import TrackFeed, encode_audio, encode_video
from tests.support.server import TongkeServer

LENGTH_S = 40.0
MIMES = {
    ".m3u8": "application/vnd.apple.mpegurl",
    ".mp4": "video/mp4",
    ".m4a": "audio/mp4",
    ".vtt": "text/vtt",
    ".jpg": "image/jpeg",
    ".json": "application/json",
}
# As of a lesson in which more moves: the page chooses by what the playlist says.
RATES = {"480x360": 300_000, "640x480": 1_500_000}
PIECE_BYTES = 2048  # of what the line carries at once
SPARE = 2.0  # × what the small pictures take: the slow line
BEYOND_S = 9.0  # the third segment plays

STATE = """() => [...document.querySelectorAll('video')].map((one) => ({
  at: one.currentTime, width: one.videoWidth, paused: one.paused, ready: one.readyState,
  sounded: one.webkitAudioDecodedByteCount, error: one.error && one.error.message,
}))"""


def lesson(root: Path) -> None:
    """40 s of a camera with sound, and of courseware, which is H.264."""
    camera = encode_video("VP8", LENGTH_S, width=640, height=480, fps=5)
    board = encode_video("H264", LENGTH_S, width=320, height=180, fps=5, key_every_s=10.0)
    feeds = (
        TrackFeed(1, "lead.camera", "VP8", camera, START),
        TrackFeed(2, "lead.camera", "opus", encode_audio(LENGTH_S), START),
        TrackFeed(3, "lead.courseware", "H264", board, START),
    )
    recorded(root / "r1", *(feed.happenings() for feed in feeds))


@dataclass
class Origin:
    """Answers what the page asks about the recording; its files come over a line of their own."""

    edition: Edition
    folder: Path
    bps: float | None = None  # of the line; None is as fast as the machine
    asked: list[str] = field(default_factory=list)
    _base: str = ""
    _line: asyncio.Lock = field(default_factory=asyncio.Lock)

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        """Serve the files."""
        app = web.Application()
        app.router.add_get("/{name}", self._file)
        runner = web.AppRunner(app, shutdown_timeout=0)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        (port,) = (address[1] for address in runner.addresses)
        self._base = f"http://127.0.0.1:{port}"
        try:
            yield
        finally:
            await runner.cleanup()

    async def detail(self, route: Route) -> None:
        entry = {
            "resource_id": "r1", "version": 1, "kind": "recording", "title": "浮力", "summary": "",
            "keywords": [], "subject": "物理", "stage": None, "grade": "八年级", "edition": "",
            "volume": "", "section": "", "teacher_name": "王老师", "school_name": "青山中心小学",
            "kind_of_resource": "lesson", "duration_s": self.edition.duration_s,
            "published_at": "2026-11-23T02:00:00Z", "expires_at": None, "scope": "public",
            "locked": False, "thumbnail_url": None, "matches": [],
        }  # fmt: skip
        sources = [self._source(asdict(one)) for one in self.edition.sources]
        body = {
            "entry": entry, "language": "zh", "audience": "pupils", "copyright_note": "",
            "may_download": False, "recording_s": self.edition.duration_s, "keep": [],
            "chapters": [], "cover_s": None, "sources": sources, "stage": [], "cuts": [],
        }  # fmt: skip
        msgspec.convert(body, LibraryDetail)  # as the server would answer
        await route.fulfill(content_type="application/json", body=json.dumps(body))

    def _source(self, made: dict[str, Any]) -> dict[str, Any]:
        fields = ("offset_s", "duration_s", "width", "height", "has_audio", "has_video")
        file = {name: made[name] for name in fields}
        told = {name: made[name] for name in ("source_id", "kind", "name", "lead", "spans")}
        return told | {
            "files": [file | {"url": f"/media/r1/{made['playlist']}", "mime": MIMES[".m3u8"]}],
            "gaps": [],
            "damaged": False,
            "storyboard_url": f"/media/r1/{made['storyboard']['vtt']}",
            "waveform_url": made["waveform"] and f"/media/r1/{made['waveform']}",
        }

    async def media(self, route: Route) -> None:
        """Have the page's request answered by the line: what a route answers comes all at once."""
        name = route.request.url.rpartition("/")[2]
        self.asked.append(name)
        await route.continue_(url=f"{self._base}/{name}")

    async def _file(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["name"]
        assert name in self.edition.files, name
        path = self.folder / name
        data = path.read_bytes()
        if path.suffix == ".m3u8":
            data = _with_rates(data.decode()).encode()
        headers = {"Content-Type": MIMES[path.suffix], "Accept-Ranges": "bytes"}
        part = request.http_range
        if part.start is None:
            return web.Response(body=data, headers=headers)
        begin, end = part.start, min(part.stop or len(data), len(data))
        headers["Content-Range"] = f"bytes {begin}-{end - 1}/{len(data)}"
        headers["Content-Length"] = str(end - begin)
        response = web.StreamResponse(status=206, headers=headers)
        await response.prepare(request)
        for at in range(begin, end, PIECE_BYTES):
            piece = data[at : min(at + PIECE_BYTES, end)]
            if self.bps is not None:
                async with self._line:
                    await asyncio.sleep(8 * len(piece) / self.bps)
            await response.write(piece)
        return response

    def segments(self, size: str) -> int:
        return len([one for one in self.asked if f"camera-{size}" in one and one.endswith(".mp4")])

    def small_bps(self) -> float:
        """What the lesson takes in the small size, its sound once, on the line."""
        large = [name for name in self.edition.files if "-720p-" in name or "-audio-opus-" in name]
        media = {name for name in self.edition.files if name.endswith((".mp4", ".m4a"))}
        total = sum((self.folder / name).stat().st_size for name in media - set(large))
        return 8 * total / self.edition.duration_s


def _with_rates(text: str) -> str:
    for size, bps in RATES.items():
        text = re.sub(
            rf"BANDWIDTH=\d+,AVERAGE-BANDWIDTH=\d+(,[^\n]*RESOLUTION={size})",
            rf"BANDWIDTH={bps},AVERAGE-BANDWIDTH={bps}\1",
            text,
        )
    return text


async def opened(page: Page, server: TongkeServer, origin: Origin) -> None:
    await page.route("**/api/library/r1", origin.detail)
    await page.route("**/media/r1/*", origin.media)
    await page.goto(f"{server.url}/library/r1")
    await page.get_by_test_id("player").wait_for(timeout=WAIT_MS)


async def states(page: Page) -> list[dict[str, Any]]:
    return list(await page.evaluate(STATE))


async def test_a_published_recording_plays_and_shows_where_a_seek_leads(tmp_path: Path) -> None:
    await asyncio.to_thread(lesson, tmp_path)
    maker = Maker(FolderStorage(tmp_path), reserve_bytes=0)
    # From 2.3 s on the courseware is coded anew up to its key frame at 10 s, then copied.
    order = EditionOrder("r1", (Span(2.3, LENGTH_S),))
    edition = await maker.make(order, lambda done, total: None)
    origin = Origin(edition, tmp_path / edition_place("r1", edition.edition_id))
    origin.bps = SPARE * origin.small_bps()
    async with (
        TongkeServer.start(tmp_path / "server") as server,
        origin.serving(),
        browsers() as opening,
    ):
        seat = await opening.seat()
        page = seat.page
        await TeacherSeat.sign_in(server, seat)
        await page.wait_for_url("**/teacher*", timeout=WAIT_MS)
        await opened(page, server, origin)

        # The seek bar shows a picture for the pointer, and for the keys.
        bar = page.get_by_test_id("seek")
        box = await bar.bounding_box()
        assert box is not None
        await expect(page.get_by_test_id("waveform")).to_be_visible(timeout=WAIT_MS)
        await page.mouse.move(box["x"] + box["width"] * 0.7, box["y"] + box["height"] / 2)
        picture = page.get_by_test_id("seek-picture")
        await expect(picture).to_be_visible(timeout=WAIT_MS)
        await expect(picture).to_have_css("background-position", "-320px 0px")  # the third
        await expect(page.get_by_test_id("seek-preview")).to_contain_text("0:26")
        await page.mouse.move(10, 10)
        await expect(picture).to_be_hidden()
        await bar.focus()
        await page.keyboard.press("PageUp")
        await expect(picture).to_be_visible()
        await page.keyboard.press("Home")

        # A slow line gets the small pictures, a fast one soon the large ones.
        await page.get_by_test_id("play").click()
        await page.wait_for_function(
            f"() => ({STATE})().every((one) => one.at > {BEYOND_S})", timeout=WAIT_MS
        )
        camera, courseware = await states(page)
        assert (camera["width"], courseware["width"]) == (480, 320)
        assert origin.segments("720p") == 0
        origin.bps = None
        await page.reload()
        await page.get_by_test_id("play").click()
        await page.wait_for_function(f"() => ({STATE})()[0].width === 640", timeout=WAIT_MS)
        assert origin.segments("720p") > 0

        # Over the place where the courseware's encoder changes, and to the end.
        await bar.fill("33")
        await expect(page.get_by_test_id("play")).to_have_attribute(
            "aria-label", "播放", timeout=WAIT_MS
        )
        camera, courseware = await states(page)
        assert camera["sounded"] > 0
        for one in (camera, courseware):
            assert one["error"] is None
            assert one["at"] > edition.duration_s - 0.7
        assert not seat.errors

"""资源推送 in real Chromium: fetched by a kiosk, played without a network, and counted."""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, expect
from sqlalchemy import update

from recorder.api import EditionOrder, Span
from recorder.editions.maker import Maker
from recorder.storage.folder import FolderStorage
from signaling.command.seed import DEMO_PASSWORD, LEAD_TEACHER
from signaling.library.editions.tables import EditionRow
from signaling.library.indexing import index_of, put
from signaling.library.tables import ResourceRow
from signaling.library.versions.tables import PublicationRow, ResourceVersionRow
from signaling.library.wire import EditionState, ResourceState
from signaling.wiring import Services
from tests.support import publications, resources
from tests.support.browser import WAIT_MS, Seat, browsers
from tests.support.recording import START, recorded
from tests.support.rtp_media import TrackFeed, encode_audio, encode_video
from tests.support.server import Client
from tests.support.services import ManualClock, served
from tests.support.videos import video

LENGTH_S = 6
KEPT = """async () => {
  const cache = await caches.open('tongke-pushed')
  return (await cache.keys()).length
}"""
PLAYS = """(testid) => {
  const media = document.querySelector(`[data-testid="${testid}"]`)
  return media !== null && media.videoWidth > 0 && media.currentTime > 0.5 && media.error === null
}"""


class RunningClock(ManualClock):
    """A wall clock of the test's own that goes on."""

    def __init__(self, now: datetime) -> None:
        super().__init__(now)
        self._began = time.monotonic()

    def now(self) -> datetime:
        return super().now() + timedelta(seconds=time.monotonic() - self._began)

    def monotonic(self) -> float:
        return super().monotonic() + time.monotonic() - self._began


def _film(folder: Path) -> None:
    """A recording with a camera that has sound, and courseware."""
    shutil.rmtree(folder)
    camera = encode_video("VP8", LENGTH_S, width=640, height=360, fps=5)
    board = encode_video("H264", LENGTH_S, width=320, height=180, fps=5, key_every_s=2.0)
    feeds = (
        TrackFeed(1, "lead.camera", "VP8", camera, START),
        TrackFeed(2, "lead.camera", "opus", encode_audio(LENGTH_S), START),
        TrackFeed(3, "lead.courseware", "H264", board, START),
    )
    recorded(folder, *(feed.happenings() for feed in feeds))


async def _publish(services: Services, recording_id: str, title: str) -> str:
    """Put a recording of six seconds onto the shelf, and publish it to everybody."""
    resource_id = await resources.shelve(
        services, recording_id, teacher=LEAD_TEACHER, room="shanquan1", title=title
    )
    version, publication = publications._published(0)
    assert isinstance(publication, PublicationRow)
    for row in (version, publication):
        row.resource_id = resource_id
    assert isinstance(version, ResourceVersionRow)
    version.meta = version.meta.replace("浮力 0", title)
    publication.shown_s, publication.title = float(LENGTH_S), title
    async with services.database.write() as session:
        session.add(version)
        await session.flush()
        session.add(publication)
        resource = await session.get_one(ResourceRow, resource_id)
        resource.state = ResourceState.PUBLISHED
        await session.flush()
        await put(index_of(services.database), session, resource)  # so that it is found
    return resource_id


async def _edition(services: Services, resource_id: str, recording_id: str) -> None:
    """Make what players are given of it: HLS."""
    root = services.config.data / "recordings"
    await asyncio.to_thread(_film, root / recording_id)
    maker = Maker(FolderStorage(root), reserve_bytes=0)
    order = EditionOrder(recording_id, (Span(0.0, float(LENGTH_S)),))
    made = await maker.make(order, lambda done, total: None)
    async with services.database.write() as session:
        session.add(
            EditionRow(
                resource_id=resource_id,
                number=1,
                recording_id=recording_id,
                edition_id=made.edition_id,
                state=EditionState.READY,
                job_id=None,
                problem=None,
                cover=None,
                media_s=2.0 * LENGTH_S,
                changed_at=services.clock.now(),
            )
        )


@dataclass
class School:
    """The services, who asks them, and a lesson that carries resources."""

    services: Services
    api: Client
    lesson: dict[str, Any]
    hls: str
    plain: str

    @property
    def path(self) -> str:
        return f"/api/lessons/{self.lesson['lesson_id']}"


@asynccontextmanager
async def _school(data: Path) -> AsyncIterator[School]:
    clock = RunningClock(datetime(2026, 11, 23, 2, 0, tzinfo=UTC))
    async with served(data, clock) as (services, api, other):
        await api.call("POST", f"/api/lessons/{other}/cancel", {"reason": "停电"})
        hls = await _publish(services, "r1", "浮力的秘密")
        await _edition(services, hls, "r1")
        plain = await _publish(services, "film-b", "木块的实验")
        folder = services.config.data / "recordings" / "film-b"
        sounded = await asyncio.to_thread(video, seconds=LENGTH_S)
        for name in (*resources.LEAD_FILES.values(), resources.ROOM_FILE):
            (folder / name).write_bytes(sounded)
        start = clock.now() + timedelta(minutes=2)
        wish = {
            "title": "科学课:浮力",
            "class_kind": "dedicated",
            "subject": "科学",
            "grade": "五年级",
            "starts_at": start.isoformat(),
            "ends_at": (start + timedelta(minutes=40)).isoformat(),
            "lead_teacher_id": LEAD_TEACHER,
            "receive_room_ids": ["shanquan1"],
            "delivery_mode": "resource_push",
        }
        lesson = await api.call("POST", "/api/lessons", wish)
        yield School(services, api, lesson, hls, plain)


async def _choose(school: School, seat: Seat) -> None:
    """The teacher finds both by the search box, and puts them in order."""
    page = seat.page
    await page.goto(f"{school.api.base}/login?next=/teacher/lessons/{school.lesson['lesson_id']}")
    await page.get_by_test_id("login-account").fill("wang")
    await page.get_by_test_id("login-password").fill(DEMO_PASSWORD)
    await page.get_by_test_id("login-submit").click()
    await expect(page.get_by_test_id("pushed-none")).to_be_visible()
    await page.get_by_test_id("pushed-search").focus()
    await page.get_by_test_id(f"pushed-add-{school.plain}").click()
    await page.get_by_test_id(f"pushed-add-{school.hls}").click()
    await page.get_by_label("下移《木块的实验》").click()
    await page.get_by_test_id("pushed-save").click()
    await expect(page.get_by_test_id("pushed-saved")).to_be_visible()


async def _kiosk(school: School, page: Page) -> None:
    await page.goto(f"{school.api.base}/classroom")
    await page.get_by_test_id("join-code").fill(school.lesson["join_code"])
    await page.get_by_test_id("join-code-next").click()
    await page.get_by_test_id("choose-room-shanquan1").click()
    await expect(page.get_by_test_id("push-card")).to_be_visible()


async def _plays(page: Page, testid: str) -> None:
    await page.wait_for_function(PLAYS, arg=testid, timeout=WAIT_MS)


async def test_fetched_played_without_a_network_and_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resources, "DURATION_S", float(LENGTH_S))
    async with _school(tmp_path) as school, browsers() as opening:
        teacher, seat = await opening.seat(), await opening.seat()
        await _choose(school, teacher)
        page = seat.page
        await _kiosk(school, page)
        state = page.get_by_test_id("push-state")
        await expect(state).to_have_text("已下载，可以上课")

        # The line is cut; the lesson is held all the same.
        await seat.context.set_offline(True)
        await page.get_by_test_id("push-start").click()
        await _plays(page, "push-camera")
        await _plays(page, "push-courseware")
        await page.get_by_test_id("push-toggle").click()
        await expect(page.get_by_test_id("push-toggle")).to_contain_text("播放")
        await page.get_by_test_id("push-back").click()
        await page.get_by_test_id("push-toggle").click()
        # The first ends, and the second begins by itself; then everything is over.
        await expect(page.get_by_test_id("push-over")).to_be_visible()
        await expect(page.get_by_test_id("push-told")).to_contain_text("还没有上报")
        unit = f"/api/ledger/units/{school.lesson['lesson_id']}/shanquan1"
        listed = await school.api.call("GET", f"{school.path}/resources")
        assert listed["plays"] == []

        # The line is back: what was watched is told, and counts.
        await seat.context.set_offline(False)
        await expect(page.get_by_test_id("push-told")).to_contain_text("已上报")
        await school.services.ledger.counter.settle()
        evidence = await school.api.call("GET", unit)
        assert evidence["unit"]["outcome"] == "held"
        watched = {one["resource_id"]: one["watched_seconds"] for one in evidence["played"]}
        assert watched.keys() == {school.hls, school.plain}
        assert all(LENGTH_S - 2 <= one <= LENGTH_S for one in watched.values())

        # What is withdrawn leaves the computer with the next contact.
        before = await page.evaluate(KEPT)
        async with school.services.database.write() as session:
            gone = update(PublicationRow).where(PublicationRow.resource_id == school.hls)
            await session.execute(gone.values(withdrawn_at=school.services.clock.now()))
        await page.get_by_test_id("push-leave").click()
        await expect(page.get_by_test_id("push-card")).to_contain_text("《浮力的秘密》已下架")
        assert 0 < await page.evaluate(KEPT) < before
        await teacher.page.reload()
        await expect(teacher.page.get_by_test_id("pushed-trouble")).to_contain_text("已下架")
        assert not seat.errors
        assert not teacher.errors

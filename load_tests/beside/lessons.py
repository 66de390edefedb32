"""The lessons of this measurement: the one that is watched, and those that are recorded before."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime

import msgspec

from load_tests.beside.county import PASSWORD
from load_tests.beside.web_load import LIBRARIAN, sign_in
from load_tests.control import ApiClient
from load_tests.media import ROOM_LAYERS, MediaClock
from load_tests.participants import CAMERA_FPS, publish_live
from load_tests.picture import CameraScene
from load_tests.sound import Babble
from signaling.command.seed import DEMO_PASSWORD
from signaling.directory.wire import PersonRef
from signaling.library.wire import LibraryState

POLL_S = 0.2
READY_TIMEOUT_S = 60.0  # for all recordings of the library


class LessonFacts(msgspec.Struct, frozen=True):
    """The part of a lesson that is read: every version of the server says it."""

    lesson_id: str
    starts_at: datetime
    ends_at: datetime
    lead_teacher: PersonRef


class LessonFactsList(msgspec.Struct, frozen=True):
    """The part of a list of lessons that is read."""

    lessons: tuple[LessonFacts, ...]
    server_time: datetime


async def start_own_lesson(client: ApiClient, login: str, password: str) -> str:
    """Sign in as a teacher and start the lesson that is open now; returns its id."""
    signed = await sign_in(client, login, password)
    listed = await client.call("GET", "/api/lessons", LessonFactsList)
    lesson_id = next(
        lesson.lesson_id
        for lesson in listed.lessons
        if lesson.lead_teacher.person_id == signed.subject_id
        and lesson.starts_at <= listed.server_time < lesson.ends_at
    )
    await client.call("POST", f"/api/lessons/{lesson_id}/start", LessonFacts)
    return lesson_id


async def end_lesson(client: ApiClient, lesson_id: str) -> None:
    """下课."""
    await client.call("POST", f"/api/lessons/{lesson_id}/end", LessonFacts)


@asynccontextmanager
async def taught(base_url: str, login: str, seconds: float) -> AsyncIterator[tuple[ApiClient, str]]:
    """A lesson in which a real picture and sound were published for a while, not ended so far."""
    async with ApiClient(base_url) as client:
        lesson_id = await start_own_lesson(client, login, PASSWORD)
        access = await client.media_access(lesson_id)
        assert access.camera is not None
        size = ROOM_LAYERS[-1]
        source = await publish_live(
            client, client.endpoint(access.camera), MediaClock(),
            CameraScene(size.width, size.height), Babble(), ROOM_LAYERS, fps=CAMERA_FPS,
        )  # fmt: skip
        try:
            await asyncio.sleep(seconds)
        finally:
            await source.stop()
        yield client, lesson_id


async def library_of(base_url: str, logins: list[str], seconds: float) -> None:
    """Record one short lesson after the other, and wait until all are in the library."""
    for login in logins:
        async with taught(base_url, login, seconds) as (client, lesson_id):
            await end_lesson(client, lesson_id)
    async with ApiClient(base_url) as client, asyncio.timeout(READY_TIMEOUT_S):
        await sign_in(client, LIBRARIAN, DEMO_PASSWORD)
        while True:
            if await ready_recordings(client) >= len(logins):
                return
            await asyncio.sleep(POLL_S)


async def ready_recordings(client: ApiClient) -> int:
    """Number of finished ones among the newest recordings, for a caller who sees all."""
    listed = await client.recordings()
    return sum(r.state is LibraryState.READY for r in listed.recordings)

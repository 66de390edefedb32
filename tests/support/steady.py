"""Synthetic people of a lesson who come back by themselves, by the rules of the page.

The channel is opened anew when it closes, or says nothing for 5 s. Media sessions are opened anew
when they end, or when the lesson's room is another one than before.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from load_tests.control import ApiClient, ApiRefused, CommandRefused, ControlChannel
from load_tests.decode import Decoded
from load_tests.media import (
    DEFAULT_MARKS,
    EncodedFrame,
    LayerSpec,
    LiveAudio,
    LiveVideo,
    MediaClock,
)
from load_tests.peer import Peer, PeerRefused
from load_tests.picture import CameraScene
from load_tests.publish import PublishingPeer, VideoPlan
from load_tests.sound import Babble
from load_tests.transport import TransportFailed
from load_tests.watch import ViewingPeer
from signaling.classroom.wire import SlotView
from tests.support.waiting import PATIENCE_S

CAMERA = LayerSpec("h", 320, 180, 150_000)
FPS = 10
DEAD_AFTER_S = 5.0  # docs/protocol.md
RETRY_S = 0.5  # a page's first pause
_POLL_S = 0.05
_REFUSED = (
    ApiRefused,
    CommandRefused,
    PeerRefused,
    TransportFailed,
    aiohttp.ClientError,
    ConnectionError,
    TimeoutError,
)


@dataclass(frozen=True, slots=True)
class Seen:
    """A decoded picture of the lead's camera: its number, and when it came (monotonic seconds)."""

    number: int
    at: float


async def _when(condition: Callable[[], bool]) -> None:
    """Wait for a condition, for as long as it takes."""
    while True:
        if condition():
            return
        await asyncio.sleep(_POLL_S)


class Attendee:
    """Keeps one channel and its media open."""

    def __init__(self, client: ApiClient, lesson_id: str) -> None:
        self.client = client
        self.lesson_id = lesson_id
        self.control: ControlChannel | None = None
        self.instance = ""
        self.channels = 0  # that were opened
        self.sessions = 0  # of media, likewise
        self.refusals: list[str] = []
        self.heard_at = time.monotonic()
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def is_in(self) -> bool:
        """Whether its channel is open."""
        return self.control is not None

    def start(self) -> None:
        """Come in, and stay."""
        self._tasks = [
            asyncio.create_task(self._again(self._attend)),
            asyncio.create_task(self._again(self._use_media)),
        ]

    async def stop(self) -> None:
        """Leave."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _again(self, work: Callable[[], Awaitable[None]]) -> None:
        task = asyncio.current_task()
        assert task is not None
        while True:
            try:
                await work()
            except _REFUSED as error:
                self.refusals.append(repr(error)[:300])
            except asyncio.CancelledError:
                if task.cancelling():
                    raise
                self.refusals.append("the channel was closed before it was open")
            await asyncio.sleep(RETRY_S)

    async def _attend(self) -> None:
        """Keep a channel until it is gone."""
        control = await self.client.control(self.lesson_id)
        self.channels += 1
        self.heard_at = time.monotonic()
        control.on_message = self._hear
        self.control, self.instance = control, control.state.instance
        try:
            await _when(
                lambda: control.closed.is_set() or time.monotonic() - self.heard_at > DEAD_AFTER_S
            )
        finally:
            self.control = None
            with contextlib.suppress(asyncio.CancelledError):
                async with asyncio.timeout(RETRY_S):  # a dead link answers no goodbye
                    await control.close()

    def _hear(self, _message: Any) -> None:
        self.heard_at = time.monotonic()

    async def _use_media(self) -> None:
        """Keep the media sessions of one room until one of them, or the room, is gone."""
        await _when(lambda: self.control is not None)
        instance, peers = self.instance, await self._opened()
        self.sessions += 1
        try:
            await _when(
                lambda: self.instance != instance or any(peer.lost.is_set() for peer in peers)
            )
        finally:
            for peer in peers:
                await peer.vanish()

    async def _opened(self) -> list[Peer]:
        raise NotImplementedError


class SteadyTeacher(Attendee):
    """Publishes the lead's camera and microphone: pictures are numbered through all sessions.

    Attributes:
        clock: of the camera; its pictures carry their time.
    """

    def __init__(self, client: ApiClient, lesson_id: str) -> None:
        super().__init__(client, lesson_id)
        self.clock = MediaClock()
        scene = CameraScene(CAMERA.width, CAMERA.height, marks=DEFAULT_MARKS)
        self.video = LiveVideo(scene, (CAMERA,), self.clock, self._send, fps=FPS)
        self._audio = LiveAudio(Babble(marks=DEFAULT_MARKS), self.clock, self._say)
        self._peer: PublishingPeer | None = None

    def start(self) -> None:
        """Come in, and teach."""
        super().start()
        self.video.start()
        self._audio.start()

    async def stop(self) -> None:
        """Leave."""
        await self.video.stop()
        await self._audio.stop()
        await super().stop()

    def _send(self, frame: EncodedFrame) -> None:
        if self._peer is not None:
            self._peer.send_frame(frame)

    def _say(self, audio: Any) -> None:
        if self._peer is not None:
            self._peer.send_audio(audio)

    async def _opened(self) -> list[Peer]:
        access = await self.client.media_access(self.lesson_id)
        assert access.camera is not None
        endpoint = self.client.endpoint(access.camera)
        peer = PublishingPeer(self.client.http, endpoint, self.clock, video=VideoPlan("VP8", ()))
        peer.on_key_frame_request = self.video.request_key_frame
        await peer.start()
        self._peer = peer
        return [peer]


class SteadyRoom(Attendee):
    """Watches the lead's camera, and keeps when each picture came."""

    def __init__(self, client: ApiClient, lesson_id: str) -> None:
        super().__init__(client, lesson_id)
        self.seen: list[Seen] = []
        self.viewer: ViewingPeer | None = None

    def longest_dark_s(self, since: float, until: float) -> float:
        """The longest time without a picture between two instants (monotonic seconds)."""
        times = [since, *(one.at for one in self.seen if since < one.at < until), until]
        return max(later - earlier for earlier, later in itertools.pairwise(times))

    @property
    def lost(self) -> int:
        """Packets of the camera that never came, neither at first nor when asked for again."""
        assert self.viewer is not None
        return self.viewer.video().lost

    async def sees(self, *, since: float | None = None, pictures: int = 5) -> float:
        """Wait for some pictures from now on, or since an instant; returns when the first came."""
        since = time.monotonic() if since is None else since
        while True:
            fresh = [one.at for one in self.seen if one.at > since]
            if len(fresh) >= pictures:
                return fresh[0]
            await asyncio.sleep(_POLL_S)

    async def _opened(self) -> list[Peer]:
        control = self.control
        if control is None:
            raise ConnectionError("the channel is closed")
        await control.view(SlotView(slot=0, source_id="lead.camera"))
        access = await self.client.media_access(self.lesson_id)
        assert access.watch is not None
        endpoint = self.client.endpoint(access.watch)
        peer = ViewingPeer(self.client.http, endpoint, decode_video=(0,))
        peer.on_picture = self._see
        await peer.start()
        self.viewer = peer
        return [peer]

    def _see(self, picture: Decoded) -> None:
        if picture.marks is not None:
            self.seen.append(Seen(picture.marks.number, picture.at))


@dataclass(frozen=True, slots=True)
class SteadyLesson:
    """A lesson under way: who teaches, who watches, and what the server says of it."""

    teacher: SteadyTeacher
    rooms: list[SteadyRoom] = field(default_factory=list)

    @property
    def lesson_id(self) -> str:
        """The lesson's id."""
        return self.teacher.lesson_id

    @property
    def people(self) -> list[Attendee]:
        """All of them."""
        return [self.teacher, *self.rooms]

    @property
    def media(self) -> tuple[list[int], list[int]]:
        """How often media were opened, and what was lost since then: equal if they go on."""
        return [one.sessions for one in self.people], [room.lost for room in self.rooms]

    async def back(self, since: float | None = None) -> float:
        """Wait until all rooms see pictures since an instant, or from now on.

        Returns when the last of them saw its first one.
        """
        async with asyncio.timeout(PATIENCE_S):
            return max(await asyncio.gather(*(room.sees(since=since) for room in self.rooms)))

    async def moved(self, instance: str) -> None:
        """Wait until everybody is in another live room than this one."""
        async with asyncio.timeout(PATIENCE_S):
            await _when(lambda: all(one.is_in and one.instance != instance for one in self.people))

    async def end(self) -> None:
        """下课."""
        await self.teacher.client.end_lesson(self.lesson_id)


@asynccontextmanager
async def steady_lesson(
    url: str, lesson: dict[str, Any], *room_ids: str
) -> AsyncIterator[SteadyLesson]:
    """Attend a lesson that was started: the teacher, and these rooms by its 课程码."""
    async with contextlib.AsyncExitStack() as stack:
        client = await stack.enter_async_context(ApiClient(url))
        await client.login("wang", "tongke-demo")
        people = SteadyLesson(SteadyTeacher(client, lesson["lesson_id"]))
        for room_id in room_ids:
            client = await stack.enter_async_context(ApiClient(url))
            await client.terminal_login(join_code=lesson["join_code"], room_id=room_id)
            people.rooms.append(SteadyRoom(client, lesson["lesson_id"]))
        for one in people.people:
            one.start()
            stack.push_async_callback(one.stop)
        yield people

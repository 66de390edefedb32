"""A synthetic teacher and synthetic classrooms: what a page does in a lesson, without a page."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from load_tests.control import ApiClient, ControlChannel
from load_tests.decode import Decoded
from load_tests.film import FileScene
from load_tests.media import (
    CAMERA_LAYERS,
    COURSEWARE_LAYERS,
    ROOM_LAYERS,
    EncodedFrame,
    LayerSpec,
    LiveAudio,
    LiveVideo,
    MediaClock,
)
from load_tests.peer import Endpoint
from load_tests.picture import CameraScene, CoursewareScene, MarkPlan, Scene
from load_tests.publish import PublishingPeer, VideoPlan
from load_tests.sound import Babble, FileSound, Samples, Sound, Tone, tone_share
from load_tests.watch import ViewingPeer
from signaling.access.roles import Role
from signaling.classroom.wire import SlotView
from signaling.command.seed import ACCOUNTS, DEMO_PASSWORD
from signaling.directory.wire import RoomRef
from signaling.lessons import wire as api

CAMERA_FPS, ROOM_FPS, COURSEWARE_FPS = 20, 12, 8
NEW_LESSON = timedelta(minutes=40)
HEARD_SHARE = 0.5  # of a 20 ms block's energy at one frequency
HEARD_BLOCKS = 3


@dataclass(slots=True)
class LiveSource:
    """One published source: its session and what feeds it."""

    peer: PublishingPeer
    video: LiveVideo
    audio: LiveAudio | None
    first_capture_s: float | None = None

    def start(self) -> None:
        """Begin to send."""
        self.video.start()
        if self.audio is not None:
            self.audio.start()

    async def stop(self) -> None:
        """Stop sending and end the session."""
        await self.video.stop()
        if self.audio is not None:
            await self.audio.stop()
        await self.peer.close()


async def publish_live(
    client: ApiClient,
    endpoint: Endpoint,
    clock: MediaClock,
    scene: Scene,
    sound: Sound | None,
    layers: Sequence[LayerSpec],
    *,
    fps: int,
    codec: str = "VP8",
) -> LiveSource:
    """Publish a scene with its sound; more than one layer means simulcast."""
    rids = tuple(layer.rid for layer in layers) if len(layers) > 1 else ()
    peer = PublishingPeer(
        client.http, endpoint, clock, video=VideoPlan(codec, rids), audio=sound is not None
    )
    await peer.start()

    def send(frame: EncodedFrame) -> None:
        if source.first_capture_s is None:
            source.first_capture_s = frame.capture_s
        peer.send_frame(frame)

    video = LiveVideo(scene, layers, clock, send, fps=fps, codec=codec)
    audio = LiveAudio(sound, clock, peer.send_audio) if sound is not None else None
    source = LiveSource(peer, video, audio)
    peer.on_key_frame_request = video.request_key_frame
    source.start()
    return source


@dataclass(slots=True)
class Ear:
    """Times at which each tone was heard, in `time.monotonic()` seconds.

    A tone counts from its third block in a row in one slot: a decoder's click after a lost packet
    is no tone.
    """

    tones: dict[str, float]
    first: dict[str, float] = field(default_factory=dict)
    last: dict[str, float] = field(default_factory=dict)
    _runs: dict[tuple[int, str], tuple[float, int]] = field(default_factory=dict)

    def hear(self, slot: int, samples: Samples, at: float) -> None:
        """Take the sound of one slot."""
        for name, frequency in self.tones.items():
            if tone_share(samples, frequency) <= HEARD_SHARE:
                self._runs.pop((slot, name), None)
                continue
            since, blocks = self._runs.get((slot, name), (at, 0))
            self._runs[slot, name] = since, blocks + 1
            if blocks + 1 >= HEARD_BLOCKS:
                self.first.setdefault(name, since)
                self.last[name] = at


@dataclass(slots=True)
class Sight:
    """Decoded pictures and sound of one slot."""

    pictures: int = 0
    readable: int = 0
    height: int = 0
    delay_s: float = 0.0
    numbers: set[int] = field(default_factory=set)

    def see(self, picture: Decoded, clock: MediaClock) -> None:
        """Take a decoded picture; `clock` is the publisher's."""
        self.pictures += 1
        self.height = picture.height
        if picture.marks is not None:
            self.readable += 1
            self.numbers.add(picture.marks.number)
            self.delay_s = clock.at(picture.at) - picture.marks.capture_ms / 1000

    @property
    def missing(self) -> int:
        """Frame numbers between the first and the last seen that were not seen."""
        if not self.numbers:
            return 0
        return max(self.numbers) - min(self.numbers) + 1 - len(self.numbers)


class Teacher:
    """The lead teacher: camera in three layers, courseware, a wall, and the lesson's controls."""

    def __init__(
        self,
        client: ApiClient,
        *,
        media: Path | None,
        marks: MarkPlan,
        tones: dict[str, float],
        codec: str = "VP8",
    ) -> None:
        self.client = client
        self.clock = MediaClock()
        self.ear = Ear(tones)
        self.camera: LiveSource | None = None
        self.camera_fps = CAMERA_FPS
        self.courseware: LiveSource | None = None
        self.control: ControlChannel | None = None
        self.viewer: ViewingPeer | None = None
        self._media = media
        self._codec = codec
        self._marks = marks
        self._stack = AsyncExitStack()

    async def enter(self, lesson_id: str) -> None:
        """开始上课, then camera, courseware and the wall."""
        size = CAMERA_LAYERS[-1]
        scene, sound = await asyncio.to_thread(self._camera_media, size)
        await self.client.start_lesson(lesson_id)
        self.control = await self.client.control(lesson_id)
        self._stack.push_async_callback(self.control.close)
        access = await self.client.media_access(lesson_id)
        assert access.camera and access.courseware and access.watch
        self.camera = await publish_live(
            self.client, self.client.endpoint(access.camera), self.clock, scene, sound,
            CAMERA_LAYERS, fps=self.camera_fps, codec=self._codec,
        )  # fmt: skip
        self._stack.push_async_callback(self.camera.stop)
        self.courseware = await publish_live(
            self.client, self.client.endpoint(access.courseware), self.clock,
            CoursewareScene(size.width, size.height, marks=self._marks), None,
            COURSEWARE_LAYERS, fps=COURSEWARE_FPS, codec=self._codec,
        )  # fmt: skip
        self._stack.push_async_callback(self.courseware.stop)
        self.viewer = ViewingPeer(
            self.client.http, self.client.endpoint(access.watch), video_slots=3, audio_slots=3,
            decode_audio=True,
        )  # fmt: skip
        self.viewer.on_sound = self.ear.hear
        await self.viewer.start()
        self._stack.push_async_callback(self.viewer.close)

    def _camera_media(self, size: LayerSpec) -> tuple[Scene, Sound]:
        if self._media is None:
            scene: Scene = CameraScene(size.width, size.height, marks=self._marks)
            return scene, Babble(marks=self._marks)
        scene = FileScene(self._media, size.width, size.height, marks=self._marks)
        self.camera_fps = scene.fps
        return scene, FileSound(self._media, marks=self._marks)

    async def leave(self) -> None:
        """Close everything."""
        await self._stack.aclose()


async def teaching_point_rooms(client: ApiClient, count: int) -> list[str]:
    """The first rooms of teaching points in the directory."""
    directory = await client.directory()
    points = [school for school in directory.schools if school.kind == "teaching_point"]
    return [room.room_id for school in points for room in school.rooms][:count]


async def sign_in_teacher(client: ApiClient) -> None:
    """Sign in as the demo county's lead teacher."""
    account = next(a for a in ACCOUNTS if a.role is Role.LEAD_TEACHER)
    await client.login(account.login, DEMO_PASSWORD)


async def open_lesson(client: ApiClient, title: str, rooms: Sequence[str]) -> api.Lesson:
    """The teacher's lesson that is open now, else a new one that begins now with these rooms."""
    listed = await client.lessons()
    for lesson in listed.lessons:
        waits = lesson.state is api.LessonState.SCHEDULED
        if waits and lesson.starts_at <= listed.server_time < lesson.ends_at:
            return lesson
    begins = listed.server_time.replace(microsecond=0)
    return await client.create_lesson(title, rooms, begins, begins + NEW_LESSON)


async def start_bare_lesson(client: ApiClient) -> api.Lesson:
    """Sign in as the demo teacher and start a lesson without people, for measurements."""
    await sign_in_teacher(client)
    lesson = await open_lesson(client, "负载测试", await teaching_point_rooms(client, 1))
    return await client.start_lesson(lesson.lesson_id)


class Classroom:
    """One teaching point: watches camera, courseware and stage, and publishes its own room."""

    def __init__(
        self,
        client: ApiClient,
        room: RoomRef,
        *,
        tone_hz: float,
        max_layer: str,
        tones: dict[str, float],
        teacher_clock: MediaClock,
    ) -> None:
        self.client = client
        self.room = room
        self.max_layer = max_layer
        self.ear = Ear(tones)
        self.sights = {slot: Sight() for slot in range(3)}
        self.entered_at = 0.0
        self.control: ControlChannel | None = None
        self.viewer: ViewingPeer | None = None
        self.source: LiveSource | None = None
        self._tone = Tone(tone_hz)
        self._clock = MediaClock()
        self._teacher_clock = teacher_clock
        self._stack = AsyncExitStack()

    @property
    def participant_id(self) -> str:
        """Entry of this room in the lesson."""
        return f"room-{self.room.room_id}"

    async def enter(self, lesson_id: str, join_code: str) -> None:
        """教室终端登录, 进入课堂."""
        await self.client.terminal_login(join_code=join_code, room_id=self.room.room_id)
        self.entered_at = time.monotonic()
        self.control = await self.client.control(lesson_id)
        self._stack.push_async_callback(self.control.close)
        access = await self.client.media_access(lesson_id)
        assert access.camera and access.watch
        await self.show()
        self.viewer = ViewingPeer(
            self.client.http, self.client.endpoint(access.watch), video_slots=3, audio_slots=3,
            decode_video=(0, 1), decode_audio=True,
        )  # fmt: skip
        self.viewer.on_picture = self._see
        self.viewer.on_sound = self.ear.hear
        await self.viewer.start()
        self._stack.push_async_callback(self.viewer.close)
        size = ROOM_LAYERS[-1]
        self.source = await publish_live(
            self.client, self.client.endpoint(access.camera), self._clock,
            CameraScene(size.width, size.height, tint=int(self._tone.frequency_hz)), self._tone,
            ROOM_LAYERS, fps=ROOM_FPS,
        )  # fmt: skip
        self._stack.push_async_callback(self.source.stop)

    async def show(self, on_stage: str | None = None) -> None:
        """Say what the three slots show: teacher, courseware, and who is on stage."""
        assert self.control is not None
        await self.control.view(
            SlotView(slot=0, source_id="lead.camera", max_layer=self.max_layer),
            SlotView(slot=1, source_id="lead.courseware"),
            SlotView(slot=2, source_id=f"{on_stage}.camera" if on_stage else None),
        )

    @property
    def first_frame_s(self) -> float | None:
        """From 进入课堂 to the teacher's first whole picture."""
        seen_at = self.viewer.video(0).first_frame_at if self.viewer is not None else None
        return None if seen_at is None else seen_at - self.entered_at

    async def leave(self) -> None:
        """Close everything."""
        await self._stack.aclose()

    def _see(self, picture: Decoded) -> None:
        self.sights[picture.slot].see(picture, self._teacher_clock)

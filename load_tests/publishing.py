"""A lesson's film on its way into the library, by the public API: upload, review, 发布, edition."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Iterator
from fractions import Fraction
from io import BytesIO
from pathlib import Path

import aiohttp
import av
import msgspec
import numpy as np

from load_tests.control import ApiClient
from load_tests.sound import SAMPLE_RATE, Babble, Sound
from signaling.command.seed import DEMO_PASSWORD
from signaling.files.wire import FileInfo, FileState
from signaling.library.captions.wire import CaptionOrder, CaptionState, CaptionTrack
from signaling.library.publishing.wire import LibraryDetail, ResourcePublish
from signaling.library.review.wire import ReviewPass
from signaling.library.uploads.wire import UploadResource
from signaling.library.versions.wire import (
    DraftSave,
    ResourceDetail,
    ResourceEdits,
    ResourceMetadata,
    ResourceSubmit,
    ResourceType,
    ResourceWithdraw,
    ShareScope,
    ShownPeople,
    Stage,
    WithdrawReason,
)
from signaling.library.wire import EditionState

AUTHOR, REVIEWER = "wang", "ziyuan"  # demo accounts: lead teacher, resource admin
FPS = 10
PICTURE = Fraction(1, FPS)  # time base: one picture
KEY_EVERY_S = 4
BPS = 900_000
JOB_TIMEOUT_S = 300.0  # for each job, on a busy machine
POLL_S = 0.2
_BABBLE = Babble()
_TUS = {"Tus-Resumable": "1.0.0"}


def write_lesson(
    path: Path,
    seconds: int,
    *,
    height: int = 720,
    codec: str = "libx264",
    voice: Sound = _BABBLE,
) -> None:
    """Write a film of moving pictures and a voice, which has no words unless another is given.

    With libx264 its pictures are copied into an edition where they have the right size; with
    libvpx they are coded anew.
    """
    options = {
        "libx264": {"preset": "ultrafast", "tune": "zerolatency", "profile": "baseline"},
        "libvpx": {"deadline": "realtime", "cpu-used": "8"},
    }[codec]
    sound = "aac" if codec == "libx264" else "libopus"
    with av.open(str(path), "w") as target:
        shown = target.add_stream(codec, rate=FPS, options=options)
        shown.width, shown.height, shown.pix_fmt = height * 16 // 9, height, "yuv420p"
        shown.bit_rate = BPS
        shown.codec_context.thread_count = 1
        shown.codec_context.gop_size = KEY_EVERY_S * FPS
        heard = target.add_stream(sound, rate=SAMPLE_RATE)
        heard.layout = "mono"
        coded = [one for frame in _pictures(shown.width, height) for one in shown.encode(frame)]
        coded += shown.encode()
        for number in range(seconds * FPS):
            # The same pictures again and again: to code them all takes long.
            target.mux(_again(coded[number % len(coded)], number, shown))
            target.mux(heard.encode(_heard(voice, number)))
        target.mux(heard.encode())


def _again(coded: av.Packet, number: int, stream: av.VideoStream) -> av.Packet:
    packet = av.Packet(bytes(coded))
    packet.stream, packet.time_base, packet.is_keyframe = stream, PICTURE, coded.is_keyframe
    packet.pts = packet.dts = number
    packet.duration = 1
    return packet


def _heard(voice: Sound, number: int) -> av.AudioFrame:
    count = SAMPLE_RATE // FPS
    samples = voice.samples(number * count, count)
    frame = av.AudioFrame.from_ndarray(
        (samples[None] * 32767).astype(np.int16), format="s16", layout="mono"
    )
    frame.sample_rate, frame.pts = SAMPLE_RATE, number * count
    return frame


def _pictures(width: int, height: int) -> Iterator[av.VideoFrame]:
    """Draw noise that moves, so that a second has the bytes of a real lesson's."""
    noise = np.random.default_rng(1).integers(60, 180, (height * 3 // 2, width), dtype=np.uint8)
    noise[height:] = 128
    for number in range(KEY_EVERY_S * FPS):
        planes = noise.copy()
        planes[:height] = np.roll(noise[:height] // 8 * 8, 3 * number, axis=1)
        frame = av.VideoFrame.from_ndarray(planes, format="yuv420p")
        frame.pts, frame.time_base = number, PICTURE
        yield frame


class Office:
    """Those who work on a resource: its author and its reviewer, both signed in."""

    def __init__(self, author: ApiClient, reviewer: ApiClient) -> None:
        self._author = author
        self._reviewer = reviewer

    async def sign_in(self) -> None:
        """Sign both in. Raises ApiRefused."""
        await self._author.login(AUTHOR, DEMO_PASSWORD)
        await self._reviewer.login(REVIEWER, DEMO_PASSWORD)

    async def shelve(self, film: Path, title: str) -> str:
        """Make a draft of a film, and wait until it can be played; returns its resource's id.

        Raises ApiRefused, TimeoutError; RuntimeError where a job refused the film.
        """
        file_id = await self._uploaded(film)
        body = UploadResource(file_id, title, "物理", "八年级", ResourceType.LESSON)
        made = await self._author.call("POST", "/api/resources/uploads", ResourceDetail, body)
        resource_id = made.summary.resource_id
        async with asyncio.timeout(JOB_TIMEOUT_S):
            while True:
                if (await self._detail(resource_id)).recording is not None:
                    break
                await asyncio.sleep(POLL_S)
        return resource_id

    async def publish(self, resource_id: str, title: str, scope: ShareScope) -> None:
        """Bring a draft to its publication, which orders its edition. Raises ApiRefused."""
        path = f"/api/resources/{resource_id}"
        metadata = ResourceMetadata(
            title=title, subject="物理", stage=Stage.JUNIOR, grade="八年级",
            teacher_name="王老师", school_name="青山中心小学",
        )  # fmt: skip
        save = DraftSave(await self._revision(resource_id), metadata, ResourceEdits())
        await self._author.call("PUT", f"{path}/draft", ResourceDetail, save)
        submit = ResourceSubmit(await self._revision(resource_id), True, ShownPeople(minors=False))
        await self._author.call("POST", f"{path}/submit", ResourceDetail, submit)
        passed = ReviewPass(await self._revision(resource_id))
        await self._reviewer.call("POST", f"{path}/pass", ResourceDetail, passed)
        await self._reviewer.call(
            "POST", f"{path}/publish", ResourceDetail, ResourcePublish(1, scope)
        )

    async def withdraw(self, resource_id: str) -> None:
        """下架. Raises ApiRefused."""
        wish = ResourceWithdraw(WithdrawReason.OUTDATED)
        path = f"/api/resources/{resource_id}/withdraw"
        await self._reviewer.call("POST", path, ResourceDetail, wish)

    async def edition_ready(self, resource_id: str) -> None:
        """Wait for the edition. Raises TimeoutError; RuntimeError where it failed."""
        async with asyncio.timeout(JOB_TIMEOUT_S):
            while True:
                edition = (await self._detail(resource_id)).edition
                if edition is not None and edition.state is EditionState.READY:
                    return
                if edition is not None and edition.state is EditionState.FAILED:
                    raise RuntimeError(f"the edition failed: {edition.problem}")
                await asyncio.sleep(POLL_S)

    async def captions_ready(self, resource_id: str) -> None:
        """Have captions made, and wait for them.

        Raises ApiRefused, TimeoutError; RuntimeError where they failed.
        """
        path = f"/api/resources/{resource_id}"
        shown = f"{path}/versions/1/captions"
        track = await self._author.call("GET", shown, CaptionTrack)
        order = CaptionOrder(track.revision)
        await self._author.call("POST", f"{path}/captions", CaptionTrack, order)
        async with asyncio.timeout(JOB_TIMEOUT_S):
            while track.state is not CaptionState.READY:
                if track.state is CaptionState.FAILED:
                    raise RuntimeError(f"the captions failed: {track.problem}")
                await asyncio.sleep(POLL_S)
                track = await self._author.call("GET", shown, CaptionTrack)

    async def progress(self, resource_id: str) -> float:
        """Tell how far the edition is: 0…1."""
        edition = (await self._detail(resource_id)).edition
        return 0.0 if edition is None else edition.progress

    async def shown(self, resource_id: str) -> LibraryDetail:
        """Return what viewers see. Raises ApiRefused."""
        return await self._author.call("GET", f"/api/library/{resource_id}", LibraryDetail)

    async def _detail(self, resource_id: str) -> ResourceDetail:
        return await self._author.call("GET", f"/api/resources/{resource_id}", ResourceDetail)

    async def _revision(self, resource_id: str) -> int:
        working = (await self._detail(resource_id)).working
        return 0 if working is None else working.revision

    async def _uploaded(self, film: Path) -> str:
        """Send a film in one request; returns the id of the file, which was checked."""
        data = await asyncio.to_thread(film.read_bytes)
        told = {"filename": film.name, "purpose": "video"}
        pairs = (f"{k} {base64.b64encode(v.encode()).decode()}" for k, v in told.items())
        begin = {"Upload-Length": str(len(data)), "Upload-Metadata": ",".join(pairs)}
        location = await self._tus("POST", "/api/files", begin)
        path = "/api/files/" + location.rstrip("/").rpartition("/")[2]
        going_on = {"Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}
        await self._tus("PATCH", path, going_on, BytesIO(data))
        async with asyncio.timeout(JOB_TIMEOUT_S):
            while True:
                info = await self._author.call("GET", path, FileInfo)
                if info.state is FileState.READY:
                    return info.file_id
                if info.state not in (FileState.CHECKING, FileState.COMING):
                    raise RuntimeError(f"the film was refused: {msgspec.json.encode(info)!r}")
                await asyncio.sleep(POLL_S)

    async def _tus(
        self, method: str, path: str, headers: dict[str, str], data: BytesIO | None = None
    ) -> str:
        """Send one request of tus 1.0; returns its Location. Raises aiohttp.ClientError."""
        author = self._author
        sent = {**_TUS, "X-CSRF-Token": author.csrf_token, **headers}
        timeout = aiohttp.ClientTimeout(total=JOB_TIMEOUT_S)
        url = author.base_url + path
        async with author.http.request(
            method, url, headers=sent, data=data, timeout=timeout
        ) as answer:
            answer.raise_for_status()
            return answer.headers.get("Location", "")

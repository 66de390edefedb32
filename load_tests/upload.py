"""One upload of a long film over cuts and kills of the server: is it whole, and how much memory?"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import aiohttp
import av
import numpy as np

from load_tests.server import ServerProcess
from signaling.command.seed import DEMO_PASSWORD

MIB = 1024 * 1024
REQUEST_BYTES = 16 * MIB  # as the page sends them on a fast line
PIECE_BYTES = 256 * 1024
SAMPLE_BYTES = 512 * 1024  # of one picture: the film is long, not its index
RATE = 10  # pictures a second
KILL_EVERY = 2  # of the cuts, each second one kills the server
CHECK_TIMEOUT_S = 1800.0
POLL_S = 0.05
_PASSING = (409, 423)
_FILLER = b"\0\0\1\x0c"  # begins a NAL unit of filler data (H.264 §7.4.1), which decoders skip


class UploadDiffers(RuntimeError):
    """The file that arrived is not the one that was sent."""


@dataclass
class Figures:
    """Figures of one upload.

    Attributes:
        bytes: of the film.
        cuts: how often the line was cut; `kills` of them ended the server.
        server_growth_mb: by how much the server's peak of resident memory rose above its rest.
        server_peak_mb: that peak.
        check_peak_mb: resident memory of the process that reads the film.
        upload_s: seconds from the first byte to the last; `check_s` until it is ready.
        sent_again_mb: what had been sent and was not kept.
    """

    bytes: int = 0
    cuts: int = 0
    kills: int = 0
    server_growth_mb: float = 0.0
    server_peak_mb: float = 0.0
    check_peak_mb: float = 0.0
    upload_s: float = 0.0
    check_s: float = 0.0
    sent_again_mb: float = 0.0


def write_film(path: Path, size: int) -> str:
    """Write an MP4 file of about so many bytes, no two parts alike; returns its SHA-256."""
    picture = _key_picture()
    random = np.random.default_rng(13)
    with av.open(str(path), "w", format="mp4") as target:
        stream = target.add_stream("libx264", rate=RATE)
        stream.width = stream.height = 64
        stream.pix_fmt = "yuv420p"
        for number in range(max(1, size // SAMPLE_BYTES)):
            # No zeros: three bytes of them would begin another unit.
            filler = random.integers(1, 256, SAMPLE_BYTES - len(picture), dtype=np.uint8)
            packet = av.Packet(picture + _FILLER + filler.tobytes())
            packet.stream, packet.time_base = stream, Fraction(1, RATE)
            packet.pts = packet.dts = number
            packet.is_keyframe = True
            target.mux(packet)
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _key_picture() -> bytes:
    """Encode one picture, each NAL unit after a start code (H.264 annex B)."""
    context = av.CodecContext.create("libx264", "w")
    context.width = context.height = 64
    context.pix_fmt = "yuv420p"
    context.time_base = Fraction(1, RATE)
    frame = av.VideoFrame.from_ndarray(np.full((96, 64), 100, dtype=np.uint8), format="yuv420p")
    frame.pts = 0
    return b"".join(bytes(one) for one in [*context.encode(frame), *context.encode(None)])


class Uploader:
    """A client of tus by hand: it sees what the server acknowledges."""

    def __init__(
        self, server: ServerProcess, http: aiohttp.ClientSession, film: Path, figures: Figures
    ) -> None:
        self._server = server
        self._http = http
        self._film = film
        self._size = film.stat().st_size
        self._figures = figures
        self._csrf = ""
        self._path = ""
        self._rest = 0.0

    async def login(self) -> None:
        """Sign in as the demo teacher."""
        body = {"login": "wang", "password": DEMO_PASSWORD}
        async with self._http.post(f"{self._server.base_url}/api/login", json=body) as answer:
            self._csrf = (await answer.json())["csrf_token"]

    async def begin(self) -> None:
        """Announce the film."""
        told = {"filename": "lesson.mp4", "purpose": "video"}
        pairs = (f"{k} {base64.b64encode(v.encode()).decode()}" for k, v in told.items())
        headers = {"Upload-Length": str(self._size), "Upload-Metadata": ",".join(pairs)}
        async with self._ask("POST", "/api/files", headers=headers) as answer:
            if answer.status != 201:
                raise UploadDiffers(await answer.text())
            self._path = answer.headers["Location"]

    async def send(self, cuts: int) -> None:
        """Send the film, over so many cuts."""
        places = [self._size * (number + 1) // (cuts + 1) for number in range(cuts)]
        offset = 0
        self._note_rest()
        while offset < self._size:
            end = min(offset + REQUEST_BYTES, self._size)
            cut = next((place for place in places if offset < place < end), None)
            if cut is None:
                offset = await self._send_whole(offset, end)
            else:
                places.remove(cut)
                offset = await self._send_cut(offset, cut, end)
            self._note_peak()

    async def _send_whole(self, offset: int, end: int) -> int:
        body = self._pieces(offset, end)
        async with self._patch(offset, body) as answer:
            if answer.status == 204:
                return int(answer.headers["Upload-Offset"])
            if answer.status not in _PASSING:
                raise UploadDiffers(f"{answer.status} {await answer.text()}")
        await asyncio.sleep(POLL_S)  # the request that was cut is not over in the server
        return await self._offset()

    async def _send_cut(self, offset: int, cut: int, end: int) -> int:
        """Break off in the middle of a request; returns where the server wants to go on."""
        self._figures.cuts += 1
        kills = self._figures.cuts % KILL_EVERY == 0

        async def broken() -> AsyncIterator[bytes]:
            async for piece in self._pieces(offset, cut):
                yield piece
            if kills:
                self._note_peak()
                await self._server.kill()
            raise ConnectionError

        with contextlib.suppress(aiohttp.ClientError, ConnectionError):
            async with self._patch(offset, broken()):
                pass
        if kills:
            self._figures.kills += 1
            await self._server.start()
            self._note_rest()
        there = await self._offset()
        if not offset <= there <= cut:
            raise UploadDiffers(f"acknowledged {offset}, sent {cut}, the server says {there}")
        self._figures.sent_again_mb += (cut - there) / MIB
        return there

    async def _offset(self) -> int:
        while True:
            async with self._ask("HEAD", self._path) as answer:
                if answer.status == 200:
                    return int(answer.headers["Upload-Offset"])
            await asyncio.sleep(POLL_S)

    async def info(self) -> dict[str, Any]:
        """Return what the server says of the file."""
        async with self._ask("GET", self._path) as answer:
            return dict(await answer.json())

    def _patch(self, offset: int, body: AsyncIterator[bytes]) -> Any:
        headers = {
            "Upload-Offset": str(offset),
            "Content-Type": "application/offset+octet-stream",
        }
        return self._ask("PATCH", self._path, headers=headers, data=body)

    def _ask(
        self, method: str, path: str, headers: dict[str, str] | None = None, **more: Any
    ) -> Any:
        sent = {"Tus-Resumable": "1.0.0", "X-CSRF-Token": self._csrf, **(headers or {})}
        return self._http.request(method, self._server.base_url + path, headers=sent, **more)

    async def _pieces(self, start: int, end: int) -> AsyncIterator[bytes]:
        with self._film.open("rb") as file:
            file.seek(start)
            while start < end:
                piece = file.read(min(PIECE_BYTES, end - start))
                start += len(piece)
                yield piece

    def _note_rest(self) -> None:
        """Begin to watch the peak of the server's memory anew."""
        Path(f"/proc/{self._server.pid}/clear_refs").write_text("5")  # proc(5): resets VmHWM
        self._rest = peak_mb(self._server.pid)

    def _note_peak(self) -> None:
        peak, figures = peak_mb(self._server.pid), self._figures
        figures.server_peak_mb = max(figures.server_peak_mb, peak)
        figures.server_growth_mb = max(figures.server_growth_mb, peak - self._rest)


def peak_mb(pid: int) -> float:
    """Return the peak of a process's resident memory, MiB; 0 if it is gone."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    return 0.0


def readers(folder: Path) -> list[int]:
    """Find the processes that read an upload below a folder."""
    wanted, found = f"recorder.intake.worker\0{folder}".encode(), []
    for process in Path("/proc").iterdir():
        if process.name.isdigit():
            with contextlib.suppress(OSError):
                if wanted in (process / "cmdline").read_bytes():
                    found.append(int(process.name))
    return found


async def upload(
    megabytes: int, cuts: int, data: Path, *, while_checked: Callable[[], None] | None = None
) -> dict[str, Any]:
    """Upload a film over cuts; returns the figures.

    Args:
        megabytes: of the film.
        cuts: of the line; each second one is a kill of the server.
        data: a folder for the film and the server's data.
        while_checked: is called once while a job reads the film.

    Raises:
        UploadDiffers: what arrived is not what was sent.
    """
    figures, film = Figures(), data / "film.mp4"
    digest = await asyncio.to_thread(write_film, film, megabytes * MIB)
    figures.bytes = film.stat().st_size
    jar = aiohttp.CookieJar(unsafe=True)
    timeout = aiohttp.ClientTimeout(total=None)
    async with (
        ServerProcess(data / "data") as server,
        aiohttp.ClientSession(cookie_jar=jar, timeout=timeout) as http,
    ):
        uploader = Uploader(server, http, film, figures)
        await uploader.login()
        began = time.monotonic()
        await uploader.begin()
        await uploader.send(cuts)
        sent = time.monotonic()
        info = await _checked(uploader, data / "data", figures, while_checked)
        figures.upload_s, figures.check_s = sent - began, time.monotonic() - sent
    if info["state"] != "ready" or info["video"]["source_sha256"] != digest:
        raise UploadDiffers(str(info))
    return {"test": "upload"} | {name: round(value, 1) for name, value in vars(figures).items()}


async def upload_in(megabytes: int, cuts: int, folder: Path | None) -> dict[str, Any]:
    """Upload a film in a folder of its own, which is removed; see `upload`."""
    with TemporaryDirectory(prefix="tongke-upload-", dir=folder) as made:
        return await upload(megabytes, cuts, Path(made))


async def _checked(
    uploader: Uploader, data: Path, figures: Figures, while_checked: Callable[[], None] | None
) -> dict[str, Any]:
    async with asyncio.timeout(CHECK_TIMEOUT_S):
        while (info := await uploader.info())["state"] == "checking":
            for pid in readers(data / "files"):
                figures.check_peak_mb = max(figures.check_peak_mb, peak_mb(pid))
                if while_checked is not None:
                    while_checked()
                    while_checked = None
            await asyncio.sleep(POLL_S)
    return info

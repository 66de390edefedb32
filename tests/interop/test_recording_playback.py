"""Finished recordings in real Chromium: they open, seek, change size, sound, and play out."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from tests.support.browser import browsers
from tests.support.recording import START, recorded
from tests.support.rtp_media import Coded, TrackFeed, encode_audio, encode_video

# Plays at four times the speed from 8 s on, after visiting four places; gives what the page saw.
PLAY = """async (url) => {
  const media = document.createElement('video');
  media.src = url;
  document.body.append(media);
  const happens = (name) => new Promise((done, fail) => {
    media.addEventListener(name, done, { once: true });
    media.onerror = () => fail(new Error(media.error.message));
  });
  await happens('loadedmetadata');
  const visited = [];
  for (const place of [0.5, 6.5, 10.5, 2.5]) {
    const seeked = happens('seeked');
    media.currentTime = place;
    await seeked;
    visited.push([media.currentTime, media.videoWidth]);
  }
  const seeked = happens('seeked');
  media.currentTime = 8;
  await seeked;
  media.playbackRate = 4;
  const ended = happens('ended');
  await media.play();
  await ended;
  return {
    duration: media.duration,
    end: media.currentTime,
    visited,
    frames: media.getVideoPlaybackQuality().totalVideoFrames,
    broken: media.getVideoPlaybackQuality().corruptedVideoFrames,
    sounded: media.webkitAudioDecodedByteCount,
  };
}"""


@asynccontextmanager
async def served(folder: Path) -> AsyncIterator[str]:
    """The folder over HTTP, with ranges, as the library gives it out."""

    async def blank(_request: web.Request) -> web.Response:
        return web.Response(text="<!doctype html><title>-</title>", content_type="text/html")

    app = web.Application()
    app.router.add_get("/", blank)
    app.router.add_static("/files", folder)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


async def play(folder: Path, name: str) -> dict[str, Any]:
    async with served(folder) as base, browsers() as opened:
        seat = await opened.seat()
        await seat.page.goto(base)
        seen: dict[str, Any] = await seat.page.evaluate(PLAY, f"{base}/files/{name}")
        return seen


def shifted(frames: tuple[Coded, ...], by_s: float) -> tuple[Coded, ...]:
    return tuple(Coded(frame.time + by_s, frame.data, frame.key) for frame in frames)


@pytest.mark.parametrize("codec", ["VP8", "H264"])
async def test_chromium_plays_layer_switches_losses_and_silences(
    tmp_path: Path, codec: str
) -> None:
    small = encode_video(codec, 4.0)
    large = encode_video(codec, 4.0, width=640, height=360)
    frames = small + shifted(large, 4.0) + shifted(small, 8.0)
    video = TrackFeed(1, "lead.camera", codec, frames, START, drop=frozenset({60}))
    lost_sound = frozenset(range(100, 150))
    audio = TrackFeed(
        2, "lead.camera", "opus", encode_audio(11.0), START, begin_s=0.7, drop=lost_sound
    )
    manifest = recorded(tmp_path, video.happenings(), audio.happenings())
    (file,) = manifest.sources[0].files
    seen = await play(tmp_path, file.name)
    assert seen["duration"] == pytest.approx(12.0, abs=0.1)
    assert seen["end"] == pytest.approx(12.0, abs=0.1)
    assert [round(place, 1) for place, _ in seen["visited"]] == [0.5, 6.5, 10.5, 2.5]
    assert [width for _, width in seen["visited"]] == [320, 640, 320, 320]
    assert seen["frames"] > 0
    assert seen["broken"] == 0
    assert seen["sounded"] > 0


async def test_chromium_plays_sound_alone(tmp_path: Path) -> None:
    audio = TrackFeed(2, "room-1.camera", "opus", encode_audio(12.0), START)
    manifest = recorded(tmp_path, audio.happenings())
    (file,) = manifest.sources[0].files
    seen = await play(tmp_path, file.name)
    assert seen["duration"] == pytest.approx(12.0, abs=0.1)
    assert seen["sounded"] > 0

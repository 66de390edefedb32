"""Captions without a model: what is heard is written down by the test."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np

from recorder.api import SOUND_RATE, Manifest, SourceManifest
from recorder.core.manifest import decode_manifest
from signaling.jobs.kinds import JobKinds
from signaling.library.captions.kind import CAPTIONS
from signaling.library.captions.making import CaptionMaker
from signaling.library.captions.speech import Heard, Samples
from signaling.wiring import Services


class WrittenSound:
    """Reads sound that is as long as the recording; its level names the source."""

    def __init__(self, services: Services) -> None:
        self._data = services.config.data

    async def manifest(self, recording_id: str) -> Manifest:
        path = self._data / "recordings" / recording_id / "manifest.json"
        return decode_manifest(path.read_bytes())

    @asynccontextmanager
    async def sound(
        self, recording: Manifest, source: SourceManifest, report: Callable[[float], None]
    ) -> AsyncIterator[str]:
        path = Path(self._data / f"{source.source_id}.s16")
        level = 1 if source.lead else 2
        np.full(round(recording.entry.duration_s * SOUND_RATE), level, np.int16).tofile(path)
        report(1.0)
        yield str(path)
        await asyncio.to_thread(path.unlink)


class Said:
    """Hears what was written down, in each window that is given to it."""

    name = "written"

    def __init__(self, *heard: Heard, room: Iterable[Heard] = ()) -> None:
        self._heard = {1: heard, 2: tuple(room)}
        self.windows: list[float] = []

    def hear(self, samples: Samples) -> Iterable[Heard]:
        self.windows.append(len(samples) / SOUND_RATE)
        return self._heard[int(samples[0])]


def caption_kinds(services: Services, said: Said) -> JobKinds:
    """The job of captions, as the worker has it but for the model and the decoding."""
    maker = CaptionMaker(lambda: WrittenSound(services), lambda: said)
    return JobKinds().add(CAPTIONS, maker.carry_out)

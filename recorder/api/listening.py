"""The sound of recordings, for models of speech."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Protocol

from recorder.api.recordings import Manifest, SourceManifest

SOUND_RATE = 16_000  # samples a second of `SoundReader`: what models of speech take


class LentSound(Protocol):
    """A file of samples that is there while it is lent (`async with`)."""

    async def __aenter__(self) -> str | None:
        """Return its path; None where there is no sound. Raises as `SoundReader.sound`."""

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool | None:
        """Remove it."""


class SoundReader(Protocol):
    """Reads the sound of recordings. For worker processes: it starts processes of its own."""

    async def manifest(self, recording_id: str) -> Manifest:
        """Return the contents of a finished recording. Raises RecordingNotFound, OSError."""

    def sound(
        self, recording: Manifest, source: SourceManifest, report: Callable[[float], None]
    ) -> LentSound:
        """Lend the file with a source's samples, from the begin to the end of the recording.

        They are signed 16-bit whole numbers of this machine, one channel, `SOUND_RATE` a second.
        None: there is no sound. One file is lent at a time.

        Args:
            recording: the manifest of the recording.
            source: one of its sources.
            report: told the share that is decoded; an error that it raises ends the work.

        Raises:
            RecordingNotFound: a file is gone.
            SoundUnreadable: see there.
            OSError: the disk is full, or the storage is away.
        """

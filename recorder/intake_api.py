"""The seam of the intake: takes videos that somebody brings. Nothing here runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from recorder.api import RecorderError


class VideoRefusal(StrEnum):
    """Reasons why a video that somebody brings is not taken."""

    UNKNOWN = "video_unknown"  # neither MP4, QuickTime nor WebM
    DAMAGED = "video_damaged"  # it ends early, or cannot be read
    MIXED = "file_mixed"  # it holds something beside the video
    REACHES_OUT = "video_reaches_out"  # its media lie in other files
    NO_PICTURE = "video_no_picture"
    CODEC = "video_codec"  # no player of ours could show it, and nobody could convert it
    TOO_MUCH = "video_too_much"  # more hours, pixels or tracks than a lesson has


class VideoRefused(RecorderError):
    """A video is not taken. `facts` may name a codec."""

    def __init__(self, refusal: VideoRefusal, facts: dict[str, str] | None = None) -> None:
        super().__init__(refusal)
        self.code = refusal
        self.refusal = refusal
        self.facts = facts or {}


CLEAN_NAMES = {"video/mp4": "video.mp4", "video/webm": "video.webm"}  # by media type


@dataclass(frozen=True, slots=True)
class TakenVideo:
    """A video that was taken, and the clean file that was made of it.

    Attributes:
        name: of the clean file, in the working place.
        media_type: of the clean file.
        source_sha256: of the bytes that were brought.
        sha256: of the clean file.
        duration_s: seconds.
        width: pixels of the picture as it is stored; so is the height.
        rotation: degrees by which players turn the picture, 0, 90, 180 or 270.
        video_codec: FFmpeg's name; so is `audio_codec`, None without sound.
        plays: browsers of today play the codecs.
    """

    name: str
    media_type: str
    source_sha256: str
    sha256: str
    size: int
    duration_s: float
    width: int
    height: int
    rotation: int
    video_codec: str
    audio_codec: str | None
    plays: bool


class VideoIntake(Protocol):
    """Takes videos that somebody brings."""

    async def take(
        self, source: Path, place: Path, on_progress: Callable[[float], None]
    ) -> TakenVideo:
        """Examine a video, and copy its streams into a clean file.

        Args:
            source: what was brought; it is only read.
            place: a folder of this video alone; it is emptied first.
            on_progress: is given 0…1; what it raises ends the work.

        Raises:
            VideoRefused: it is none that is taken.
            OSError: the disk is full.
            IntakeFailed: the process that reads it broke off.
        """


@dataclass(frozen=True, slots=True)
class ShelvedVideo:
    """Facts of a video that was taken and is to be kept; see `TakenVideo`."""

    media_type: str
    duration_s: float
    width: int
    height: int
    rotation: int
    has_audio: bool


@dataclass(frozen=True, slots=True)
class ShelfOrder:
    """A video that is to be kept like a recording.

    Attributes:
        recording_id: of the item; nobody else has it.
        owner_id: whose it is, with `owner_name`.
        started_at: Unix seconds; recordings are listed by it.
    """

    recording_id: str
    owner_id: str
    owner_name: str
    title: str
    subject: str
    grade: str
    started_at: float
    video: ShelvedVideo


class VideoShelf(Protocol):
    """Keeps videos like recordings, for worker processes; then the server calls `adopt`."""

    async def put(
        self, order: ShelfOrder, source: Path, report: Callable[[int, int], None]
    ) -> None:
        """Put a clean video into the recordings' storage, with previews; may be repeated.

        Args:
            order: what it is.
            source: the clean file that `VideoIntake.take` made.
            report: told how much is done of how much.

        Raises:
            OSError: the storage is full or away.
            IntakeFailed: the previews broke off.
        """


class IntakeFailed(RecorderError):
    """The process that examines a video ended without an answer."""

    code = "intake_failed"

"""What the process that takes a video prints. Whoever starts it loads no FFmpeg for that."""

from __future__ import annotations

import msgspec

from recorder.intake_api import TakenVideo, VideoRefusal

DISK_FULL = 3  # exit code; 1 is an exception, as ever


class Line(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line of the process's output: progress 0…1, a refusal with facts, or the outcome."""

    progress: float = 0.0
    refusal: VideoRefusal | None = None
    facts: dict[str, str] = {}
    taken: TakenVideo | None = None
    shut_off: bool | None = None

"""Names of sources: whose they are, and their kind."""

from __future__ import annotations

from enum import StrEnum

from signaling.lessons.seats import LEAD_PARTICIPANT


class SourceKind(StrEnum):
    """Content of a source (双流): the camera with its microphone, or the courseware."""

    CAMERA = "camera"
    COURSEWARE = "courseware"


LEAD_SOURCES = (f"{LEAD_PARTICIPANT}.{SourceKind.CAMERA}", f"{LEAD_PARTICIPANT}.courseware")


def camera_of(participant_id: str) -> str:
    """The id of a participant's camera source."""
    return f"{participant_id}.{SourceKind.CAMERA}"


def split_source(source_id: str) -> tuple[str, SourceKind]:
    """``room-7.camera`` → (``room-7``, CAMERA). Raises ValueError."""
    participant_id, _, kind = source_id.rpartition(".")
    if not participant_id:
        raise ValueError("not a source id")
    return participant_id, SourceKind(kind)

"""正在录制: what the recorder does for this lesson now."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from signaling.classroom.messages import Event
from signaling.classroom.parts.part import Opening, Part


class RecordingState(StrEnum):
    """State of the lesson's recording."""

    OFF = "off"
    RECORDING = "recording"
    FAILED = "failed"


class RecordingChanged(Event, frozen=True, tag="recording_changed"):
    """正在录制, or not."""

    recording: RecordingState


class RecordingPiece(msgspec.Struct, frozen=True):
    """Fields of the snapshot."""

    recording: RecordingState = RecordingState.OFF


class Recording(Part[RecordingPiece]):
    """State of the recording; the recorder tells of every change."""

    piece = RecordingPiece
    events = (RecordingChanged,)

    def begin(self, opening: Opening) -> RecordingPiece:
        """Return OFF: the recorder begins after the room is open."""
        return RecordingPiece()

    @property
    def is_off(self) -> bool:
        """True if no recording began, nor failed to."""
        return self.shown.recording is RecordingState.OFF

    def set(self, recording: RecordingState) -> None:
        """Note that recording began, failed or ended."""
        if recording is not self.shown.recording:
            self.emit(RecordingChanged, recording)

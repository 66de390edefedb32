"""Recordings: their states, how they are listed, and what they hold."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class RecordingState(StrEnum):
    """A recording's life: recording → finishing → ready, or failed."""

    RECORDING = "recording"
    FINISHING = "finishing"
    READY = "ready"
    FAILED = "failed"


class RecordingFailure(StrEnum):
    """Reasons why a recording is FAILED. The archive is kept in every case."""

    NOTHING_RECORDED = "nothing_recorded"  # neither sound nor picture came; this is for good
    DISK_FULL = "disk_full"  # the disk has no room for the finished files
    FINISHING_FAILED = "finishing_failed"  # the log says why


@dataclass(frozen=True, slots=True)
class LessonFacts:
    """Facts of the lesson, copied at the start, so that a recording stands alone.

    Attributes:
        source_names: source id → what to call it, such as ``{"lead.camera": "王老师"}``.
        lead_sources: ids of the lead teacher's sources.
    """

    lesson_id: str
    title: str
    subject: str
    grade: str
    class_kind: str
    lead_teacher_id: str
    lead_teacher: str
    source_names: dict[str, str]
    lead_sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """A recording, as listed.

    Attributes:
        progress: 0…1 of finishing.
        failure: set while the state is FAILED.
        retrying: the state is FAILED, and the recorder tries again by itself.
        sealed: the recording never goes on, because its lesson ended or `Recorder.seal` was called.
    """

    recording_id: str
    lesson_id: str
    lead_teacher_id: str
    title: str
    subject: str
    grade: str
    class_kind: str
    lead_teacher: str
    started_at: datetime
    duration_s: float
    state: RecordingState
    progress: float
    failure: RecordingFailure | None
    has_thumbnail: bool
    retrying: bool = False
    sealed: bool = False


@dataclass(frozen=True, slots=True)
class Span:
    """Seconds from the recording's start."""

    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True)
class MediaFile:
    """One playable file: its media time 0 lies at `offset_s` of the recording."""

    name: str  # unique in the recording
    mime: str
    offset_s: float
    duration_s: float
    width: int | None
    height: int | None
    has_audio: bool
    has_video: bool


@dataclass(frozen=True, slots=True)
class Storyboard:
    """Small pictures of a source along its time.

    Attributes:
        vtt: the name of the WebVTT file: a cue for each picture, with the part of a sheet (#xywh).
        sheets: names of the JPEG files that the cues name.
    """

    vtt: str
    sheets: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SourceManifest:
    """One source's part of the manifest.

    Attributes:
        failure: a code, set if not all files could be made; the rest is in `gaps` and the archive.
            Manifests of version 0.1 have FFmpeg's words there.
        storyboard: pictures for a seek bar; None without pictures, and in manifests of version 1.
        waveform: the name of the JSON file with the peaks of the sound; None as above.
    """

    source_id: str
    kind: str
    name: str
    lead: bool
    files: tuple[MediaFile, ...]
    spans: tuple[Span, ...]
    gaps: tuple[Span, ...]
    failure: str | None = None
    storyboard: Storyboard | None = None
    waveform: str | None = None


@dataclass(frozen=True, slots=True)
class StageSpan:
    """A participant's time on stage."""

    participant_id: str
    name: str
    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True)
class Manifest:
    """The contents of a recording.

    Attributes:
        cuts: pauses of unknown length, because the machine's clock was set in them. They are in
            `gaps`, too, at a length that stands for any.
        version: of the form. Version 1 did not say so; 2 has storyboards and waveforms.
    """

    entry: Entry
    sources: tuple[SourceManifest, ...]
    stage: tuple[StageSpan, ...]
    cuts: tuple[Span, ...] = ()
    version: int = 1

"""The recorder's seam: Protocols and value types for other packages, nothing that runs."""

from __future__ import annotations

from recorder.api.duties import ALL_DUTIES, GoesOn, LessonGuard, RecorderDuty
from recorder.api.editions import Edition, EditionMaker, EditionOrder, Editions, EditionSource
from recorder.api.errors import (
    BadCursor,
    EditionFailed,
    EditionNotFound,
    FilmFailed,
    FilmNotFound,
    LessonLost,
    NothingLeft,
    NotOnDuty,
    RecorderError,
    RecordingNotFound,
    RecordingNotReady,
    SoundUnreadable,
    StorageUnavailable,
)
from recorder.api.films import Film, FilmMaker, FilmOrder, Films
from recorder.api.listening import SOUND_RATE, LentSound, SoundReader
from recorder.api.recorder import Recorder, RecorderListener, RecordingRemover, RecordingTrouble
from recorder.api.recordings import (
    Entry,
    LessonFacts,
    Manifest,
    MediaFile,
    RecordingFailure,
    RecordingState,
    SourceManifest,
    Span,
    StageSpan,
    Storyboard,
)
from recorder.api.storage import PublishedFile, StorageFailure, StorageState

__all__ = [
    "ALL_DUTIES",
    "SOUND_RATE",
    "BadCursor",
    "Edition",
    "EditionFailed",
    "EditionMaker",
    "EditionNotFound",
    "EditionOrder",
    "EditionSource",
    "Editions",
    "Entry",
    "Film",
    "FilmFailed",
    "FilmMaker",
    "FilmNotFound",
    "FilmOrder",
    "Films",
    "GoesOn",
    "LentSound",
    "LessonFacts",
    "LessonGuard",
    "LessonLost",
    "Manifest",
    "MediaFile",
    "NotOnDuty",
    "NothingLeft",
    "PublishedFile",
    "Recorder",
    "RecorderDuty",
    "RecorderError",
    "RecorderListener",
    "RecordingFailure",
    "RecordingNotFound",
    "RecordingNotReady",
    "RecordingRemover",
    "RecordingState",
    "RecordingTrouble",
    "SoundReader",
    "SoundUnreadable",
    "SourceManifest",
    "Span",
    "StageSpan",
    "StorageFailure",
    "StorageState",
    "StorageUnavailable",
    "Storyboard",
]

"""Errors of the recorder."""

from __future__ import annotations


class RecorderError(Exception):
    """Root of the recorder's errors."""

    code = "recorder_error"


class RecordingNotFound(RecorderError):
    """No such recording, or no such file of it."""

    code = "recording_not_found"


class RecordingNotReady(RecorderError):
    """The recording is not finished, so it cannot be sealed."""

    code = "recording_not_ready"


class BadCursor(RecorderError, ValueError):
    """The cursor was not made by `Recorder.entries`."""

    code = "bad_cursor"


class EditionNotFound(RecorderError):
    """No such edition, or no such file of it."""

    code = "recording_not_found"


class NothingLeft(RecorderError, ValueError):
    """An edit leaves nothing of the recording that could be played."""

    code = "nothing_left"


class EditionFailed(RecorderError):
    """The renditions could not be made; the log says why."""

    code = "renditions_failed"


class FilmNotFound(RecorderError):
    """No such film."""

    code = "recording_not_found"


class FilmFailed(RecorderError):
    """The film could not be made; the log says why."""

    code = "film_failed"


class SoundUnreadable(RecorderError):
    """The sound of a source cannot be decoded; the log says why."""

    code = "captions_failed"


class StorageUnavailable(RecorderError):
    """The place of recordings cannot be used now: a disk is missing or full, a bucket is silent.

    It never means that something is not there.
    """

    code = "storage_unavailable"


class LessonLost(RecorderError):
    """Another process goes on with the lesson's recording; this one has written nothing."""

    code = "lesson_moved"


class NotOnDuty(RecorderError):
    """Recording is no duty of this recorder; see `RecorderDuty`."""

    code = "recorder_error"

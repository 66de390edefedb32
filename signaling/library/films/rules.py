"""Rules of films: what one holds, how long it is kept, and how many may be on their way."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType

from recorder.api import FilmOrder, Span
from signaling.jobs.wire import JobState
from signaling.library.films.wire import FilmState
from signaling.library.versions.wire import ResourceEdits, ResourceMetadata

LIFE = timedelta(days=7)  # of a film after its order, as of other exports
MAX_OPEN = 3  # films of one person that wait or are being made
# A worker whose job was cancelled ends within seconds; its files are deleted behind it.
REMOVE_AFTER = timedelta(minutes=1)
# Seconds of computing for a second of a film of two sources in 720p, on one core.
PACE = 0.6
MAX_CHAPTERS = 100  # in a file; an argument of a job has its bounds

STATES: Mapping[JobState, FilmState] = MappingProxyType(
    {
        JobState.QUEUED: FilmState.WAITING,
        JobState.RUNNING: FilmState.MAKING,
        JobState.DONE: FilmState.READY,
        JobState.FAILED: FilmState.FAILED,
        JobState.CANCELLED: FilmState.NONE,
    }
)


def film_order(
    recording_id: str, edits: ResourceEdits, metadata: ResourceMetadata, lead_teacher: str
) -> FilmOrder:
    """Return what the film of a version holds; `lead_teacher` counts where it names no teacher."""
    author = metadata.teacher_name or lead_teacher
    return FilmOrder(
        recording_id,
        tuple(Span(one.start_s, one.end_s) for one in edits.keep),
        edits.hidden_sources,
        edits.hidden_pictures,
        metadata.title,
        author,
        tuple((one.at_s, one.title) for one in edits.chapters[:MAX_CHAPTERS]),
        _card(metadata, author),
    )


def _card(metadata: ResourceMetadata, author: str) -> tuple[str, ...]:
    """Return what stands on the card while nobody is seen: title, teacher, school, and for whom."""
    taught = " ".join(one for one in (metadata.subject, metadata.grade) if one)
    return tuple(one for one in (metadata.title, author, metadata.school_name, taught) if one)

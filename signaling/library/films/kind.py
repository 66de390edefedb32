"""A film as a job: its name, and what goes in and comes out."""

from __future__ import annotations

import msgspec

from signaling.jobs.kinds import JobKind, JobLimits
from signaling.library.wire import Span

_LONGEST_S = 6 * 3600 - 60  # s; the supervisor ends any job after 6 h


class FilmTask(msgspec.Struct, frozen=True):
    """Order of a film; see `recorder.api.FilmOrder`."""

    recording_id: str
    keep: tuple[Span, ...] = ()
    hidden_sources: tuple[str, ...] = ()
    hidden_pictures: tuple[str, ...] = ()
    title: str = ""
    author: str = ""
    chapters: tuple[tuple[float, str], ...] = ()
    card: tuple[str, ...] = ()


class FilmResult(msgspec.Struct, frozen=True):
    """A film that was made. `recorder.api.Films.file` finds it by the ids."""

    recording_id: str
    film_id: str
    duration_s: float
    size: int


# The memory is that of the process that codes the pictures: it inherits the limit. Whatever begins
# with `resource_` and names a recording is cancelled with the resource (`retention.burying`).
FILM = JobKind(
    "resource_film",
    FilmTask,
    FilmResult,
    JobLimits(memory_mb=4_096, cpu_s=_LONGEST_S, wall_s=_LONGEST_S),
)

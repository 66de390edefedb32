"""Renditions of a published version as a job: its name, and what goes in and comes out."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from signaling.access.roles import Actor
from signaling.audit.log import Work
from signaling.jobs.kinds import JobKind, JobLimits
from signaling.jobs.records import JobRecord
from signaling.jobs.service import JobService
from signaling.library.wire import Span

MAX_SPANS = 200  # of one edit
_LONGEST_S = 6 * 3600 - 60  # s; the supervisor ends any job after 6 h


class RenditionOrder(msgspec.Struct, frozen=True):
    """Order of renditions; see `recorder.api.EditionOrder`."""

    recording_id: str
    keep: tuple[Span, ...] = ()
    hidden_sources: tuple[str, ...] = ()
    cover_s: float | None = None
    hidden_pictures: tuple[str, ...] = ()


class RenditionsMade(msgspec.Struct, frozen=True):
    """Renditions that were made. `edition_id` finds it again: `recorder.api.Editions.edition`."""

    recording_id: str
    edition_id: str
    duration_s: float
    sources: int
    files: int


# The memory is that of the process that codes the pictures: it inherits the limit.
RENDITIONS = JobKind(
    "resource_renditions",
    RenditionOrder,
    RenditionsMade,
    JobLimits(memory_mb=4_096, cpu_s=_LONGEST_S, wall_s=_LONGEST_S),
)


async def order_renditions(
    jobs: JobService,
    actor: Actor,
    recording_id: str,
    *,
    keep: Sequence[Span],
    hidden_sources: Sequence[str],
    cover_s: float | None,
    hidden_pictures: Sequence[str] = (),
    branch: str,
    work: Work | None = None,
) -> JobRecord:
    """Queue the making of renditions. The recording must be sealed; the caller judges who may.

    Args:
        jobs: the service.
        actor: the owner of the job.
        recording_id: the recording.
        keep: the spans that are kept; empty for all of it.
        hidden_sources: sources of which nothing may be in any file.
        cover_s: the moment of the recording that the cover shows.
        hidden_pictures: sources of which no picture may be in any file.
        branch: the path of the org node of the resource.
        work: the unit of work of the publication.

    Raises:
        TooManyJobs: see `JobService.submit`.
        ValueError: there are more spans than an edit may have.
    """
    if len(keep) > MAX_SPANS:
        raise ValueError(f"at most {MAX_SPANS} spans")
    order = RenditionOrder(
        recording_id, tuple(keep), tuple(hidden_sources), cover_s, tuple(hidden_pictures)
    )
    return await jobs.submit(actor, RENDITIONS, order, branch=branch, work=work)

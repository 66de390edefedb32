"""Metadata and chapters that are proposed for a recording, from its lesson and the directory."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from recorder.api import Manifest
from signaling.directory.tables import PairingRow, RoomRow, SchoolRow
from signaling.lessons.tables import LessonRoomRow, LessonRow
from signaling.library.tables import ResourceRow
from signaling.library.versions.catalogue_proposals import with_catalogue
from signaling.library.versions.rules import stage_of
from signaling.library.versions.wire import MAX_CHAPTERS, Chapter, ResourceMetadata, ResourceType
from signaling.library.wire import ResourceKind

_CHAPTER_CHARS = 80
_SHORT_CHARS = 80


async def proposed_metadata(session: AsyncSession, row: ResourceRow) -> ResourceMetadata:
    """Return what lesson, directory and the textbook catalogue tell of a resource."""
    lesson = await session.get(LessonRow, row.lesson_id) if row.lesson_id else None
    school = await session.get(SchoolRow, row.node_id)
    is_lesson = row.kind == ResourceKind.RECORDING
    proposed = ResourceMetadata(
        title=row.title[:120],
        subject=row.subject[:_SHORT_CHARS],
        stage=stage_of(row.grade),
        grade=row.grade[:_SHORT_CHARS],
        edition=(await _edition(session, row))[:_SHORT_CHARS],
        volume=((lesson and lesson.textbook_volume) or "")[:_SHORT_CHARS],
        section=((lesson and lesson.textbook_section) or "")[:200],
        teacher_name=row.lead_teacher[:_SHORT_CHARS],
        school_name=("" if school is None else school.name)[:_SHORT_CHARS],
        kind_of_resource=ResourceType.LESSON if is_lesson else ResourceType.MICRO_LESSON,
    )
    if school is None:
        return proposed
    return await with_catalogue(session, school.county_id, proposed, row.started_at)


async def _edition(session: AsyncSession, row: ResourceRow) -> str:
    """Return the 版本 on which the schools of a lesson agreed; empty where there is not one."""
    if not row.lesson_id:
        return ""
    schools = (
        select(RoomRow.school_id)
        .join(LessonRoomRow, LessonRoomRow.room_id == RoomRow.room_id)
        .where(LessonRoomRow.lesson_id == row.lesson_id)
    )
    query = (
        select(PairingRow.textbook)
        .where(
            PairingRow.center_school_id == row.node_id,
            PairingRow.point_school_id.in_(schools),
            PairingRow.textbook.is_not(None),
            PairingRow.active,
        )
        .distinct()
        .limit(2)
    )
    found = (await session.scalars(query)).all()
    return found[0] or "" if len(found) == 1 else ""


def stage_chapters(manifest: Manifest) -> Iterator[Chapter]:
    """Yield a chapter for each room that came onto the stage."""
    for span in manifest.stage:
        if span.name.strip():
            yield Chapter(max(0.0, span.start_s), span.name.strip()[:_CHAPTER_CHARS])


# What proposes chapters; whoever knows more of a lesson adds a line.
CHAPTER_SOURCES: list[Callable[[Manifest], Iterable[Chapter]]] = [stage_chapters]


def proposed_chapters(manifest: Manifest) -> tuple[Chapter, ...]:
    """Return all proposals in the order of time; the first of those at one moment counts."""
    found: dict[float, Chapter] = {}
    for source in CHAPTER_SOURCES:
        for chapter in source(manifest):
            found.setdefault(chapter.at_s, chapter)
    return tuple(found[at] for at in sorted(found))[:MAX_CHAPTERS]

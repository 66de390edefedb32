"""Reading and writing imports, their lines, and the answers that a county keeps."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, time, timedelta

import msgspec
from sqlalchemy import delete, func, insert, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession

from signaling.audit.log import Work
from signaling.base.cursors import Place
from signaling.lessons.rules import OPEN_STATES
from signaling.lessons.tables import LessonRow
from signaling.timetable.imports.core.answers import Asked
from signaling.timetable.imports.records import ImportRecord, Part
from signaling.timetable.imports.tables import ImportAnswerRow, ImportLineRow, ImportRow
from signaling.timetable.imports.wire import ImportAnswer, ImportCounts, ImportState, ImportTopic
from signaling.timetable.tables import BellScheduleRow, CalendarDayRow, PlanRow, TermRow

PAGE_IMPORTS = 25
PAGE_LINES = 100
MAX_IMPORTS = 100  # of a county; the oldest give way
MAX_ANSWERS = 20_000  # of a county
_PART = 500  # rows of one statement


async def add_import(work: Work, record: ImportRecord) -> None:
    """Write a new import; the oldest of its county give way."""
    session = work.session
    own = select(ImportRow.import_id).where(ImportRow.county_id == record.county_id)
    newest_first = own.order_by(ImportRow.created_at.desc(), ImportRow.import_id.desc())
    old = (await session.scalars(newest_first.offset(MAX_IMPORTS - 1))).all()
    if old:
        await session.execute(delete(ImportLineRow).where(ImportLineRow.import_id.in_(old)))
        await session.execute(delete(ImportRow).where(ImportRow.import_id.in_(old)))
    session.add(ImportRow(**_columns(record)))
    await session.flush()


async def write_import(work: Work, record: ImportRecord, expected: int) -> bool:
    """Write a changed import if it is still in a version; whether it was."""
    written = await work.session.scalar(
        update(ImportRow)
        .where(ImportRow.import_id == record.import_id, ImportRow.version == expected)
        .values(_columns(record))
        .returning(ImportRow.import_id)
    )
    return written is not None


async def import_of(session: AsyncSession, import_id: str) -> ImportRecord | None:
    """Return one import."""
    row = await session.get(ImportRow, import_id)
    return None if row is None else _record(row)


async def import_of_job(session: AsyncSession, job_id: str) -> ImportRecord | None:
    """Return the import whose newest job this is."""
    row = await session.scalar(select(ImportRow).where(ImportRow.job_id == job_id))
    return None if row is None else _record(row)


async def page_of_imports(
    session: AsyncSession, county_id: str, before: Place | None
) -> tuple[list[ImportRecord], Place | None]:
    """Return a page of a county's imports, newest first, and the next page's place."""
    query = select(ImportRow).where(ImportRow.county_id == county_id)
    if before is not None:
        place = tuple_(ImportRow.created_at, ImportRow.import_id)
        query = query.where(place < tuple_(before.at, before.row_id))
    query = query.order_by(ImportRow.created_at.desc(), ImportRow.import_id.desc())
    rows = (await session.scalars(query.limit(PAGE_IMPORTS + 1))).all()
    found = [_record(row) for row in rows[:PAGE_IMPORTS]]
    if len(rows) <= PAGE_IMPORTS:
        return found, None
    return found, Place(found[-1].created_at, found[-1].import_id)


# --- lines ---------------------------------------------------------------------------------------


async def write_lines(
    work: Work, import_id: str, lines: Mapping[Part, Sequence[msgspec.Struct]]
) -> None:
    """Replace the lines of an import."""
    session = work.session
    await session.execute(delete(ImportLineRow).where(ImportLineRow.import_id == import_id))
    rows = [
        {
            "import_id": import_id,
            "part": part,
            "position": position,
            "body": msgspec.json.encode(line).decode(),
        }
        for part, found in lines.items()
        for position, line in enumerate(found)
    ]
    for first in range(0, len(rows), _PART):
        await session.execute(insert(ImportLineRow), rows[first : first + _PART])


async def page_of_lines(
    session: AsyncSession, import_id: str, part: Part, after: int
) -> tuple[list[bytes], int | None]:
    """Return a page of lines as JSON from a position on, and the next page's position."""
    query = (
        select(ImportLineRow.body)
        .where(
            ImportLineRow.import_id == import_id,
            ImportLineRow.part == part,
            ImportLineRow.position >= after,
        )
        .order_by(ImportLineRow.position)
        .limit(PAGE_LINES + 1)
    )
    bodies = [body.encode() for body in await session.scalars(query)]
    following = after + PAGE_LINES if len(bodies) > PAGE_LINES else None
    return bodies[:PAGE_LINES], following


# --- answers -------------------------------------------------------------------------------------


async def answers_of(session: AsyncSession, county_id: str) -> dict[Asked, tuple[str, ...]]:
    """Return all answers of a county."""
    columns = (
        ImportAnswerRow.topic,
        ImportAnswerRow.scope,
        ImportAnswerRow.text,
        ImportAnswerRow.targets,
    )
    query = select(*columns).where(ImportAnswerRow.county_id == county_id).limit(MAX_ANSWERS)
    return {
        Asked(ImportTopic(row.topic), row.scope, row.text): tuple(row.targets.split())
        for row in await session.execute(query)
    }


async def keep_answers(
    work: Work,
    county_id: str,
    answers: Iterable[tuple[Asked, ImportAnswer]],
    *,
    by: str,
    now: datetime,
) -> None:
    """Keep answers; each takes the place of an earlier one."""
    for key, answer in answers:
        row = ImportAnswerRow(
            county_id=county_id,
            scope=key.scope,
            topic=key.topic,
            text=key.text,
            targets=" ".join(answer.targets),
            answered_by=by,
            answered_at=now,
        )
        await work.session.merge(row)
    await work.session.flush()


async def drop_answers(work: Work, county_id: str, withdrawn: Iterable[Asked]) -> None:
    """Forget answers; what nobody answered is passed over."""
    for key in withdrawn:
        row = await work.session.get(ImportAnswerRow, (county_id, key.scope, key.topic, key.text))
        if row is not None:
            await work.session.delete(row)
    await work.session.flush()


# --- what an import builds on --------------------------------------------------------------------


async def timetable_mark(session: AsyncSession, term_id: str) -> str:
    """Return a mark that changes with any plan of a term, any open lesson, and the settings.

    A plan that takes the place of another one leaves count and versions as they were; only the
    times of writing tell.
    """
    term = await session.get(TermRow, term_id)
    if term is None:
        return ""
    plans = select(
        func.count(), func.coalesce(func.sum(PlanRow.version), 0), func.max(PlanRow.created_at)
    ).where(PlanRow.term_id == term_id, PlanRow.active)
    opened = select(func.count(), func.coalesce(func.sum(LessonRow.version), 0)).where(
        LessonRow.state.in_(OPEN_STATES)
    )
    begins = datetime.combine(term.starts_on, time(), UTC) - timedelta(days=1)
    changed = select(func.max(LessonRow.changed_at)).where(LessonRow.starts_at >= begins)
    parts: list[object] = []
    for query in (plans, opened, changed):
        parts += (await session.execute(query)).one()
    parts += [term.version, await _settings_mark(session, term.county_id)]
    return ".".join(map(str, parts))


async def _settings_mark(session: AsyncSession, county_id: str) -> str:
    """Return a digest of the bells and days of a county: new plans are placed by them."""
    digest = hashlib.blake2b(digest_size=16)
    for row_id, row in (
        (BellScheduleRow.schedule_id, BellScheduleRow),
        (CalendarDayRow.day_id, CalendarDayRow),
    ):
        query = select(row_id, row.version).where(row.county_id == county_id).order_by(row_id)
        for one in await session.execute(query):
            digest.update(repr(tuple(one)).encode())
    return digest.hexdigest()


def _columns(record: ImportRecord) -> dict[str, object]:
    return {
        "import_id": record.import_id,
        "county_id": record.county_id,
        "term_id": record.term_id,
        "school_id": record.school_id,
        "owner_id": record.owner_id,
        "owner_name": record.owner_name,
        "file_id": record.file_id,
        "file_name": record.file_name,
        "remove_missing": record.remove_missing,
        "state": record.state,
        "job_id": record.job_id,
        "digest": record.digest,
        "counts": msgspec.json.encode(record.counts).decode(),
        "version": record.version,
        "created_at": record.created_at,
    }


def _record(row: ImportRow) -> ImportRecord:
    return ImportRecord(
        import_id=row.import_id,
        county_id=row.county_id,
        term_id=row.term_id,
        school_id=row.school_id,
        owner_id=row.owner_id,
        owner_name=row.owner_name,
        file_id=row.file_id,
        file_name=row.file_name,
        remove_missing=row.remove_missing,
        state=ImportState(row.state),
        job_id=row.job_id,
        digest=row.digest,
        counts=msgspec.json.decode(row.counts, type=ImportCounts),
        version=row.version,
        created_at=row.created_at,
    )

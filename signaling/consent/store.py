"""Reading classes with their consents, and writing consents."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, case, delete, func, or_, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession

from signaling.base.errors import Invalid
from signaling.base.problem_codes import ProblemCode
from signaling.base.search import mentions
from signaling.consent.events import ConsentEnd, ConsentWithdrawn
from signaling.consent.rules import Given, state_of
from signaling.consent.tables import ConsentFileRow, ConsentRow
from signaling.consent.wire import (
    Consent,
    ConsentFile,
    ConsentPurpose,
    ConsentState,
    ConsentWithdrawal,
    SeatingRemedy,
    WithdrawalReason,
)
from signaling.directory.tables import ClassRow, OrgNodeRow, SchoolRow

_PART = 15  # classes or consents read in one step of the loop
EndPlace = tuple[datetime, str]  # when a consent ended, and its id
_GRADES = "一二三四五六七八九"  # the first characters of grades, in their order
_ORDER = (
    SchoolRow.name,
    case(
        *((ClassRow.grade.startswith(one), place) for place, one in enumerate(_GRADES)),
        else_=len(_GRADES),
    ),
    ClassRow.grade,
    ClassRow.name,
    ClassRow.class_id,
)


@dataclass(frozen=True, slots=True)
class Search:
    """Classes that a reader asks for.

    Attributes:
        visible: the condition on schools that the reader may see.
        county_id: the county of the term.
        term_id: the term; empty finds no consents.
        today: decides what has expired.
    """

    visible: ColumnElement[bool]
    county_id: str
    term_id: str
    today: date
    words: str = ""
    school_id: str | None = None
    state: ConsentState | None = None


@dataclass(frozen=True, slots=True)
class ClassConsent:
    """A class, its school with the path in the org tree, and the newest consent of a term."""

    class_id: str
    name: str
    grade: str
    pupils: int | None
    school_id: str
    school: str
    path: str
    county_id: str
    consent: ConsentRow | None

    def state(self, today: date) -> ConsentState:
        """Return the state of the class on a day."""
        return state_of(None if self.consent is None else given_of(self.consent), today)


def given_of(row: ConsentRow) -> Given:
    """Return a consent as the rules take it."""
    return Given(
        class_id=row.class_id,
        purposes=frozenset(purposes_of(row)),
        covers_from=row.covers_from,
        covers_to=row.covers_to,
        until=row.until,
        refusals=row.refusals,
        remedy=None if row.remedy is None else SeatingRemedy(row.remedy),
        withdrawn=row.withdrawn_at is not None,
    )


def purposes_of(row: ConsentRow) -> tuple[ConsentPurpose, ...]:
    """Return the purposes of a consent."""
    return tuple(ConsentPurpose(one) for one in row.purposes.split(","))


def consent_of(row: ConsentRow, files: Sequence[ConsentFile]) -> Consent:
    """Return a consent as the API shows it."""
    withdrawal = None
    if row.withdrawn_at is not None and row.withdrawn_on is not None:
        withdrawal = ConsentWithdrawal(
            row.withdrawn_on,
            WithdrawalReason(row.withdrawn_reason or WithdrawalReason.OTHER),
            row.withdrawn_note,
            row.withdrawn_at,
            row.withdrawn_by,
        )
    return Consent(
        consent_id=row.consent_id,
        version=row.version,
        class_id=row.class_id,
        term_id=row.term_id,
        given_on=row.given_on,
        purposes=purposes_of(row),
        pupils=row.pupils,
        refusals=row.refusals,
        remedy=None if row.remedy is None else SeatingRemedy(row.remedy),
        covers_from=row.covers_from,
        covers_to=row.covers_to,
        until=row.until,
        note=row.note,
        at=row.recorded_at,
        by=row.by_name,
        files=tuple(files),
        withdrawal=withdrawal,
    )


# --- reading -------------------------------------------------------------------------------------


async def page(
    session: AsyncSession, search: Search, limit: int, after: str | None
) -> tuple[list[ClassConsent], str | None]:
    """Return a page of classes, and the place of the next one. Raises Invalid for a bad place."""
    query = _lines(search.term_id).where(*_conditions(search, with_state=True))
    if after is not None:
        place = await session.execute(
            select(*_ORDER)
            .join(SchoolRow, SchoolRow.school_id == ClassRow.school_id)
            .where(ClassRow.class_id == after, search.visible)
        )
        last = place.first()
        if last is None:
            raise Invalid(code=ProblemCode.BAD_CURSOR, field="after")
        query = query.where(tuple_(*_ORDER) > tuple_(*last))
    query = query.order_by(*_ORDER).limit(limit + 1)
    await asyncio.sleep(0)  # media go between the making of a query and its run
    stream = await session.stream(query)
    rows = [row async for part in stream.partitions(_PART) for row in part]
    found = [ClassConsent(*row) for row in rows[:limit]]
    return found, found[-1].class_id if len(rows) > limit else None


async def counts(session: AsyncSession, search: Search) -> dict[ConsentState, int]:
    """Count the classes by state, whatever state is asked for."""
    await asyncio.sleep(0)  # the step before this one may have read the last lines of a page
    lines = _lines(search.term_id).where(*_conditions(search, with_state=False))
    states = lines.with_only_columns(
        _state(search.today).label("state"), maintain_column_froms=True
    ).subquery()
    query = select(states.c.state, func.count()).group_by(states.c.state)
    await asyncio.sleep(0)
    return {ConsentState(state): int(n) for state, n in (await session.execute(query)).all()}


async def class_in(session: AsyncSession, class_id: str, term_id: str) -> ClassConsent | None:
    """Return one class with its newest consent in a term."""
    row = (await session.execute(_lines(term_id).where(ClassRow.class_id == class_id))).first()
    return None if row is None else ClassConsent(*row)


async def files_of(
    session: AsyncSession, consent_ids: Collection[str]
) -> Mapping[str, list[ConsentFile]]:
    """Return the scanned pages of consents, in their order."""
    row = ConsentFileRow
    query = select(row).where(row.consent_id.in_(consent_ids)).order_by(row.position)
    found: dict[str, list[ConsentFile]] = {one: [] for one in consent_ids}
    for one in await session.scalars(query):
        found[one.consent_id].append(ConsentFile(one.file_id, one.name, one.size))
    return found


async def former(session: AsyncSession, class_id: str, term_id: str) -> list[ConsentRow]:
    """Return what was recorded of a class in a term before the newest, the newest first."""
    row = ConsentRow
    query = (
        select(row)
        .where(row.class_id == class_id, row.term_id == term_id, row.newest.is_(False))
        .order_by(row.recorded_at.desc(), row.consent_id)
    )
    return list(await session.scalars(query))


async def of_classes(session: AsyncSession, class_ids: Collection[str], day: date) -> list[Given]:
    """Return the consents of classes that cover lessons of a day."""
    row = ConsentRow
    query = select(row).where(
        row.class_id.in_(class_ids), row.covers_from <= day, row.covers_to >= day
    )
    stream = await session.stream_scalars(query)
    return [given_of(one) async for part in stream.partitions(_PART) for one in part]


async def class_names(session: AsyncSession, class_ids: Collection[str]) -> dict[str, str]:
    """Return the names of classes."""
    query = select(ClassRow.class_id, ClassRow.name).where(ClassRow.class_id.in_(class_ids))
    return {row.class_id: row.name for row in (await session.execute(query)).all()}


async def standing_beside(session: AsyncSession, row: ConsentRow) -> list[Given]:
    """Return the other consents of a class that were not withdrawn."""
    query = select(ConsentRow).where(
        ConsentRow.class_id == row.class_id,
        ConsentRow.consent_id != row.consent_id,
        ConsentRow.withdrawn_at.is_(None),
    )
    return [given_of(one) for one in await session.scalars(query)]


async def over(session: AsyncSession, today: date, after: str, most: int) -> list[str]:
    """Return ids of consents that stood to their last day, if that was not told; a page of them."""
    row = ConsentRow
    wanted = (row.over_told.is_(False), row.until < today, row.withdrawn_at.is_(None))
    query = select(row.consent_id).where(*wanted, row.consent_id > after)
    return list(await session.scalars(query.order_by(row.consent_id).limit(most)))


async def ended_since(
    session: AsyncSession, since: datetime, after: EndPlace | None, most: int
) -> list[tuple[EndPlace, ConsentWithdrawn]]:
    """Return what ended from a moment on, the newest first, in pages behind a place."""
    row = ConsentRow
    query = (
        select(row, ClassRow.school_id)
        .join(ClassRow, ClassRow.class_id == row.class_id)
        .where(row.ended_at >= since)
        .order_by(row.ended_at.desc(), row.consent_id.desc())
        .limit(most)
    )
    if after is not None:
        query = query.where(tuple_(row.ended_at, row.consent_id) < tuple_(*after))
    found = (await session.execute(query)).all()
    return [
        ((one.ended_at, one.consent_id), end_of(one, school_id))
        for one, school_id in found
        if one.ended_at is not None  # the condition says so
    ]


def end_of(row: ConsentRow, school_id: str) -> ConsentWithdrawn:
    """Return the newest end of a consent as it is told."""
    return ConsentWithdrawn(
        row.consent_id,
        row.class_id,
        school_id,
        row.ended_from or row.covers_from,
        row.ended_to or row.covers_to,
        ConsentEnd(row.ended_cause or ConsentEnd.NARROWED),
    )


# --- writing -------------------------------------------------------------------------------------


async def add_newest(session: AsyncSession, row: ConsentRow) -> None:
    """Add a consent; the former one of class and term is history."""
    await session.execute(
        update(ConsentRow)
        .where(ConsentRow.class_id == row.class_id, ConsentRow.term_id == row.term_id)
        .values(newest=False)
    )
    session.add(row)
    await session.flush()


async def put_files(session: AsyncSession, consent_id: str, files: Sequence[ConsentFile]) -> None:
    """Write the scanned pages of a consent."""
    await session.execute(delete(ConsentFileRow).where(ConsentFileRow.consent_id == consent_id))
    session.add_all(
        ConsentFileRow(
            file_id=one.file_id, consent_id=consent_id, position=n, name=one.name, size=one.size
        )
        for n, one in enumerate(files)
    )
    await session.flush()


# --- inside --------------------------------------------------------------------------------------


def _lines(term_id: str) -> Any:
    """Return the query for classes; its columns are the fields of `ClassConsent`."""
    newest = and_(
        ConsentRow.class_id == ClassRow.class_id,
        ConsentRow.term_id == term_id,
        ConsentRow.newest.is_(True),
    )
    return (
        select(
            ClassRow.class_id,
            ClassRow.name,
            ClassRow.grade,
            ClassRow.pupils,
            SchoolRow.school_id,
            SchoolRow.name,
            OrgNodeRow.path,
            SchoolRow.county_id,
            ConsentRow,
        )
        .join(SchoolRow, SchoolRow.school_id == ClassRow.school_id)
        .join(OrgNodeRow, OrgNodeRow.node_id == SchoolRow.school_id)
        .outerjoin(ConsentRow, newest)
    )


def _conditions(search: Search, *, with_state: bool) -> list[ColumnElement[bool]]:
    wanted = [
        search.visible,
        SchoolRow.county_id == search.county_id,
        or_(and_(ClassRow.active, SchoolRow.active), ConsentRow.consent_id.is_not(None)),
        *mentions(search.words, (ClassRow.name, ClassRow.grade, SchoolRow.name)),
    ]
    if search.school_id is not None:
        wanted.append(SchoolRow.school_id == search.school_id)
    if with_state and search.state is not None:
        wanted.append(_state(search.today) == search.state)
    return wanted


def _state(today: date) -> ColumnElement[str]:
    """Return the state as a column: the SQL twin of `rules.state_of`."""
    row = ConsentRow
    return case(
        (row.consent_id.is_(None), ConsentState.NONE.value),
        (row.withdrawn_at.is_not(None), ConsentState.WITHDRAWN.value),
        (row.until < today, ConsentState.EXPIRED.value),
        (and_(row.refusals > 0, row.remedy.is_(None)), ConsentState.UNSEATED.value),
        else_=ConsentState.GIVEN.value,
    )

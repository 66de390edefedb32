"""Reading and writing the catalogue."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import ColumnElement, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from signaling.base.ids import new_ids
from signaling.catalogue.rules import Book, Known, Plan
from signaling.catalogue.tables import BookRow, ChapterRow
from signaling.catalogue.wire import CatalogueStage

_PART = 500  # rows of one statement
LEVELS = ("stage", "subject", "edition", "grade", "volume")


async def known(session: AsyncSession, county_id: str) -> dict[Book, Known]:
    """Return a county's catalogue."""
    query = (
        select(BookRow, ChapterRow.section, ChapterRow.place, ChapterRow.gone)
        .outerjoin(ChapterRow, ChapterRow.book_id == BookRow.book_id)
        .where(BookRow.county_id == county_id)
        .order_by(ChapterRow.place, ChapterRow.section)
    )
    found: dict[Book, Known] = {}
    for row, section, place, gone in (await session.execute(query)).all():
        entry = found.setdefault(_book(row), Known())
        if section is not None:
            entry.sections[section] = place
            if gone:
                entry.gone.add(section)
    return found


def _book(row: BookRow) -> Book:
    return Book(CatalogueStage(row.stage), row.subject, row.edition, row.grade, row.volume)


async def write(session: AsyncSession, county_id: str, plan: Plan) -> None:
    """Write a plan. Chapters that are gone stay, and are marked."""
    of_county = BookRow.county_id == county_id
    first = await session.scalar(select(func.count()).select_from(BookRow).where(of_county)) or 0
    ids_of_new = zip(new_ids(len(plan.new_books)), plan.new_books, strict=True)
    new = [
        {"book_id": book_id, "county_id": county_id, "place": place, **_names(book)}
        for place, (book_id, book) in enumerate(ids_of_new, first)
    ]
    for start in range(0, len(new), _PART):
        await session.execute(insert(BookRow), new[start : start + _PART])
    rows = await session.scalars(select(BookRow).where(of_county))
    ids = {_book(row): row.book_id for row in rows}
    for book, sections in plan.sections.items():
        await _write_chapters(session, ids[book], sections, plan.gone.get(book, ()))


async def _write_chapters(
    session: AsyncSession, book_id: str, sections: Sequence[str], gone: Sequence[str]
) -> None:
    of_book = ChapterRow.book_id == book_id
    for start in range(0, len(gone), _PART):
        some = ChapterRow.section.in_(gone[start : start + _PART])
        await session.execute(update(ChapterRow).where(of_book, some).values(gone=True))
    rows = [
        {"book_id": book_id, "section": section, "place": place, "gone": False}
        for place, section in enumerate(sections)
    ]
    for start in range(0, len(rows), _PART):
        part = rows[start : start + _PART]
        named = ChapterRow.section.in_([one["section"] for one in part])
        await session.execute(delete(ChapterRow).where(of_book, named))
        await session.execute(insert(ChapterRow), part)


def _names(book: Book) -> dict[str, str]:
    return {name: getattr(book, name) for name in LEVELS}


async def counts(session: AsyncSession, county_id: str) -> tuple[int, int, int]:
    """Return how many books, offered chapters and gone chapters a county has."""
    of_county = BookRow.county_id == county_id
    books = await session.scalar(select(func.count()).select_from(BookRow).where(of_county))
    query = (
        select(ChapterRow.gone, func.count())
        .join(BookRow, BookRow.book_id == ChapterRow.book_id)
        .where(of_county)
        .group_by(ChapterRow.gone)
    )
    chapters = {bool(gone): number for gone, number in (await session.execute(query)).all()}
    return books or 0, chapters.get(False, 0), chapters.get(True, 0)


async def names_of(
    session: AsyncSession, county_id: str, level: str, chosen: Mapping[str, str]
) -> list[str]:
    """Return the names of a level among the books with what was chosen."""
    column = getattr(BookRow, level)
    query = (
        select(column)
        .where(*_matching(county_id, chosen), column != "")
        .group_by(column)
        .order_by(func.min(BookRow.place))
        .limit(_PART)
    )
    return list(await session.scalars(query))


async def sections_of(
    session: AsyncSession, county_id: str, chosen: Mapping[str, str], words: str, limit: int
) -> tuple[list[str], int]:
    """Return the first sections of the chosen books that hold the words, and how many there are."""
    conditions = [*_matching(county_id, chosen), ChapterRow.gone.is_(False)]
    conditions += [ChapterRow.section.contains(one, autoescape=True) for one in words.split()[:8]]
    joined = ChapterRow.book_id == BookRow.book_id
    total = select(func.count()).select_from(ChapterRow).join(BookRow, joined).where(*conditions)
    query = (
        select(ChapterRow.section)
        .join(BookRow, joined)
        .where(*conditions)
        .order_by(BookRow.place, ChapterRow.place)
        .limit(limit)
    )
    found = list(dict.fromkeys(await session.scalars(query)))
    return found, await session.scalar(total) or 0


async def places_of(
    session: AsyncSession, county_id: str, chosen: Mapping[str, str], words: str
) -> list[tuple[str, str]]:
    """Return volumes and sections of the chosen books whose section holds the words."""
    query = (
        select(BookRow.volume, ChapterRow.section)
        .join(BookRow, ChapterRow.book_id == BookRow.book_id)
        .where(
            *_matching(county_id, chosen),
            ChapterRow.gone.is_(False),
            ChapterRow.section.contains(words, autoescape=True),
        )
        .order_by(BookRow.place, ChapterRow.place)
        .limit(_PART)
    )
    return [(volume, section) for volume, section in await session.execute(query)]


def _matching(county_id: str, chosen: Mapping[str, str]) -> list[ColumnElement[bool]]:
    """Return the conditions on books; a book for no one grade fits every grade."""
    conditions: list[ColumnElement[bool]] = [BookRow.county_id == county_id]
    for level in LEVELS:
        if level in chosen:
            values = [chosen[level], ""] if level == "grade" else [chosen[level]]
            conditions.append(getattr(BookRow, level).in_(values))
    return conditions

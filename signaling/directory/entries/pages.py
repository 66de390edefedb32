"""Reading entries: a page of a list, or one of them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, func, not_, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from signaling.base.errors import Invalid
from signaling.base.problem_codes import ProblemCode
from signaling.base.search import mentions
from signaling.directory.entries.noun import AnyRow, Noun

MIN_PAGE, MAX_PAGE = 50, 200  # entries
PART = 25  # entries made in one step of the loop, which forwards media


@dataclass(frozen=True, slots=True)
class Search:
    """Search of a reader in the entries of a noun.

    Attributes:
        words: all of them must occur.
        active: entries that may be used, or those that may not; both if None.
        filters: values of the noun's filters.
        limit: entries of a page.
        after: the last id of the page before.
        manageable: only entries that the reader may change.
    """

    words: str = ""
    active: bool | None = None
    filters: dict[str, str] = field(default_factory=dict)
    limit: int = MIN_PAGE
    after: str | None = None
    manageable: bool = False


async def read_page(
    session: AsyncSession, noun: Noun[Any], visible: ColumnElement[bool], search: Search
) -> tuple[Sequence[AnyRow], int, str | None]:
    """Return the rows of a page, how many match in all, and the place of the next page.

    Raises:
        Invalid: `after` is no entry that the reader may see.
    """
    matching = noun.query.where(visible, *_conditions(noun, search))
    total = await session.scalar(_only(matching, func.count()))
    page = matching
    if search.after is not None:
        place = await _place(session, noun, visible, search.after)
        page = page.where(tuple_(*noun.columns) > tuple_(*place))
    page = page.add_columns(noun.key).order_by(*noun.columns).limit(search.limit + 1)
    rows = (await session.execute(page)).all()
    following = rows[search.limit - 1][-1] if len(rows) > search.limit else None
    return [row[:-1] for row in rows[: search.limit]], total or 0, following


async def read_one(
    session: AsyncSession, noun: Noun[Any], visible: ColumnElement[bool], entry_id: str
) -> AnyRow | None:
    """Return the row of one entry that the reader may see."""
    found = await session.execute(noun.query.where(visible, noun.key == entry_id))
    return found.first()


async def breathe(number: int) -> None:
    """Let the loop go on between the parts of a page."""
    if number % PART == 0:
        await asyncio.sleep(0)


def _conditions(noun: Noun[Any], search: Search) -> list[ColumnElement[bool]]:
    conditions = list(mentions(search.words, noun.searched))
    if search.active is not None:
        conditions.append(noun.usable if search.active else not_(noun.usable))
    conditions += [noun.filters[name](value) for name, value in search.filters.items()]
    return conditions


async def _place(
    session: AsyncSession, noun: Noun[Any], visible: ColumnElement[bool], after: str
) -> Sequence[Any]:
    query = _only(noun.query.where(visible, noun.key == after), *noun.columns)
    place = (await session.execute(query)).first()
    if place is None:
        raise Invalid(code=ProblemCode.BAD_CURSOR, field="after")
    return place


def _only(query: Any, *columns: Any) -> Any:
    """Return the query with other columns, over the same joined tables."""
    return query.with_only_columns(*columns, maintain_column_froms=True)

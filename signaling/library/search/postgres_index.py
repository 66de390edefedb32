"""The index in PostgreSQL: an array of tokens with a GIN index."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import (
    ColumnElement,
    Executable,
    Select,
    Text,
    and_,
    delete,
    func,
    literal,
    or_,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession

from signaling.library.search.core.documents import Document, tokens_of
from signaling.library.search.core.query import AnyOf, Query, Way, Word
from signaling.library.search.index import (
    MAX_CANDIDATES,
    SHOWN,
    delete_row,
    documents_of,
    row_of,
    stored,
)
from signaling.library.search.tables import DocumentRow


class PostgresSearchIndex:
    """Implements `SearchIndex`."""

    async def put(self, session: AsyncSession, document: Document, score: int) -> None:
        """Write a document anew."""
        await self.remove(session, document.resource_id)
        row = row_of(document, score)
        row.tokens = list(tokens_of(document))
        session.add(row)
        await session.flush()

    async def remove(self, session: AsyncSession, resource_id: str) -> None:
        """Take a document away."""
        row = await stored(session, resource_id)
        if row is not None:
            await delete_row(session, row)
            session.expunge(row)

    async def clear(self, session: AsyncSession) -> None:
        """Take all documents away."""
        await session.execute(delete(DocumentRow))

    async def candidates(
        self,
        session: AsyncSession,
        query: Query,
        *,
        condition: ColumnElement[bool] | None = None,
        limit: int = MAX_CANDIDATES,
    ) -> Sequence[Document]:
        """Return documents that may answer a query, the highest scores first."""
        wanted = _wanted(query)
        if condition is not None:
            wanted.append(condition)
        statement = select(*SHOWN).where(*wanted).order_by(DocumentRow.place.desc()).limit(limit)
        return await documents_of((await session.execute(statement)).all(), query)

    def number(self, query: Query, most: int) -> Executable:
        """Return the statement that counts the resources that have a query's tokens."""
        found = select(DocumentRow.place).where(*_wanted(query)).limit(most)
        return select(func.count()).select_from(found.subquery())

    def newest(self, query: Query, limit: int) -> Select[str]:
        """Return the statement for the ids of resources that have a query's tokens."""
        statement = select(DocumentRow.resource_id).where(*_wanted(query))
        return statement.order_by(DocumentRow.place.desc()).limit(limit)


def _wanted(query: Query) -> list[ColumnElement[bool]]:
    wanted = [_word(word) for word in query.words]
    return wanted + [_any(group) for group in query.keys]


def _word(word: Word) -> ColumnElement[bool]:
    return or_(*map(_way, word.ways))


def _way(way: Way) -> ColumnElement[bool]:
    sure = [one for (one, *others) in way if not others]
    parts = [_any(one) for one in way if len(one) > 1]
    if sure:
        parts.append(DocumentRow.tokens.op("@>")(_array(sure)))
    return and_(*parts)


def _any(group: AnyOf) -> ColumnElement[bool]:
    return DocumentRow.tokens.op("&&")(_array(group))


def _array(tokens: Sequence[str]) -> ColumnElement[list[str]]:
    return literal(list(tokens), ARRAY(Text))

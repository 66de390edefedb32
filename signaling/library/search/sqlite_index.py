"""The index in SQLite: an FTS5 table without content, whose rowids are the documents' places."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import ColumnElement, Executable, Select, delete, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from signaling.library.search.core.documents import Document, tokens_of
from signaling.library.search.core.query import Query
from signaling.library.search.index import (
    MAX_CANDIDATES,
    SHOWN,
    delete_row,
    document_of,
    documents_of,
    row_of,
    stored,
)
from signaling.library.search.tables import DocumentRow

# Tokens have no order and occur once: which documents have a token is all that FTS5 keeps. Its
# `ascii` tokenizer keeps every character beyond ASCII, of whatever version of Unicode.
CREATE = (
    "CREATE VIRTUAL TABLE search_tokens USING fts5("
    "tokens, content='', detail=none, columnsize=0, tokenize='ascii')"
)
_ADD = text("INSERT INTO search_tokens(rowid, tokens) VALUES (:place, :tokens)")
_TAKE = text(
    "INSERT INTO search_tokens(search_tokens, rowid, tokens) VALUES ('delete', :place, :tokens)"
)
_MATCH = text("SELECT rowid AS place FROM search_tokens WHERE search_tokens MATCH :match")
_NUMBER = text(
    "SELECT count(*) FROM"
    " (SELECT 1 FROM search_tokens WHERE search_tokens MATCH :match LIMIT :most)"
)
_NEWEST = text(
    "SELECT rowid AS place FROM search_tokens WHERE search_tokens MATCH :match"
    " ORDER BY rowid DESC LIMIT :most"
)


class SqliteSearchIndex:
    """Implements `SearchIndex`."""

    async def put(self, session: AsyncSession, document: Document, score: int) -> None:
        """Write a document anew."""
        await self.remove(session, document.resource_id)
        row = row_of(document, score)
        session.add(row)
        await session.flush()
        await session.execute(_ADD, {"place": row.place, "tokens": _joined(document)})

    async def remove(self, session: AsyncSession, resource_id: str) -> None:
        """Take a document away. FTS5 must be told the same tokens as when it was written."""
        row = await stored(session, resource_id)
        if row is None:
            return
        tokens = _joined(document_of(row))
        await session.execute(_TAKE, {"place": row.place, "tokens": tokens})
        await delete_row(session, row)
        session.expunge(row)

    async def clear(self, session: AsyncSession) -> None:
        """Take all documents away; the table of tokens is made anew, as nobody knows its tokens."""
        await session.execute(text("DROP TABLE search_tokens"))
        await session.execute(text(CREATE))
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
        statement = select(*SHOWN)
        match = match_of(query)
        place = DocumentRow.place.expression
        if match:
            found = _MATCH.columns(place=DocumentRow.place.type).bindparams(match=match).subquery()
            statement = statement.join(found, found.c.place == DocumentRow.place)
            place = found.c.place
        if condition is not None:
            statement = statement.where(condition)
        rows = await session.execute(statement.order_by(place.desc()).limit(limit))
        return await documents_of(rows.all(), query)

    def number(self, query: Query, most: int) -> Executable:
        """Return the statement that counts the resources that have a query's tokens."""
        return _NUMBER.bindparams(match=match_of(query), most=most)

    def newest(self, query: Query, limit: int) -> Select[str]:
        """Return the statement for the ids of resources that have a query's tokens."""
        statement = _NEWEST.columns(place=DocumentRow.place.type)
        found = statement.bindparams(match=match_of(query), most=limit).subquery()
        return select(DocumentRow.resource_id).join(found, found.c.place == DocumentRow.place)


def match_of(query: Query) -> str:
    """Write a query in the language of FTS5; empty if it asks for nothing."""
    words = [
        _any(_all(_any(map(_quoted, tokens)) for tokens in way) for way in word.ways)
        for word in query.words
    ]
    parts = [*words, *(_any(map(_quoted, group)) for group in query.keys)]
    return _all(parts) if parts else ""


def _joined(document: Document) -> str:
    return " ".join(tokens_of(document))


def _quoted(token: str) -> str:
    return '"' + token.replace('"', '""') + '"'


def _any(parts: Iterable[str]) -> str:
    several = list(parts)
    return several[0] if len(several) == 1 else f"({' OR '.join(several)})"


def _all(parts: Iterable[str]) -> str:
    several = list(parts)
    return several[0] if len(several) == 1 else f"({' AND '.join(several)})"

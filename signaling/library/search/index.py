"""The index as others use it, and the documents of the database, which both engines share."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Sequence
from typing import Any, Protocol

import msgspec
from sqlalchemy import ColumnElement, Executable, Select, delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from signaling.library.search.core.documents import (
    ANALYSER,
    SHORT,
    Document,
    Field,
    FieldText,
)
from signaling.library.search.core.query import Query, may_be_sound
from signaling.library.search.core.text import fold
from signaling.library.search.tables import DocumentRow

MAX_CANDIDATES = 500  # documents looked at closely for one page
MAX_SCORE = 2**26 - 1
_STEP = 25  # documents that are read in one step: some 2 ms
_SERIAL_BITS = 36  # of a place, below the score: random, so that no place is used twice

_JSON = msgspec.json.Decoder(dict[Field, tuple[tuple[str, ...], ...]])


class SearchIndex(Protocol):
    """Finds documents. Writing happens in the transaction of what changes the resource."""

    async def put(self, session: AsyncSession, document: Document, score: int) -> None:
        """Write a document anew.

        Args:
            session: a writing transaction.
            document: what is to be found.
            score: 0…`MAX_SCORE`; what has a higher score is shown earlier.
        """
        ...

    async def remove(self, session: AsyncSession, resource_id: str) -> None:
        """Take a resource's document away, if there is one."""
        ...

    async def clear(self, session: AsyncSession) -> None:
        """Take all documents away: another analyser made them."""
        ...

    async def candidates(
        self,
        session: AsyncSession,
        query: Query,
        *,
        condition: ColumnElement[bool] | None = None,
        limit: int = MAX_CANDIDATES,
    ) -> Sequence[Document]:
        """Return documents that may answer a query, the highest scores first.

        Args:
            session: a reading transaction.
            query: words and keys.
            condition: what must hold besides, on columns of `DocumentRow` or of subqueries by it.
            limit: most documents.
        """
        ...

    def number(self, query: Query, most: int) -> Executable:
        """Return the statement that counts the resources that have a query's tokens.

        Args:
            query: words and keys, at least one.
            most: it counts no further.
        """
        ...

    def newest(self, query: Query, limit: int) -> Select[str]:
        """Return the statement for the ids of resources that have a query's tokens.

        Tokens only narrow, see `query`. The highest scores come first.

        Args:
            query: words and keys, at least one.
            limit: most resources.
        """
        ...


def place_of(score: int) -> int:
    """Return a new place for a document of this score."""
    bounded = max(0, min(score, MAX_SCORE))
    return bounded << _SERIAL_BITS | secrets.randbits(_SERIAL_BITS)


def row_of(document: Document, score: int) -> DocumentRow:
    """Return a document's row, without its tokens."""
    shown = {field: text.shown for field, text in document.fields.items()}
    aloud = {field: document.fields[field].readings for field in SHORT}
    return DocumentRow(
        place=place_of(score),
        resource_id=document.resource_id,
        title=shown[Field.TITLE],
        people=shown[Field.PEOPLE],
        words=shown[Field.WORDS],
        readings=msgspec.json.encode(aloud).decode(),
        keys=" ".join(sorted(document.keys)),
        analyser=ANALYSER,
    )


# The columns of a document, without its tokens.
SHOWN = (
    DocumentRow.resource_id,
    DocumentRow.title,
    DocumentRow.people,
    DocumentRow.words,
    DocumentRow.readings,
    DocumentRow.keys,
)


async def documents_of(rows: Sequence[Any], query: Query) -> list[Document]:
    """Return the documents of rows with the columns `SHOWN`, some in each step of the loop.

    They have no readings where the query asks for none: to read these takes longer than all else.
    """
    aloud = any(may_be_sound(word.text) for word in query.words)
    found: list[Document] = []
    for start in range(0, len(rows), _STEP):
        found += (document_of(row, aloud=aloud) for row in rows[start : start + _STEP])
        await asyncio.sleep(0)  # the media of a lesson come in between
    return found


def document_of(row: Any, *, aloud: bool = True) -> Document:
    """Return the document of a `DocumentRow`, or of a row with the columns `SHOWN`.

    Args:
        row: the row.
        aloud: whether the document shall have its readings.
    """
    readings = _JSON.decode(row.readings) if aloud else {}
    shown = {Field.TITLE: row.title, Field.PEOPLE: row.people, Field.WORDS: row.words}
    return Document(
        row.resource_id,
        {one: FieldText(text, fold(text), readings.get(one, ())) for one, text in shown.items()},
        frozenset(row.keys.split()),
    )


async def stored(session: AsyncSession, resource_id: str) -> DocumentRow | None:
    """Return a resource's row."""
    query = select(DocumentRow).where(DocumentRow.resource_id == resource_id)
    return (await session.scalars(query)).one_or_none()


async def delete_row(session: AsyncSession, row: DocumentRow) -> None:
    """Delete a document's row."""
    await session.execute(delete(DocumentRow).where(DocumentRow.place == row.place))

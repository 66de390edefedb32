"""Subjects of another noun: of a teacher, of a pairing."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from signaling.directory.entries.bulk import in_parts
from signaling.directory.entries.noun import Column
from signaling.directory.entries.wire import SubjectRef
from signaling.directory.tables import PairingSubjectRow, SubjectRow, TeacherSubjectRow

FIELD = "subject_ids"  # as bodies name them


class SubjectLinks:
    """The table of the subjects that belong to the entries of a noun."""

    def __init__(self, row: type[Any], owner: Column, subject: Column) -> None:
        self._row = row
        self._owner = owner
        self._subject = subject

    async def refs(
        self, session: AsyncSession, owner_ids: Collection[str]
    ) -> dict[str, tuple[SubjectRef, ...]]:
        """Return the subjects of each owner that has some, by position."""
        query = (
            select(self._owner, SubjectRow.subject_id, SubjectRow.name)
            .join(SubjectRow, SubjectRow.subject_id == self._subject)
            .where(self._owner.in_(owner_ids))
            .order_by(SubjectRow.position, SubjectRow.name)
        )
        found: dict[str, tuple[SubjectRef, ...]] = {}
        for owner_id, subject_id, name in (await session.execute(query)).all():
            found[owner_id] = (*found.get(owner_id, ()), SubjectRef(subject_id, name))
        return found

    async def ids(self, session: AsyncSession, owner_id: str | None) -> tuple[str, ...]:
        """Return the sorted ids of one owner's subjects; none of nobody's."""
        query = select(self._subject).where(self._owner == owner_id)
        return tuple(sorted(await session.scalars(query)))

    async def present(
        self, session: AsyncSession, rows: Sequence[Any], columns: Collection[str]
    ) -> list[dict[str, Any]]:
        """Return what is so in each of the owners' rows: the columns, and the subjects."""
        keys = [getattr(row, self._owner.key) for row in rows]
        found: dict[str, list[str]] = {}
        for part in in_parts(keys):
            query = select(self._owner, self._subject).where(self._owner.in_(part))
            for owner_id, subject_id in (await session.execute(query)).all():
                found.setdefault(owner_id, []).append(subject_id)
        return [
            {
                **{name: getattr(row, name) for name in columns},
                FIELD: tuple(sorted(found.get(key, ()))),
            }
            for key, row in zip(keys, rows, strict=True)
        ]

    async def add(self, session: AsyncSession, subject_ids: Mapping[str, Collection[str]]) -> None:
        """Give subjects to owners that have none yet."""
        session.add_all(
            self._row(**{self._owner.key: owner_id, self._subject.key: one})
            for owner_id, ids in subject_ids.items()
            for one in ids
        )
        await session.flush()

    async def put(self, session: AsyncSession, changes: Mapping[str, Mapping[str, Any]]) -> None:
        """Let the owners whose subjects change have the new ones and no others."""
        wished = {key: values[FIELD] for key, values in changes.items() if FIELD in values}
        for part in in_parts(wished):
            await session.execute(delete(self._row).where(self._owner.in_(part)))
        await self.add(session, wished)


def without_subjects(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values that stand in the owner's own row."""
    return {name: value for name, value in values.items() if name != FIELD}


def in_order(values: dict[str, Any]) -> dict[str, Any]:
    """Return wished values with the subjects in their one order, each once."""
    return {**values, FIELD: tuple(sorted(set(values[FIELD])))}


OF_TEACHERS = SubjectLinks(
    TeacherSubjectRow, TeacherSubjectRow.person_id, TeacherSubjectRow.subject_id
)
OF_PAIRINGS = SubjectLinks(
    PairingSubjectRow, PairingSubjectRow.pairing_id, PairingSubjectRow.subject_id
)

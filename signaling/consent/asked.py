"""Questions of consent to the wings beside and above it: terms, and lessons that were recorded."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncSession

from signaling.consent.rules import Home, SourceSeat
from signaling.consent.wire import ConsentEffect


@dataclass(frozen=True, slots=True)
class TermFacts:
    """A term of a county; `last` is its last day."""

    term_id: str
    county_id: str
    name: str
    first: date
    last: date


@dataclass(frozen=True, slots=True)
class RecordedLesson:
    """A lesson that was recorded: its day, where it belongs, and the sources asked for."""

    day: date
    home: Home | None
    seats: tuple[SourceSeat, ...]


@dataclass(frozen=True, slots=True)
class ClassDays:
    """Lessons of a class between two days, both included; and those that name no class of it."""

    class_id: str
    school_id: str
    first: date
    last: date


class TermBook(Protocol):
    """The terms of counties."""

    async def term(self, session: AsyncSession, term_id: str) -> TermFacts | None:
        """Return one term."""

    async def now(self, session: AsyncSession, county_id: str, today: date) -> TermFacts | None:
        """Return the term under way, or else the next, or else the last one."""


class RecordedLessons(Protocol):
    """Lessons with a recording."""

    async def lesson(
        self, session: AsyncSession, recording_id: str, sources: Collection[str]
    ) -> RecordedLesson | None:
        """Return the lesson of a recording, with a seat for each of these sources."""

    async def lessons(
        self, session: AsyncSession, wanted: ClassDays, after: str, most: int
    ) -> Sequence[str]:
        """Return ids of the recorded lessons in which the class may be, in their order.

        `after` is the last id of the page before; a page of less than `most` is the last one.
        """

    async def effect(self, session: AsyncSession, wanted: ClassDays) -> ConsentEffect:
        """Count these lessons, and tell the newest."""

"""The gate through which recordings go before they are shown to others."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Iterable, Sequence
from contextlib import asynccontextmanager
from datetime import date, datetime, tzinfo

from sqlalchemy.ext.asyncio import AsyncSession

from signaling.base.clock import Clock
from signaling.base.database import Database
from signaling.consent import store
from signaling.consent.asked import ClassDays, RecordedLesson, RecordedLessons
from signaling.consent.events import ConsentWithdrawn
from signaling.consent.rules import (
    Lacking,
    Showing,
    SourceSeat,
    StageTime,
    lacking,
    shown_until,
    spills,
)
from signaling.consent.store import EndPlace
from signaling.consent.wire import (
    ConsentClassRef,
    ConsentLack,
    ConsentScope,
    MissingConsent,
    SourcePart,
    VoiceSpill,
)


class ConsentGate:
    """Tells which sources of a recording may not be shown. The library asks it."""

    def __init__(
        self,
        database: Database,
        lessons: RecordedLessons,
        clock: Clock,
        zone: tzinfo,
    ) -> None:
        self._database = database
        self._lessons = lessons
        self._clock = clock
        self._zone = zone

    async def missing(
        self,
        recording_id: str,
        sources: Collection[str],
        scope: str = ConsentScope.PUBLIC,
        *,
        within: AsyncSession | None = None,
    ) -> tuple[MissingConsent, ...]:
        """Return those of the sources that may not be shown in a scope.

        Args:
            recording_id: of the recorder. Of what is no lesson's recording nothing is known.
            sources: ids of the sources that are to be shown.
            scope: to whom, as `ConsentScope` names it. By default the widest; each answer says
                what is allowed.
            within: the caller's transaction. Whoever writes must give it: a second connection
                would not see what was written, and may wait for the first one.
        """
        async with self._reading(within) as session:
            found, _ = await self._lacking(session, recording_id, sources, ConsentScope(scope))
            ids = {class_id for one in found for class_id in one.class_ids}
            names = await store.class_names(session, ids)
        return tuple(_shown(one, names) for one in found)

    async def until(self, recording_id: str, sources: Collection[str], scope: str) -> date | None:
        """Return the last day on which all of the sources may be shown.

        None: no end is known, or something is missing already, which `missing` tells.
        """
        async with self._database.read() as session:
            lesson = await self._lessons.lesson(session, recording_id, sources)
            if lesson is None:
                return None
            consents = await store.of_classes(session, _classes(lesson.seats), lesson.day)
        showing = Showing(ConsentScope(scope), lesson.home, lesson.day, self._today())
        return shown_until(lesson.seats, consents, showing)

    async def spilled(
        self,
        recording_id: str,
        sources: Collection[str],
        stage: Iterable[StageTime],
        scope: str = ConsentScope.PUBLIC,
    ) -> tuple[VoiceSpill, ...]:
        """Return when rooms without consent may be heard in the teacher's microphone.

        Args:
            recording_id: of the recorder.
            sources: all that were recorded: a room that is hidden spills all the same.
            stage: who was on stage when.
            scope: to whom it is shown.
        """
        async with self._database.read() as session:
            scope = ConsentScope(scope)
            found, places = await self._lacking(session, recording_id, sources, scope)
        times = spills(found, stage)
        return tuple(
            VoiceSpill(one.participant_id, places[one.participant_id], one.start_s, one.end_s)
            for one in times
        )

    async def lessons(self, event: ConsentWithdrawn, after: str, most: int) -> Sequence[str]:
        """Return lessons of whose recordings `missing` has to be asked anew, a page of them.

        `after` is the last id of the page before. A page of less than `most` is the last one.
        """
        days = ClassDays(event.class_id, event.school_id, event.covers_from, event.covers_to)
        async with self._database.read() as session:
            return await self._lessons.lessons(session, days, after, most)

    async def ended_since(
        self, since: datetime, after: EndPlace | None, most: int
    ) -> Sequence[tuple[EndPlace, ConsentWithdrawn]]:
        """Return what ended from a moment on, the newest first, for who may have missed the event.

        An event is lost where the process dies after the commit, or a listener fails. Whoever
        shows classes therefore asks now and then, and at the start. What ends between two pages is
        in none of them: the next time finds it.
        """
        async with self._database.read() as session:
            return await store.ended_since(session, since, after, most)

    def _today(self) -> date:
        return self._clock.now().astimezone(self._zone).date()

    async def _lacking(
        self,
        session: AsyncSession,
        recording_id: str,
        sources: Collection[str],
        scope: ConsentScope,
    ) -> tuple[tuple[Lacking, ...], dict[str, str]]:
        """Return the sources at fault, and the places of participants."""
        lesson = await self._lessons.lesson(session, recording_id, sources)
        if lesson is None:
            lesson = RecordedLesson(self._today(), None, _unknown(sources))
        consents = await store.of_classes(session, _classes(lesson.seats), lesson.day)
        showing = Showing(scope, lesson.home, lesson.day, self._today())
        found = lacking(lesson.seats, consents, showing)
        return found, {one.participant_id: one.place for one in lesson.seats}

    @asynccontextmanager
    async def _reading(self, within: AsyncSession | None) -> AsyncIterator[AsyncSession]:
        if within is not None:
            yield within
            return
        async with self._database.read() as session:
            yield session


def _unknown(sources: Collection[str]) -> tuple[SourceSeat, ...]:
    return tuple(
        SourceSeat(one, one.rpartition(".")[0], SourcePart.WHOLE) for one in sorted(sources)
    )


def _classes(seats: Sequence[SourceSeat]) -> set[str]:
    return {class_id for seat in seats for class_id in seat.class_ids}


def _shown(one: Lacking, names: dict[str, str]) -> MissingConsent:
    return MissingConsent(
        source_id=one.seat.source_id,
        participant_id=one.seat.participant_id,
        part=one.seat.part,
        lack=ConsentLack(one.lack),
        allowed=one.allowed,
        place=one.seat.place,
        classes=tuple(ConsentClassRef(key, names.get(key, key)) for key in one.class_ids),
    )

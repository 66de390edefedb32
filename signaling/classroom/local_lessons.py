"""The live lessons of this process, as `classroom.api` shows them."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from signaling.base.errors import NotFound
from signaling.base.problem_codes import ProblemCode
from signaling.classroom.api import LiveLesson, LiveNotice, LiveSeat
from signaling.classroom.hub import RoomHub
from signaling.classroom.parts.part import CommandRefused
from signaling.classroom.seat_watch import SeatWatch
from signaling.classroom.session_watch import SessionWatch
from signaling.classroom.state import RoomState
from signaling.lessons.store import LessonStore


class LocalLessons:
    """Implements `LiveLessons` over the rooms of this process."""

    def __init__(
        self, hub: RoomHub, lessons: LessonStore, logins: SessionWatch, seats: SeatWatch
    ) -> None:
        self._hub = hub
        self._lessons = lessons
        self._logins = logins
        self._seats = seats

    async def rooms(self) -> tuple[LiveLesson, ...]:
        """See `LiveLessons`."""
        return tuple(
            LiveLesson(
                room.lesson_id,
                room.state.is_live,
                room.state.present,
                tuple(_seats(room.state)),
            )
            for room in self._hub.rooms
        )

    async def follow(self, lesson_id: str) -> None:
        """See `LiveLessons`."""
        record = await self._lessons.lesson(lesson_id)
        if record is not None:
            await self._hub.follow(record)

    async def notify(self, lesson_id: str, notice: LiveNotice) -> None:
        """See `LiveLessons`."""
        room = await self._hub.enter(lesson_id)
        try:
            room.state.notices.post(notice.text, notice.participant_id, notice.by, notice.at)
        except CommandRefused as refused:
            raise NotFound(refused.detail, code=ProblemCode.UNKNOWN_ROOM) from None
        room.flush()

    async def logins_in_use(self) -> frozenset[str]:
        """See `LiveLessons`."""
        return self._logins.in_use()

    async def end_logins(self, hashes: Collection[str]) -> None:
        """See `LiveLessons`."""
        self._logins.end(hashes)

    async def review_seats(self, person_id: str) -> None:
        """See `LiveLessons`."""
        await self._seats.review(person_id)


def _seats(state: RoomState) -> Iterator[LiveSeat]:
    for person in state.participants:
        headcount = state.headcounts.of(person.participant_id)
        pupils = None if headcount is None else headcount.pupils
        yield LiveSeat(person.participant_id, person.link.state, pupils)

"""A person who loses roles loses what they gave in running lessons: the seat, and the media."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

import structlog

from relay.api import Relay, SessionNotFound
from signaling.access.roles import Actor
from signaling.base.clock import Clock
from signaling.base.errors import Forbidden, NotFound
from signaling.classroom.channel import Channel
from signaling.classroom.hub import RoomHub
from signaling.classroom.wire import ByeReason
from signaling.directory.store import PeopleStore
from signaling.identity.store import SessionStore
from signaling.lessons.seats import Seat
from signaling.lessons.service import LessonService
from signaling.media.sessions import MediaSessions
from signaling.media.tokens import MediaGrant

log = structlog.get_logger(__name__)


class SeatWatch:
    """Judges anew the seats that a person has taken in the rooms of this process."""

    def __init__(
        self,
        *,
        people: PeopleStore,
        logins: SessionStore,
        lessons: LessonService,
        hub: RoomHub,
        sessions: MediaSessions,
        relay: Relay,
        clock: Clock,
    ) -> None:
        self._people = people
        self._logins = logins
        self._lessons = lessons
        self._hub = hub
        self._sessions = sessions
        self._relay = relay
        self._clock = clock

    async def review(self, person_id: str) -> None:
        """Close the channels and media sessions of seats that a person would not get today.

        A seat that the person has by another role goes on undisturbed.
        """
        self._hub.turn += 1  # before looking who is there: whoever comes later is judged again
        logins = await self._logins.of_person(person_id)
        lesson_ids = self._lessons_of(logins)
        person = await self._people.person(person_id)
        if not lesson_ids or person is None:
            return
        actor = person.actor(self._clock.now())
        for lesson_id in lesson_ids:
            self._close_others(lesson_id, logins, await self._seat(actor, lesson_id))

    @property
    def turn(self) -> int:
        """Number that grows whenever seats or logins are ended."""
        return self._hub.turn

    async def holds(self, grant: MediaGrant) -> bool:
        """Return whether the login and the seat for which a grant was made still hold.

        A device's grant has no login.
        """
        session, lesson_id = grant.session, grant.lesson_id
        return session is None or await self._holds(
            session, lesson_id, lambda seat: _is_of(grant, seat)
        )

    async def keeps(self, channel: Channel, lesson_id: str) -> bool:
        """Return whether the login and the seat of a channel still hold."""
        session = channel.session
        return session is None or await self._holds(
            session, lesson_id, lambda seat: seat == channel.seat
        )

    async def _holds(
        self, session: str, lesson_id: str, fits: Callable[[Seat | None], bool]
    ) -> bool:
        """Return whether a login is good and its seat of today fits.

        A terminal's seat is its room's, which no role gives.
        """
        login = await self._logins.session(session)
        if login is None or session not in await self._logins.good_sessions((session,)):
            return False
        if login.person_id is None:
            return True
        person = await self._people.person(login.person_id)
        if person is None:
            return False
        return fits(await self._seat(person.actor(self._clock.now()), lesson_id))

    def _lessons_of(self, logins: frozenset[str]) -> frozenset[str]:
        """Return the lessons in which channels or media sessions of these logins are open."""
        channels = {
            room.lesson_id
            for room in self._hub.rooms
            if any(channel.session in logins for channel in room.channels)
        }
        media = {one.grant.lesson_id for one in self._sessions if one.grant.session in logins}
        return frozenset(channels | media)

    async def _seat(self, actor: Actor, lesson_id: str) -> Seat | None:
        try:
            return (await self._lessons.seat(actor, lesson_id))[1]
        except (Forbidden, NotFound):
            return None

    def _close_others(self, lesson_id: str, logins: frozenset[str], seat: Seat | None) -> None:
        """Close what stands in a lesson by any other seat."""
        room = self._hub.room(lesson_id)
        channels = () if room is None else room.channels
        for channel in [one for one in channels if one.session in logins]:
            if channel.seat != seat:
                # By another role the person may come back, to another seat.
                channel.close(ByeReason.FORBIDDEN if seat is None else ByeReason.SHUTDOWN)
                log.info("seat_lost", lesson_id=lesson_id, role=channel.seat.role)
        for media in list(self._sessions):
            grant = media.grant
            if grant.lesson_id != lesson_id or grant.session not in logins:
                continue
            if not _is_of(grant, seat):
                with contextlib.suppress(SessionNotFound):
                    self._relay.close(media.session_id)


def _is_of(grant: MediaGrant, seat: Seat | None) -> bool:
    """Return whether a grant is one of a seat's."""
    if seat is None or seat.participant_id != grant.participant_id:
        return False
    return seat.visible is (grant.observer is None)

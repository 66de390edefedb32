"""The links of a room's participants, looked at once a second, and told to those concerned."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from relay.api import Relay
from signaling.access.roles import Role
from signaling.classroom.link_watch import LinkWatch, Viewing, differs
from signaling.classroom.publishing import Publishing
from signaling.classroom.state import RoomState
from signaling.links.excess_notes import ExcessNotes
from signaling.links.samples import OFFLINE, LinkReading

FIGURES_EVERY_S = 10.0  # how often mere figures of one participant's link are told


class LinkNews:
    """Judges links by the relay's figures of the media sessions."""

    def __init__(
        self,
        state: RoomState,
        relay: Relay,
        publishing: Publishing,
        viewing: Callable[[str], Viewing | None],
    ) -> None:
        """`viewing` returns what a participant watches now."""
        self.excess = ExcessNotes()
        self._state = state
        self._publishing = publishing
        self._viewing = viewing
        self._watch = LinkWatch(relay)
        self._told_at: dict[str, float] = {}  # when a participant's link was last told
        self._readings: dict[str, LinkReading] = {}

    @property
    def readings(self) -> Mapping[str, LinkReading]:
        """The latest look at the links of those present, by participant."""
        return self._readings

    def teaching_readings(self) -> Iterator[tuple[str, LinkReading]]:
        """Yield the readings of those whose links are kept: lead teacher and rooms that came."""
        for person in self._state.participants:
            reading = self._readings.get(person.participant_id)
            teaches = person.role in {Role.LEAD_TEACHER, Role.RECEIVE_ROOM}
            if reading is not None and person.attended and teaches:
                yield person.participant_id, reading

    def session_down(self, session_id: str) -> None:
        """Forget a session that ended."""
        self._watch.forget_session(session_id)

    def judge(self, now: float, tell: Callable[[str], None]) -> None:
        """Judge the links of those present; `tell` is called where one is to be told."""
        for person in self._state.participants:
            who = person.participant_id
            if not person.online:
                self._watch.forget(who)
                self._told_at.pop(who, None)
                self._readings[who] = OFFLINE
                continue
            excess = self.excess.of(who, self._publishing.sessions, now)
            expected = self._publishing.expected_of(who)
            judged = self._watch.look(who, self._viewing(who), expected, now, excess)
            self._readings[who] = judged.reading
            patient = now - self._told_at.get(who, -FIGURES_EVERY_S) < FIGURES_EVERY_S
            if differs(judged.link, person.link, figures=not patient):
                self._told_at[who] = now
                self._state.presence.set_link(who, judged.link)
                tell(who)

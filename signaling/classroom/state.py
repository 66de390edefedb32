"""The state of one lesson room: its parts, and every change as a numbered event.

Pure: the live room carries out a command, then takes the events that came of it and sends them to
everyone. A command that may not or cannot be carried out raises `CommandRefused` and changes
nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

from signaling.access.roles import Role
from signaling.classroom.events import EventLog
from signaling.classroom.messages import Command, Event
from signaling.classroom.parts.headcount import Headcounts
from signaling.classroom.parts.lesson import Lesson
from signaling.classroom.parts.notice import Notices
from signaling.classroom.parts.part import (
    Asked,
    CommandRefused,
    Notice,
    Opening,
    Part,
    RoomLimits,
    SavedRoom,
    demand,
)
from signaling.classroom.parts.presence import Participant, Presence
from signaling.classroom.parts.published import Published, Source
from signaling.classroom.parts.recording import Recording
from signaling.classroom.parts.stage import Stage
from signaling.classroom.registry import PARTS
from signaling.classroom.wire import Snapshot, SnapshotHead

P = TypeVar("P", bound=Part[Any])


class RoomState:
    """One lesson room. It is the `Room` of its parts."""

    def __init__(
        self,
        instance: str,
        opening: Opening,
        *,
        limits: RoomLimits | None = None,
        first_seq: int = 0,
    ) -> None:
        self.limits = limits or RoomLimits()
        self._log = EventLog(instance, first_seq, self.limits.history)
        self._parts: dict[type[Part[Any]], Part[Any]] = {
            kind: kind(self, opening) for kind in PARTS
        }
        self._rules = {rule.command: (part, rule) for part in self.parts for rule in part.rules}
        # The parts whose facts the others may ask for, and that the server itself tells of changes.
        self.lesson = self.part(Lesson)
        self.presence = self.part(Presence)
        self.stage = self.part(Stage)
        self.published = self.part(Published)
        self.recording = self.part(Recording)
        self.headcounts = self.part(Headcounts)
        self.notices = self.part(Notices)

    @property
    def parts(self) -> tuple[Part[Any], ...]:
        """The parts, in the order of the registry."""
        return tuple(self._parts.values())

    def part(self, kind: type[P]) -> P:
        """Return the part of a kind."""
        part = self._parts[kind]
        assert isinstance(part, kind)
        return part

    # --- for pages -------------------------------------------------------------------------------

    @property
    def seq(self) -> int:
        """The number of the last event."""
        return self._log.seq

    def snapshot(self, you: str, server_time: datetime) -> SnapshotHead:
        """Return the whole state, as of `seq`."""
        fields: dict[str, Any] = {}
        for part in self.parts:
            fields |= {name: getattr(part.shown, name) for name in part.shown.__struct_fields__}
        return Snapshot(self.seq, self._log.instance, you, server_time, **fields)

    def missed(self, instance: str | None, seq: int | None) -> tuple[Event, ...] | None:
        """Return the events after `seq`, or None where only a snapshot helps."""
        return self._log.missed(instance, seq)

    def take_events(self) -> tuple[Event, ...]:
        """Return the events not taken yet, in order."""
        return self._log.take()

    # --- changes ---------------------------------------------------------------------------------

    def carry_out(self, command: Command, asked: Asked) -> None:
        """Let the part that declares the command carry it out. Raises CommandRefused."""
        part, rule = self._rules[type(command)]
        if rule.may is not None:
            demand(asked.seat, rule.may)
        if rule.while_live and not self.is_live:
            raise CommandRefused("wrong_state", "the lesson is not live")
        getattr(part, rule.method)(command, asked)

    def tick(self, now: float) -> None:
        """Let every part do what is due, once a second."""
        for part in self.parts:
            part.tick(now)

    @property
    def saved(self) -> SavedRoom:
        """The state that must survive a restart."""
        return SavedRoom(tuple(found for part in self.parts if (found := part.save()) is not None))

    # --- the room as its parts know it -----------------------------------------------------------

    @property
    def is_live(self) -> bool:
        """True while the lesson is under way."""
        return self.lesson.is_live

    @property
    def on_stage(self) -> tuple[str, ...]:
        """The participants on stage, in the order called."""
        return self.stage.shown.on_stage

    @property
    def participants(self) -> tuple[Participant, ...]:
        """Everybody listed."""
        return self.presence.shown.participants

    @property
    def present(self) -> tuple[str, ...]:
        """The participants whose pages are connected."""
        return tuple(one.participant_id for one in self.participants if one.online)

    @property
    def receive_rooms(self) -> tuple[str, ...]:
        """The listed receive rooms."""
        rooms = (one for one in self.participants if one.role is Role.RECEIVE_ROOM)
        return tuple(one.participant_id for one in rooms)

    @property
    def sources(self) -> tuple[Source, ...]:
        """The sources published now."""
        return self.published.shown.sources

    def person(self, participant_id: str) -> Participant | None:
        """Return one participant, by id."""
        return self.presence.participant(participant_id)

    def offline_since(self, participant_id: str) -> float | None:
        """Return since when a listed participant is gone, in monotonic seconds."""
        return self.presence.offline_since(participant_id)

    def publishes(self, source_id: str) -> bool:
        """Return whether a source is published now."""
        return self.published.source(source_id) is not None

    def number(self, make: Callable[[int], Event]) -> Event:
        """Make the next event."""
        return self._log.number(make)

    def announce(self, notice: Notice) -> None:
        """Bring a notice to every part."""
        for part in self.parts:
            part.hear(notice)

"""到课人数: how many pupils are in each receive room, entered there and corrected with a trace."""

from __future__ import annotations

from typing import Annotated

import msgspec

from signaling.access.actions import Action
from signaling.access.roles import Role
from signaling.base.text import Word
from signaling.classroom.messages import Command, Event
from signaling.classroom.parts.part import (
    Asked,
    CommandRefused,
    Opening,
    Part,
    demand,
    rule,
    with_item,
)
from signaling.lessons.rules import MAX_PUPILS
from signaling.lessons.wire import Headcount, HeadcountChange

MAX_CHANGES = 20  # of one room in one lesson; nobody counts a class more often


class SetHeadcount(Command, frozen=True, tag="set_headcount"):
    """到课人数 of one's own room, or (lead teacher, county operator) of the room that is named."""

    pupils: Annotated[int, msgspec.Meta(ge=0, le=MAX_PUPILS)]
    participant_id: Word | None = None


class HeadcountChanged(Event, frozen=True, tag="headcount_changed"):
    """A room's headcount, with its trace."""

    headcount: Headcount


class HeadcountPiece(msgspec.Struct, frozen=True):
    """Fields of the snapshot. They survive a restart as rows of the lesson, not of the room.

    ``class_sizes`` are the pupils of the classes in the rooms, by participant, where known: what a
    room is offered before it counts.
    """

    headcounts: tuple[Headcount, ...] = ()
    class_sizes: dict[str, int] = {}


class Headcounts(Part[HeadcountPiece]):
    """The headcounts of the receive rooms."""

    piece = HeadcountPiece
    events = (HeadcountChanged,)

    def begin(self, opening: Opening) -> HeadcountPiece:
        """Return the headcounts that were entered before."""
        return HeadcountPiece(opening.facts.headcounts, dict(opening.facts.class_sizes))

    @classmethod
    def apply(cls, piece: HeadcountPiece, event: Event) -> HeadcountPiece:
        """Put a headcount in the place of the room's former one."""
        if isinstance(event, HeadcountChanged):
            counts = with_item(piece.headcounts, event.headcount, lambda one: one.participant_id)
            return HeadcountPiece(counts, piece.class_sizes)
        return piece

    def of(self, participant_id: str) -> Headcount | None:
        """Return a room's headcount."""
        counts = self.shown.headcounts
        return next((one for one in counts if one.participant_id == participant_id), None)

    @rule(SetHeadcount, may=None)
    def set_headcount(self, command: SetHeadcount, asked: Asked) -> None:
        """Enter or correct 到课人数, before the lesson or in it."""
        who = asked.seat
        whose = command.participant_id or who.participant_id
        own = whose == who.participant_id
        demand(who, Action.SET_HEADCOUNT if own else Action.CORRECT_HEADCOUNT)
        if self.demand_known(whose, "participant_id").role is not Role.RECEIVE_ROOM:
            raise CommandRefused("headcount_of_room", "only rooms are counted", "participant_id")
        known = self.of(whose)
        if known is not None and known.pupils == command.pupils:
            return
        changes = () if known is None else known.changes
        if len(changes) >= MAX_CHANGES:
            raise CommandRefused("headcount_too_often", f"at most {MAX_CHANGES} times", "pupils")
        former = None if known is None else known.pupils
        change = HeadcountChange(asked.at, who.participant_id, who.name, former, command.pupils)
        self.emit(HeadcountChanged, Headcount(whose, command.pupils, (*changes, change)))

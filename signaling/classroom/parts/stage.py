"""上讲台: which rooms the lead teacher has called onto the stage."""

from __future__ import annotations

import msgspec

from signaling.access.actions import Action
from signaling.access.roles import Role
from signaling.base.text import Word
from signaling.classroom.messages import Command, Event
from signaling.classroom.parts.part import (
    Asked,
    CalledToStage,
    CommandRefused,
    Opening,
    Part,
    demand,
    rule,
)
from signaling.lessons.sources import camera_of


class StageInvite(Command, frozen=True, tag="stage_invite"):
    """请上讲台: also lowers that participant's hand."""

    participant_id: Word


class StageRemove(Command, frozen=True, tag="stage_remove"):
    """请下讲台; a room may also leave the stage itself."""

    participant_id: Word


class StageChanged(Event, frozen=True, tag="stage_changed"):
    """Everyone on stage besides the lead teacher, in the order called."""

    on_stage: tuple[str, ...]


class StagePiece(msgspec.Struct, frozen=True):
    """Fields of the snapshot, which also survive a restart."""

    on_stage: tuple[str, ...] = ()


class Stage(Part[StagePiece]):
    """The rooms on stage, in the order called."""

    piece = saved = StagePiece
    events = (StageChanged,)

    def begin(self, opening: Opening) -> StagePiece:
        """Return the saved stage, without those who no longer belong to the lesson."""
        return StagePiece(
            tuple(one for one in opening.saved.of(StagePiece).on_stage if opening.lists(one))
        )

    def save(self) -> StagePiece:
        """Return the stage."""
        return self.shown

    @rule(StageInvite, may=Action.COMMAND_STAGE, while_live=True)
    def invite(self, command: StageInvite, asked: Asked) -> None:
        """请上讲台: a room that is online, or whose camera at least is published."""
        who = command.participant_id
        invited = self.demand_known(who, "participant_id")
        if invited.role is not Role.RECEIVE_ROOM:
            raise CommandRefused(
                "not_a_room", "only a receive room can be called", "participant_id"
            )
        if who in self.shown.on_stage:
            return
        if not invited.online and not self.room.publishes(camera_of(who)):
            raise CommandRefused("participant_offline", "that room is offline", "participant_id")
        if len(self.shown.on_stage) >= self.room.limits.max_on_stage:
            raise CommandRefused("stage_full", "as many as may be are on stage", "participant_id")
        self.room.announce(CalledToStage(who))
        self.emit(StageChanged, (*self.shown.on_stage, who))

    @rule(StageRemove, may=None)
    def remove(self, command: StageRemove, asked: Asked) -> None:
        """请下讲台, by the lead teacher or by the room itself."""
        who = command.participant_id
        own = who == asked.seat.participant_id
        demand(asked.seat, Action.STAND_ON_STAGE if own else Action.COMMAND_STAGE)
        self.demand_known(who, "participant_id")
        if who in self.shown.on_stage:
            self.emit(StageChanged, tuple(one for one in self.shown.on_stage if one != who))

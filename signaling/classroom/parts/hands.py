"""举手: the queue of raised hands."""

from __future__ import annotations

from datetime import datetime

import msgspec

from signaling.access.actions import Action
from signaling.base.text import Word
from signaling.classroom.messages import Command, Event
from signaling.classroom.parts.part import (
    Asked,
    CalledToStage,
    CommandRefused,
    Notice,
    Opening,
    Part,
    demand,
    rule,
)


class HandRaise(msgspec.Struct, frozen=True):
    """One raised hand; the queue is ordered by the time of raising."""

    participant_id: str
    raised_at: datetime


class RaiseHand(Command, frozen=True, tag="raise_hand"):
    """举手; raising twice keeps the first place in the queue."""


class LowerHand(Command, frozen=True, tag="lower_hand"):
    """取消举手: one's own, or (lead teacher) another's."""

    participant_id: Word | None = None


class HandsChanged(Event, frozen=True, tag="hands_changed"):
    """The whole queue of hands."""

    hands: tuple[HandRaise, ...]


class HandsPiece(msgspec.Struct, frozen=True):
    """Fields of the snapshot, which also survive a restart."""

    hands: tuple[HandRaise, ...] = ()


class Hands(Part[HandsPiece]):
    """The queue of hands, first raised first."""

    piece = saved = HandsPiece
    events = (HandsChanged,)

    def begin(self, opening: Opening) -> HandsPiece:
        """Return the saved hands of those who still belong to the lesson."""
        hands = opening.saved.of(HandsPiece).hands
        return HandsPiece(tuple(one for one in hands if opening.lists(one.participant_id)))

    def save(self) -> HandsPiece:
        """Return the queue."""
        return self.shown

    @rule(RaiseHand, may=Action.RAISE_HAND, while_live=True)
    def raise_hand(self, command: RaiseHand, asked: Asked) -> None:
        """举手, but for those who are on stage."""
        who = asked.seat.participant_id
        if who in self.room.on_stage:
            raise CommandRefused("on_stage", "already on stage")
        if not self._is_up(who):
            self.emit(HandsChanged, (*self.shown.hands, HandRaise(who, asked.at)))

    @rule(LowerHand, may=None)
    def lower_hand(self, command: LowerHand, asked: Asked) -> None:
        """取消举手. Lowering another's hand needs its own action."""
        whose = command.participant_id or asked.seat.participant_id
        if whose != asked.seat.participant_id:
            demand(asked.seat, Action.LOWER_OTHERS_HAND)
            self.demand_known(whose, "participant_id")
        self._lower({whose})

    def hear(self, notice: Notice) -> None:
        """Lower the hand of a room that is called onto the stage."""
        if isinstance(notice, CalledToStage):
            self._lower({notice.participant_id})

    def tick(self, now: float) -> None:
        """Lower the hands of those who are gone for too long."""
        grace_s = self.room.limits.hand_grace_s
        gone = set()
        for hand in self.shown.hands:
            since = self.room.offline_since(hand.participant_id)
            if since is not None and now - since > grace_s:
                gone.add(hand.participant_id)
        self._lower(gone)

    def _is_up(self, participant_id: str) -> bool:
        return any(hand.participant_id == participant_id for hand in self.shown.hands)

    def _lower(self, participant_ids: set[str]) -> None:
        left = tuple(one for one in self.shown.hands if one.participant_id not in participant_ids)
        if left != self.shown.hands:
            self.emit(HandsChanged, left)

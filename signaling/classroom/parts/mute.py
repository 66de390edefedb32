"""全体静音: while it is set, only the lead teacher is heard."""

from __future__ import annotations

import msgspec

from signaling.access.actions import Action
from signaling.classroom.messages import Command, Event
from signaling.classroom.parts.part import Asked, Opening, Part, rule


class MuteAll(Command, frozen=True, tag="mute_all"):
    """全体静音 / 解除静音: while set, only the lead teacher is heard."""

    muted: bool


class MuteChanged(Event, frozen=True, tag="mute_changed"):
    """全体静音 set or lifted."""

    muted_all: bool


class MutePiece(msgspec.Struct, frozen=True):
    """Fields of the snapshot, which also survive a restart."""

    muted_all: bool = False


class Mute(Part[MutePiece]):
    """The switch of 全体静音."""

    piece = saved = MutePiece
    events = (MuteChanged,)

    def begin(self, opening: Opening) -> MutePiece:
        """Return the saved state."""
        return opening.saved.of(MutePiece)

    def save(self) -> MutePiece:
        """Return whether all are muted."""
        return self.shown

    @rule(MuteAll, may=Action.MUTE_ALL, while_live=True)
    def mute_all(self, command: MuteAll, asked: Asked) -> None:
        """Set or lift 全体静音."""
        if command.muted != self.shown.muted_all:
            self.emit(MuteChanged, command.muted)

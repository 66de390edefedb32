"""通知: short texts that the lead teacher or the county operator puts on the screens of rooms."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec

from signaling.access.actions import Action
from signaling.access.roles import Role
from signaling.base.text import Word, paragraph
from signaling.classroom.messages import Command, Event
from signaling.classroom.parts.part import Asked, CommandRefused, Opening, Part, demand, rule

MAX_NOTICES = 8  # shown at once; a further one takes the place of the oldest
MAX_NOTICE_CHARS = 200  # fits a screen that is read from the back row

NoticeText = Annotated[str, paragraph(MAX_NOTICE_CHARS)]


class RoomNotice(msgspec.Struct, frozen=True):
    """One notice. ``participant_id`` None addresses every receive room.

    ``dismissed_by`` are the rooms that closed it; it is gone when all that it addresses did.
    """

    notice_id: int
    text: str
    by: str
    at: datetime
    participant_id: str | None
    dismissed_by: tuple[str, ...] = ()


class SendNotice(Command, frozen=True, tag="send_notice"):
    """Show a text to one receive room, or to all."""

    text: NoticeText
    participant_id: Word | None = None


class DismissNotice(Command, frozen=True, tag="dismiss_notice"):
    """Close a notice: a room on its own screen, who may send notices on all screens."""

    notice_id: int


class NoticesChanged(Event, frozen=True, tag="notices_changed"):
    """Every notice that is shown, the oldest first."""

    notices: tuple[RoomNotice, ...]


class NoticePiece(msgspec.Struct, frozen=True):
    """Fields of the snapshot."""

    notices: tuple[RoomNotice, ...] = ()


class SavedNotices(msgspec.Struct, frozen=True):
    """The state that survives a restart; `notices_sent` counts, so that no number comes twice."""

    notices: tuple[RoomNotice, ...] = ()
    notices_sent: int = 0


class Notices(Part[NoticePiece]):
    """The notices of the room."""

    piece = NoticePiece
    saved = SavedNotices
    events = (NoticesChanged,)

    def begin(self, opening: Opening) -> NoticePiece:
        """Return the saved notices."""
        saved = opening.saved.of(SavedNotices)
        self._sent = saved.notices_sent
        return NoticePiece(saved.notices)

    def save(self) -> SavedNotices:
        """Return the notices, and how many there were."""
        return SavedNotices(self.shown.notices, self._sent)

    @rule(SendNotice, may=Action.SEND_NOTICE)
    def send(self, command: SendNotice, asked: Asked) -> None:
        """Show a text, before the lesson or in it."""
        self.post(command.text, command.participant_id, asked.seat.name, asked.at)

    def post(self, text: str, participant_id: str | None, by: str, at: datetime) -> None:
        """Show a text to a receive room or to all. Raises CommandRefused."""
        if participant_id is not None:
            addressed = self.demand_known(participant_id, "participant_id")
            if addressed.role is not Role.RECEIVE_ROOM:
                raise CommandRefused("notice_to_room", "only rooms get notices", "participant_id")
        self._sent += 1
        notice = RoomNotice(self._sent, text, by, at, participant_id)
        self.emit(NoticesChanged, (*self.shown.notices, notice)[-MAX_NOTICES:])

    @rule(DismissNotice, may=None)
    def dismiss(self, command: DismissNotice, asked: Asked) -> None:
        """Close a notice. One that is gone already is no error."""
        everywhere = Action.SEND_NOTICE in asked.seat.actions
        if not everywhere:
            demand(asked.seat, Action.DISMISS_NOTICE)
        left = []
        for notice in self.shown.notices:
            if notice.notice_id != command.notice_id:
                left.append(notice)
            elif not everywhere:
                left += self._without(notice, asked.seat.participant_id)
        if tuple(left) != self.shown.notices:
            self.emit(NoticesChanged, tuple(left))

    def _without(self, notice: RoomNotice, participant_id: str) -> list[RoomNotice]:
        """Return what is left of a notice that a room closed."""
        if notice.participant_id not in {None, participant_id}:
            return [notice]
        closed = {*notice.dismissed_by, participant_id}
        rooms = set(self.room.receive_rooms)
        if notice.participant_id == participant_id or rooms <= closed:
            return []
        return [msgspec.structs.replace(notice, dismissed_by=tuple(sorted(closed)))]

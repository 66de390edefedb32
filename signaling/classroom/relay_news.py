"""The relay's news, brought to the rooms that they concern."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from relay.api import CloseReason, Layer, SlotState, SourceInfo
from signaling.classroom.live_room import LiveRoom
from signaling.classroom.parts.published import Source
from signaling.classroom.wire import RefusalReason
from signaling.lessons.sources import split_source
from signaling.media.sessions import MediaSessions

# Ends that a page is told of: its people can set up the device otherwise.
_REFUSALS = {CloseReason.B_FRAMES: RefusalReason.B_FRAMES}


class RelayNews:
    """Implements `relay.api.RelayListener`. `room` returns an open room."""

    def __init__(self, room: Callable[[str], LiveRoom | None], sessions: MediaSessions) -> None:
        self._room = room
        self._sessions = sessions

    def on_session_up(self, session_id: str) -> None:
        """Note that media may flow; `on_source_changed` and `on_layers_wanted` tell the rest."""
        self._sessions.mark_up(session_id)

    def on_session_down(self, session_id: str, reason: CloseReason) -> None:
        """Forget the session."""
        session = self._sessions.remove(session_id)
        room = None if session is None else self._room(session.grant.lesson_id)
        if session is None or room is None:
            return
        room.session_down(session_id, carrier_gone=reason is CloseReason.SHUTDOWN)
        refusal = _REFUSALS.get(reason)
        if refusal is not None and session.grant.source_id is not None:
            room.source_refused(session.grant.source_id, refusal)

    def on_source_changed(self, room_id: str, source: SourceInfo) -> None:
        """Tell the room."""
        room = self._room(room_id)
        if room is not None:
            put_source(room, source)
            room.flush()

    def on_source_removed(self, room_id: str, source_id: str) -> None:
        """Tell the room."""
        room = self._room(room_id)
        if room is not None:
            room.source_removed(source_id)

    def on_slots_changed(self, session_id: str, slots: Sequence[SlotState]) -> None:
        """Tell the viewer."""
        session = self._sessions.get(session_id)
        room = None if session is None else self._room(session.grant.lesson_id)
        if session is not None and room is not None and not session.grant.programme:
            room.slots_changed(session.grant.participant_id, session_id, slots)

    def on_layers_wanted(self, session_id: str, layers: Sequence[Layer], *, sound: bool) -> None:
        """Tell the publisher."""
        session = self._sessions.get(session_id)
        room = None if session is None else self._room(session.grant.lesson_id)
        if room is not None:
            room.layers_wanted(session_id, layers, sound=sound)


def put_source(room: LiveRoom, source: SourceInfo) -> None:
    """Show a source of the relay in a room; one whose name is none of ours is left out."""
    try:
        participant_id, kind = split_source(source.source_id)
    except ValueError:
        return
    room.state.published.put(
        Source(
            source_id=source.source_id,
            participant_id=participant_id,
            kind=kind,
            has_audio=source.has_audio,
            has_video=source.has_video,
            layers=tuple(str(layer) for layer in source.layers),
        )
    )
    room.publisher_up(source.source_id, source.session_id)

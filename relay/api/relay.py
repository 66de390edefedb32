"""The relay itself, and who is told of its changes."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from relay.api.media import Layer, SlotState, SlotWish, SourceInfo
from relay.api.sessions import Answer, CloseReason, Patched, SessionStats
from relay.api.taps import Tap, TapSink


class RelayListener(Protocol):
    """Told about changes, on the event loop; must not block or raise."""

    def on_session_up(self, session_id: str) -> None:
        """ICE and DTLS are up; media may flow."""

    def on_session_down(self, session_id: str, reason: CloseReason) -> None:
        """The session is gone; its id is not valid any more."""

    def on_source_changed(self, room_id: str, source: SourceInfo) -> None:
        """A source appeared (its session is up) or its layers changed."""

    def on_source_removed(self, room_id: str, source_id: str) -> None:
        """A source is gone."""

    def on_slots_changed(self, session_id: str, slots: Sequence[SlotState]) -> None:
        """The contents of a viewer's slots changed; the whole list."""

    def on_layers_wanted(self, session_id: str, layers: Sequence[Layer], *, sound: bool) -> None:
        """Layers of a publishing session that anybody takes, and whether anybody takes its sound.

        The rest need not be sent. Told when a session is up, and whenever something changes.
        """


class Relay(Protocol):
    """The media plane. All calls are made on the relay's event loop and return at once."""

    def publish(self, offer: str, *, room_id: str, source_id: str) -> Answer:
        """Open a publishing session for one source (WHIP, RFC 9725 §4.2).

        A running session of the same source is closed with `REPLACED` once the new one is up.

        Raises:
            OfferError: the offer cannot be used.
            RelayFull: no room for another session.
        """

    def watch(
        self,
        offer: str,
        *,
        room_id: str,
        viewer_id: str,
        own_sources: Collection[str] = (),
        programme: bool = False,
    ) -> Answer:
        """Open a viewing session (WHEP): each recvonly transceiver of the offer becomes a slot.

        Args:
            offer: the SDP offer.
            room_id: where to watch.
            viewer_id: a running session of the same viewer is closed with `REPLACED` once the new
                one is up.
            own_sources: sources never sent to this viewer's audio slots (nobody hears himself).
            programme: the video slots follow the room's programme instead of wishes.
        """

    def patch(self, session_id: str, sdp_fragment: str, *, etag: str | None) -> Patched:
        """Trickle or ICE restart (RFC 9725 §4.3). `etag` None means ``If-Match: *``.

        Raises:
            SessionNotFound: unknown session.
            StaleSession: `etag` is not current.
            OfferError: the fragment cannot be used.
        """

    def close(self, session_id: str, reason: CloseReason = CloseReason.REQUESTED) -> None:
        """End a session. Raises SessionNotFound."""

    def close_room(self, room_id: str) -> None:
        """End every session and tap of a room; unknown rooms are ignored."""

    def set_view(self, session_id: str, wishes: Sequence[SlotWish]) -> None:
        """Replace a viewer's wishes; slots not named become empty.

        Raises:
            SessionNotFound: no such viewing session.
            ValueError: no such slot.
        """

    def set_programme(self, room_id: str, source_ids: Sequence[str]) -> None:
        """Choose the programme: video slot n shows the n-th of these that is published."""

    def set_audible(self, room_id: str, source_ids: Sequence[str]) -> None:
        """Name the sources whose sound may be heard; no other sound leaves, but to taps.

        The most important source comes first: a narrow link carries the first sounds only. Other
        publishers are told that their sound is not wanted; see `on_layers_wanted`.
        """

    def sources(self, room_id: str) -> Sequence[SourceInfo]:
        """The sources published in a room now."""

    def tap(self, room_id: str, sink: TapSink) -> Tap:
        """Hand every source of a room, present and future, to `sink`: sound and highest layer."""

    def stats(self, session_id: str) -> SessionStats:
        """Figures of one session. Raises SessionNotFound."""

    def counters(self) -> Mapping[str, int]:
        """Counters and gauges of the whole relay (packets, drops by reason, sessions)."""

    def add_listener(self, listener: RelayListener) -> None:
        """Register for events, for the life of the relay."""

"""A room: the sources published in it and the viewers and taps that take from them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Protocol

from relay.api import SlotState, SourceInfo, TapSink
from relay.core.counters import Counters
from relay.core.negotiated import IncomingTrack, OutgoingSlot
from relay.core.publisher import Publisher
from relay.core.tap import RoomTap
from relay.core.viewer import Viewer


class RoomEvents(Protocol):
    """Told about changes in a room; called inside the Room's methods, must not block, raise or re-enter."""

    def on_source_changed(self, source: SourceInfo) -> None:
        """A source appeared or its layers changed."""

    def on_source_removed(self, source_id: str) -> None:
        """A source is gone."""

    def on_slots_changed(self, session_id: str, slots: Sequence[SlotState]) -> None:
        """What flows in a viewer's slots changed; the whole list."""


class Room:
    """One room. All times are seconds on one monotonic clock, passed in as `now`.

    Args:
        room_id: its key.
        wall_offset: Unix time minus `now`, fixed for the room's life.
        events: told about changes.
        counters: shared by all rooms of the relay.
    """

    def __init__(
        self, room_id: str, *, wall_offset: float, events: RoomEvents, counters: Counters
    ) -> None:
        raise NotImplementedError

    def add_publisher(
        self,
        session_id: str,
        source_id: str,
        tracks: Sequence[IncomingTrack],
        *,
        send_rtcp: Callable[[bytes], None],
        now: float,
    ) -> Publisher:
        """Publish a source; an older publisher of the same source is closed with `REPLACED` first.

        Args:
            session_id: the publishing session.
            source_id: the source.
            tracks: at most one audio and one video track are used.
            send_rtcp: protects and sends one plain compound RTCP packet to the publisher.
            now: seconds.
        """
        raise NotImplementedError

    def add_viewer(
        self,
        session_id: str,
        slots: Sequence[OutgoingSlot],
        *,
        send_rtp: Callable[[bytes], None],
        send_rtcp: Callable[[bytes], None],
        own_sources: frozenset[str],
        programme: bool,
        now: float,
    ) -> Viewer:
        """Add a viewer whose slots are empty until `Viewer.set_view` (or the programme) fills them."""
        raise NotImplementedError

    def add_tap(self, sink: TapSink, now: float) -> RoomTap:
        """Hand every present and future source of the room to `sink`."""
        raise NotImplementedError

    def set_programme(self, source_ids: Sequence[str], now: float) -> None:
        """What programme viewers see: the n-th video slot shows the n-th of these that is published."""
        raise NotImplementedError

    def set_audible(self, source_ids: Collection[str], now: float) -> None:
        """Whose sound may be forwarded to viewers at all."""
        raise NotImplementedError

    def sources(self) -> tuple[SourceInfo, ...]:
        """The sources published now."""
        raise NotImplementedError

    def on_timer(self, now: float) -> None:
        """Do what is due: called by the driver every 20 ms."""
        raise NotImplementedError

    @property
    def is_empty(self) -> bool:
        """Neither publishers, nor viewers, nor taps: the room can be dropped."""
        raise NotImplementedError

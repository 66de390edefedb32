"""Taps: a room's media, handed to a sink in this process."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from relay.api.media import MediaKind
from relay.api.sessions import CloseReason


@dataclass(frozen=True, slots=True)
class TapTrack:
    """One continuous RTP stream handed to a tap.

    Sequence numbers and timestamps run on across layer switches (which happen at key frames). A
    source that is published again (new session) gets new tracks.

    Attributes:
        track_id: unique within the tap.
        codec: ``VP8``, ``H264`` or ``opus``.
        clock_rate: Hz.
        fmtp: the negotiated format parameters, as in SDP (H.264 parameter sets may also come
            in-band).
    """

    track_id: int
    source_id: str
    kind: MediaKind
    codec: str
    clock_rate: int
    channels: int
    fmtp: str


class TapSink(Protocol):
    """Receives a room's media. Called on the event loop, so it must not block; it may never raise.

    `now` is the relay's wall clock in Unix seconds at arrival. RTP packets are plain (decrypted,
    retransmissions unwrapped), possibly late or out of order, never twice.
    """

    def on_track(self, track: TapTrack, now: float) -> None:
        """A track begins; its packets follow."""

    def on_packet(self, track_id: int, packet: bytes, now: float) -> None:
        """One RTP packet (RFC 3550 §5.1), header extensions stripped."""

    def on_clock(self, track_id: int, rtp_timestamp: int, capture_time: float, now: float) -> None:
        """An anchor: `rtp_timestamp` was captured at `capture_time`.

        Anchors come from sender reports, or from packets that tell their own capture time
        (abs-capture-time). `capture_time` is Unix seconds on the relay's clock. Tracks of one
        publishing session share one clock offset, so their relative timing is exactly the
        publisher's (RFC 3550 §6.4.1).
        """

    def on_track_end(self, track_id: int, reason: CloseReason, now: float) -> None:
        """No more packets will follow for this track."""


class Tap(Protocol):
    """A running tap."""

    def now(self) -> float:
        """Unix seconds on the sink's clock, which goes on steadily when the machine's is set.

        Everything else that belongs into the recording must be dated by this clock.
        """

    def request_key_frames(self) -> None:
        """Ask every tapped video source for a key frame (throttled like a viewer's PLI)."""

    def close(self) -> None:
        """Stop; `on_track_end` is called for each open track first."""

"""What other packages may know of the relay: Protocols and value types, nothing that runs.

The relay forwards media between *sources* and *slots* inside a *room*. A room is an opaque key (the
signaling service uses the lesson's id); who may publish or watch was decided before a call gets
here.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Protocol


class MediaKind(StrEnum):
    """The two kinds of track."""

    AUDIO = "audio"
    VIDEO = "video"


class Layer(StrEnum):
    """A simulcast layer, by its rid. A publisher without simulcast has the one layer `h`."""

    LOW = "l"
    MIDDLE = "m"
    HIGH = "h"


class Importance(IntEnum):
    """What a picture matters to a viewer whose link does not carry all: what gives way first."""

    WALL = 0  # small pictures of many
    STAGE = 1  # who teaches or speaks
    COURSEWARE = 2


class Limit(StrEnum):
    """What holds a session's media back."""

    NONE = "none"
    RATE = "rate"  # the link carries no more
    LOSS = "loss"  # what it loses cannot be repaired at a higher rate
    OUTAGE = "outage"  # nothing comes back


class Hold(StrEnum):
    """Why a picture that is published does not flow to a viewer."""

    CHECKING = "checking"  # what the link carries is being found out
    LINK = "link"  # the viewer's link does not carry it
    SOURCE = "source"  # it takes more than is sent to any viewer


class Excess(StrEnum):
    """A kind of media that a session sends too much of. The excess is dropped; the rest goes on."""

    NONE = "none"
    PACKETS = "packets"
    BITS = "bits"
    SOUND = "sound"  # more than any sound encoder makes
    ROOM = "room"  # more than its share of what one room may send


class CloseReason(StrEnum):
    """Why a session ended."""

    REQUESTED = "requested"  # DELETE, or the API's `close`
    REPLACED = "replaced"  # a newer session took over the same source or viewer
    CONSENT_EXPIRED = "consent_expired"  # no authenticated STUN check for 30 s (RFC 7675)
    CONNECT_TIMEOUT = "connect_timeout"  # ICE or DTLS did not come up in time
    DTLS_FAILED = "dtls_failed"  # bad fingerprint, alert, or no SRTP profile
    PEER_CLOSED = "peer_closed"  # DTLS close_notify
    B_FRAMES = "b_frames"  # its pictures are not sent in the order in which they are shown
    SHUTDOWN = "shutdown"


class RelayError(Exception):
    """Root of the relay's errors. `code` is stable; signaling maps it to a wire status."""

    code = "relay_error"


class OfferError(RelayError):
    """The SDP (offer or fragment) cannot be used.

    Attributes:
        field: the SDP line or attribute at fault, such as ``a=fingerprint`` or ``m=video``.
        detail: one sentence for a developer.
    """

    code = "bad_offer"

    def __init__(self, field: str, detail: str) -> None:
        super().__init__(f"{field}: {detail}")
        self.field = field
        self.detail = detail


class SessionNotFound(RelayError):
    """No session has that id (it may have ended)."""

    code = "session_not_found"


class StaleSession(RelayError):
    """The ETag of a PATCH does not name the session's present ICE generation."""

    code = "stale_session"


class RelayFull(RelayError):
    """A bound of the relay (sessions in all or in a room, sources in a room) is reached."""

    code = "relay_full"


@dataclass(frozen=True, slots=True)
class Answer:
    """The relay's answer to an offer.

    Attributes:
        session_id: unguessable, URL-safe.
        sdp: the answer, CRLF line ends.
        etag: strong entity tag of this ICE generation, without quotes (RFC 9725 §4.3.1).
    """

    session_id: str
    sdp: str
    etag: str


@dataclass(frozen=True, slots=True)
class Patched:
    """The outcome of a PATCH: `sdp_fragment` is None for trickle (204), set for a restart (200)."""

    sdp_fragment: str | None
    etag: str


@dataclass(frozen=True, slots=True)
class SlotWish:
    """What a viewer wants in one of its video slots.

    Attributes:
        slot: index among the viewer's video transceivers, in offer order, from 0.
        source_id: whose picture; None leaves the slot empty.
        max_layer: the highest layer wanted; None for no limit.
        max_height: the height in CSS pixels × device ratio at which it is shown; None for no limit.
        importance: which slots give way first where the link does not carry all.
    """

    slot: int
    source_id: str | None
    max_layer: Layer | None = None
    max_height: int | None = None
    importance: Importance = Importance.STAGE


@dataclass(frozen=True, slots=True)
class SlotState:
    """What flows in a slot now: None while it is empty or waits for a key frame.

    Attributes:
        slot: index.
        kind: of the slot.
        source_id: whose stream flows.
        layer: of a video slot.
        ideal: the layer that would flow if the link carried all; None if nothing is published that
            the slot wants. With `layer` None: the link does not carry this picture at all.
        thinned: fewer pictures a second flow than are published.
        codec_missing: what the slot wants is published only in codecs that this viewer has not
            offered; `ideal` is None then.
        hold: why nothing flows although `ideal` could; else None.
    """

    slot: int
    kind: MediaKind
    source_id: str | None
    layer: Layer | None
    ideal: Layer | None = None
    thinned: bool = False
    codec_missing: bool = False
    hold: Hold | None = None


@dataclass(frozen=True, slots=True)
class SourceInfo:
    """A published source. `layers` are those from which packets arrive now."""

    source_id: str
    session_id: str
    has_audio: bool
    has_video: bool
    video_codec: str | None
    layers: tuple[Layer, ...]


@dataclass(frozen=True, slots=True)
class LayerStats:
    """Arrival figures of one incoming layer (or audio, with `layer` None) over the last second."""

    kind: MediaKind
    layer: Layer | None
    bitrate_bps: int
    packets: int
    frames_per_second: float
    width: int
    height: int
    loss_fraction: float  # before repair
    unrepaired_fraction: float  # after repair


@dataclass(frozen=True, slots=True)
class SessionStats:
    """One session's link, as the relay sees it. Fractions are 0…1 over the last report interval."""

    session_id: str
    connected: bool
    rtt_ms: float | None
    receive_bps: int
    send_bps: int
    loss_fraction: float  # uplink loss for a publisher, reported downlink loss for a viewer
    layers: tuple[LayerStats, ...]
    slots: tuple[SlotState, ...]
    target_bps: int | None = None  # what a viewer's link is estimated to carry; None for publishers
    queue_ms: float | None = None  # what its link is estimated to hold back
    limit: Limit = Limit.NONE
    excess: Excess = Excess.NONE  # lasts until 5 s after the last packet that was too much


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

        From a sender report or, where packets say themselves when they were captured
        (abs-capture-time), from such a packet. `capture_time` is Unix seconds on the relay's clock;
        tracks of one publishing session share one clock offset, so their relative timing is exactly
        the publisher's (RFC 3550 §6.4.1).
        """

    def on_track_end(self, track_id: int, reason: CloseReason, now: float) -> None:
        """No more packets will follow for this track."""


class Tap(Protocol):
    """A running tap."""

    def now(self) -> float:
        """Unix seconds on the clock that the sink is told: it goes on though the machine's is set.

        What else belongs into one recording must be dated by it.
        """

    def request_key_frames(self) -> None:
        """Ask every tapped video source for a key frame (throttled like a viewer's PLI)."""

    def close(self) -> None:
        """Stop; `on_track_end` is called for each open track first."""


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
        """What flows in a viewer's slots changed; the whole list."""

    def on_layers_wanted(self, session_id: str, layers: Sequence[Layer], *, sound: bool) -> None:
        """Which layers of a publishing session anybody takes, and whether its sound.

        What nobody takes need not be sent. Told when a session is up, and whenever it changes.
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
        """What programme viewers see: video slot n shows the n-th of these that is published."""

    def set_audible(self, room_id: str, source_ids: Sequence[str]) -> None:
        """Whose sound may be forwarded at all; no other audio leaves the relay (taps excepted).

        What matters most comes first: of more than a viewer's link carries, the first are heard.
        Publishers whose sound may not are told that it is not wanted, see `on_layers_wanted`.
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

"""Sessions: answers to offers, ends, figures."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from relay.api.media import Layer, MediaKind, SlotState


class Limit(StrEnum):
    """The cause that holds a session's media back."""

    NONE = "none"
    RATE = "rate"  # the link carries no more
    LOSS = "loss"  # losses could not be repaired at a higher rate
    OUTAGE = "outage"  # nothing comes back


class Excess(StrEnum):
    """A kind of media that a session sends too much of. The excess is dropped; the rest goes on."""

    NONE = "none"
    PACKETS = "packets"
    BITS = "bits"
    SOUND = "sound"  # more than any sound encoder makes
    ROOM = "room"  # more than its share of what one room may send


class CloseReason(StrEnum):
    """The reason for which a session ended."""

    REQUESTED = "requested"  # DELETE, or the API's `close`
    REPLACED = "replaced"  # a newer session took over the same source or viewer
    CONSENT_EXPIRED = "consent_expired"  # no authenticated STUN check for 30 s (RFC 7675)
    CONNECT_TIMEOUT = "connect_timeout"  # ICE or DTLS did not come up in time
    DTLS_FAILED = "dtls_failed"  # bad fingerprint, alert, or no SRTP profile
    PEER_CLOSED = "peer_closed"  # DTLS close_notify
    B_FRAMES = "b_frames"  # its pictures are not sent in the order in which they are shown
    SHUTDOWN = "shutdown"


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
    send_bps: int
    loss_fraction: float  # uplink loss for a publisher, reported downlink loss for a viewer
    layers: tuple[LayerStats, ...]
    slots: tuple[SlotState, ...]
    target_bps: int | None = None  # what a viewer's link is estimated to carry; None for publishers
    queue_ms: float | None = None  # what its link is estimated to hold back
    limit: Limit = Limit.NONE
    excess: Excess = Excess.NONE  # lasts until 5 s after the last packet that was too much

"""Cascade: one lesson's media over several relays, by pipes between two of them.

The *owner* relay has a room's publishers. An *edge* relay carries viewers of the same room. A
*pipe* is the way of the room's media from the owner to one edge: an `OutPipe` at the owner, an
`InPipe` at the edge. The two ends never talk by themselves before they are connected. Callers carry
the value types below from one to the other, over a channel that they trust.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from relay.api.media import Layer, MediaKind


@dataclass(frozen=True, slots=True)
class PipeEnd:
    """The address of one end, and how the other end must send to it.

    Attributes:
        host: an IPv4 or IPv6 address, never a name.
        port: of UDP.
        pipe_id: 8 bytes as 16 hexadecimal digits, before each datagram to this end.
        key: SRTP master key and salt of datagrams to this end, base64url without padding: 28 bytes
            for AES-128-GCM. It is a secret: never log it.
    """

    host: str
    port: int
    pipe_id: str
    key: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class PipedLayer:
    """One stream of a piped track. `layer` is None for sound; `repair_ssrc` is for RFC 4588."""

    layer: Layer | None
    ssrc: int
    repair_ssrc: int


@dataclass(frozen=True, slots=True)
class PipedCodec:
    """A codec of a piped track, as the publisher negotiated it with the owner."""

    name: str  # `VP8`, `H264`, `opus`
    payload_type: int
    clock_rate: int
    channels: int
    fmtp: str
    repair_payload_type: int


@dataclass(frozen=True, slots=True)
class PipedTrack:
    """The sound or the picture of a piped source."""

    kind: MediaKind
    codecs: tuple[PipedCodec, ...]
    layers: tuple[PipedLayer, ...]


@dataclass(frozen=True, slots=True)
class PipedSource:
    """A source that the owner can send.

    Attributes:
        source_id: the source.
        session_id: changes when the source is published anew; the edge then begins it anew.
        tracks: at most one of each kind.
    """

    source_id: str
    session_id: str
    tracks: tuple[PipedTrack, ...]


@dataclass(frozen=True, slots=True)
class Demand:
    """The parts of one source that anybody at the edge takes now."""

    source_id: str
    layers: tuple[Layer, ...]
    sound: bool


@dataclass(frozen=True, slots=True)
class PipeStats:
    """Figures of one end. Packets and bytes count from its opening.

    Attributes:
        alive: something authentic came within the last 5 s; False before the first.
        heard_s: seconds since then; None before the first.
        rtt_ms: round trip between the relays; None until known (the owner's end knows it).
        packets: media packets sent (owner) or received (edge), repairs included.
        octets: of them, as UDP payloads.
        repairs: retransmissions among them.
        dropped: media packets not sent, because the pipe's bound was reached (owner).
        refused: datagrams for this pipe that were not authentic, replayed or malformed.
        loss_fraction: of the last second, before repair.
    """

    alive: bool
    heard_s: float | None
    rtt_ms: float | None
    packets: int
    octets: int
    repairs: int
    dropped: int
    refused: int
    loss_fraction: float


class OutPipeListener(Protocol):
    """Told at the owner, on the event loop, never inside a call; must not block or raise."""

    def on_sources(self, sources: Sequence[PipedSource]) -> None:
        """The whole list: soon after the opening, then at each change."""


class InPipeListener(Protocol):
    """Told at the edge, on the event loop, never inside a call; must not block or raise."""

    def on_demand(self, demand: Sequence[Demand]) -> None:
        """The whole list, at each change, at most every 50 ms. Sources not named: nothing."""


class OutPipe(Protocol):
    """The owner's end."""

    @property
    def end(self) -> PipeEnd:
        """The own end, to be told to the other side."""

    def connect(self, far: PipeEnd) -> None:
        """Send to `far` from now on.

        Raises:
            ValueError: `far` is malformed, or the pipe is connected already.
        """

    def demand(self, demand: Sequence[Demand]) -> None:
        """Send these parts, and no others. Sources and layers that are not there are ignored.

        Raises:
            ValueError: more entries than a room may have sources, or one source twice.
        """

    def stats(self) -> PipeStats:
        """Figures now."""

    def close(self) -> None:
        """Stop sending and free everything. Closing twice does nothing."""


class InPipe(Protocol):
    """The edge's end."""

    @property
    def end(self) -> PipeEnd:
        """The own end, to be told to the other side."""

    def connect(self, far: PipeEnd) -> None:
        """Send feedback to `far` from now on, and take media from there.

        Raises:
            ValueError: `far` is malformed, or the pipe is connected already.
        """

    def set_sources(self, sources: Sequence[PipedSource]) -> None:
        """Publish these sources in the edge's room, and no others of this pipe.

        Raises:
            ValueError: the list is malformed or beyond a bound. Nothing has changed then.
        """

    def stats(self) -> PipeStats:
        """Figures now."""

    def close(self) -> None:
        """Unpublish everything and free it. Closing twice does nothing."""


class Cascade(Protocol):
    """The pipes of a relay, by which a room can span several relays. `RelayNode` has them.

    `Relay.close_room` closes the room's pipes as well. In an edge's room all calls and events of
    viewers are as in any room, and so are `on_source_changed` and `on_source_removed`. Piped
    publishers are no client sessions: no event of `RelayListener` names their sessions.
    """

    def open_out_pipe(self, room_id: str, listener: OutPipeListener) -> OutPipe:
        """Begin to pipe a room's media to one edge.

        Raises:
            RelayFull: the room has its most pipes, or is an edge's itself.
            OSError: the pipes' socket cannot be opened.
        """

    def open_in_pipe(self, room_id: str, listener: InPipeListener) -> InPipe:
        """Begin to take a room's media from its owner.

        Raises:
            RelayFull: the room has a pipe in already, or pipes out, or publishers of its own.
            OSError: the pipes' socket cannot be opened.
        """

"""Whatever comes to a pipe, from the network or from the owner's signaling, does no harm."""

from __future__ import annotations

import contextlib
from typing import cast

from hypothesis import given
from hypothesis import strategies as st

from relay.api import (
    CloseReason,
    Layer,
    MediaKind,
    PipedCodec,
    PipedLayer,
    PipedSource,
    PipedTrack,
)
from relay.cluster.checks import check_sources, incoming_tracks, media_ssrcs
from relay.cluster.pipe_line import PipeLine
from relay.cluster.pipe_socket import PipeReceiver, PipeSocket
from relay.core.counters import Counters
from relay.core.incoming.publisher import Publisher
from relay.core.piping.outlet import CONTROL_SSRC
from relay.core.wire import rtcp_writer, rtp
from relay.transport_counters import TransportCounters

PLAIN = [rtp.build(96, number, 0, 7, bytes([number] * 40)) for number in range(4)]
REPORT = rtcp_writer.receiver_report(CONTROL_SSRC)


class Wire:
    """Stands for the process's socket: keeps what is sent."""

    version, host, port = 4, "127.0.0.1", 9

    def __init__(self) -> None:
        self.sent: list[bytes] = []

    def add(self, receiver: PipeReceiver) -> bytes:
        return bytes(8)

    def send(self, datagram: memoryview, address: tuple[str, int]) -> None:
        self.sent.append(bytes(datagram)[8:])


def line(wire: Wire, taken: list[bytes]) -> PipeLine:
    return PipeLine(
        cast(PipeSocket, wire),
        TransportCounters(),
        on_rtp=lambda packet, now: taken.append(packet),
        on_rtcp=lambda packet, now: taken.append(packet),
        expects=lambda ssrc: ssrc == b"\0\0\0\7",
    )


@given(
    edits=st.lists(
        st.tuples(st.integers(0, 4), st.integers(0, 200), st.integers(1, 255), st.booleans()),
        max_size=8,
    ),
    junk=st.lists(st.binary(max_size=300), max_size=5),
)
def test_only_what_the_other_end_sent_gets_in_and_once(
    edits: list[tuple[int, int, int, bool]], junk: list[bytes]
) -> None:
    taken: list[bytes] = []
    wire = Wire()
    here, there = line(Wire(), taken), line(wire, [])
    there.connect(here.end)
    for packet in PLAIN:
        there.send_rtp(packet)
    there.send_rtcp(REPORT)
    for which, at, flip, cut in edits:
        forged = bytearray(wire.sent[which])
        forged[at % len(forged)] ^= flip
        here.on_datagram(bytes(forged[: at % len(forged)] if cut else forged), 0.0)
    for data in junk:
        here.on_datagram(data, 0.0)
    assert taken == []
    for _ in range(2):
        for datagram in wire.sent:
            here.on_datagram(datagram, 0.0)
    assert taken == [*PLAIN, REPORT]


NUMBERS = st.integers(-1, 12) | st.integers(-(2**33), 2**33)
CODECS = st.builds(
    PipedCodec,
    st.sampled_from(("VP8", "H264", "opus", "AV1", "")),
    NUMBERS,
    NUMBERS,
    NUMBERS,
    st.text(max_size=40),
    NUMBERS,
)
LAYERS = st.builds(PipedLayer, st.none() | st.sampled_from(Layer), NUMBERS, NUMBERS)
TRACKS = st.builds(
    PipedTrack,
    st.sampled_from(MediaKind),
    st.lists(CODECS, max_size=3).map(tuple),
    st.lists(LAYERS, max_size=3).map(tuple),
)
SOURCES = st.builds(
    PipedSource,
    st.sampled_from(("a", "b", "")),
    st.sampled_from(("c", "d", "")),
    st.lists(TRACKS, max_size=2).map(tuple),
)


class Host:
    """Stands for the room."""

    def on_layers_changed(self, publisher: Publisher, now: float) -> None: ...

    def on_publisher_closed(
        self, publisher: Publisher, reason: CloseReason, now: float
    ) -> None: ...


@given(st.lists(SOURCES, max_size=3), st.lists(st.binary(max_size=60), max_size=6))
def test_sources_are_refused_or_can_be_published(
    sources: list[PipedSource], payloads: list[bytes]
) -> None:
    with contextlib.suppress(ValueError):
        check_sources(sources, most=2)
        for source in sources:
            publisher = Publisher(
                source.session_id,
                source.source_id,
                incoming_tracks(source),
                host=Host(),
                send_rtcp=lambda data: None,
                counters=Counters(),
                now=0.0,
                piped=True,
            )
            types = [codec.payload_type for track in source.tracks for codec in track.codecs]
            for number, payload in enumerate(payloads):
                for ssrc in media_ssrcs(source):
                    for kind in types:
                        publisher.on_rtp(rtp.build(kind, number, number, ssrc, payload), 0.1)
            publisher.on_timer(1.0)
            publisher.close(CloseReason.REQUESTED, 2.0)

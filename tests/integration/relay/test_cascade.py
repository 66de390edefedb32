"""One room over two relays, by real sockets and SRTP."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import AsyncIterator
from dataclasses import replace

import msgspec
import pytest

from relay.api import (
    Layer,
    MediaKind,
    PipedCodec,
    PipedLayer,
    PipedSource,
    PipedTrack,
    PipeEnd,
    RelayFull,
    SlotWish,
)
from relay.config import RelayConfig
from relay.core.wire import rtcp, rtcp_writer
from relay.core.wire.datagram import DatagramKind
from relay.node import RelayNode
from tests.integration.relay.cascaded import Cascaded, flow
from tests.integration.relay.client import Client, Listener, publish, until, watch
from tests.integration.relay.conftest import PushedClock
from tests.integration.relay.test_leaks import live_objects, open_descriptors
from tests.integration.relay.test_media import DELTA, KEY, MID_1, SSRC

CONFIG = RelayConfig(hosts=("127.0.0.1",))
CODEC = PipedCodec("VP8", 96, 90_000, 1, "", 97)
TRACK = PipedTrack(MediaKind.VIDEO, (CODEC,), (PipedLayer(Layer.HIGH, 5, 6),))
SOURCE = PipedSource("s", "session", (TRACK,))


def vp8(number: int) -> bytes:
    """One frame in one packet; every tenth is a key frame."""
    header = struct.pack("!BBHII", 0x90, 0x80 | 96, number, number * 3600, SSRC)
    return header + MID_1 + (DELTA if number % 10 else KEY).ljust(400, bytes([number & 0xFF]))


def opus(number: int) -> bytes:
    """20 ms of sound."""
    header = struct.pack("!BBHII", 0x80, 111, number, number * 960, 88)
    return header + b"\xf8\xff\xfe" + bytes([number & 0xFF])


@pytest.fixture
async def edge(clock: PushedClock) -> AsyncIterator[RelayNode]:
    node = RelayNode(CONFIG, clock=clock)
    await node.start()
    yield node
    await node.stop()


@pytest.fixture
async def pipe(relay: RelayNode, edge: RelayNode) -> AsyncIterator[Cascaded]:
    cascaded = Cascaded(relay, edge)
    yield cascaded
    cascaded.close()


async def teach(owner: RelayNode) -> Client:
    """A publisher at the owner, who is up."""
    session, answer = publish(owner)
    teacher = Client(answer)
    await teacher.connect()
    await until(lambda: owner.stats(session).connected)
    return teacher


async def attend(edge: RelayNode, viewer: str = "v") -> Client:
    """A viewer at the edge, who is up."""
    session, answer = watch(edge, viewer)
    edge.set_view(session, [SlotWish(0, "s")])
    student = Client(answer)
    await student.connect()
    await until(lambda: edge.stats(session).connected)
    return student


def pictures(packets: list[bytes]) -> list[int]:
    """The numbers of the pictures among RTP packets."""
    return [packet[-1] for packet in packets if packet[1] & 0x7F == 96]


def more(student: Client, received: list[bytes]) -> int:
    """Take what came; how many packets there are now."""
    received.extend(student.rtp())
    return len(received)


async def test_a_viewer_at_the_edge_sees_and_hears(
    relay: RelayNode, edge: RelayNode, pipe: Cascaded
) -> None:
    told, at_owner = Listener(), Listener()
    edge.add_listener(told)
    relay.add_listener(at_owner)
    teacher = await teach(relay)
    student = await attend(edge)
    for node in (relay, edge):
        node.set_audible("r", ["s"])
    received: list[bytes] = []

    def send(number: int) -> None:
        teacher.send_rtp(vp8(number))
        teacher.send_rtp(opus(number))

    def seen() -> bool:
        received.extend(student.rtp())
        sounds = [packet for packet in received if packet[1] & 0x7F == 111]
        return len(pictures(received)) > 50 and len(sounds) > 50

    await flow(send, seen)
    numbers = pictures(received)
    assert numbers == [(numbers[0] + n) & 0xFF for n in range(len(numbers))]
    assert told.sources["s"].layers == (Layer.HIGH,)
    assert told.sources["s"].session_id == pipe.sources[0].session_id
    assert set(told.up) | set(told.down) | set(told.wanted) == set(told.slots)  # the viewer's only
    assert at_owner.wanted[pipe.sources[0].session_id] == ((Layer.HIGH,), True)
    await until(lambda: pipe.out.stats().alive and pipe.inward.stats().alive)
    assert pipe.out.stats().packets >= pipe.inward.stats().packets > 100
    relay.set_audible("r", [])
    edge.set_audible("r", [])
    await teacher.close()
    await until(lambda: told.removed == ["s"])
    await student.close()


async def test_each_packet_crosses_once_however_many_watch(
    relay: RelayNode, edge: RelayNode, pipe: Cascaded
) -> None:
    teacher = await teach(relay)
    students = [await attend(edge, f"v{number}") for number in range(5)]
    received: list[list[bytes]] = [[] for _ in students]

    def seen() -> bool:
        for got, student in zip(received, students, strict=True):
            got.extend(student.rtp())
        return all(len(got) > 50 for got in received)

    sent = await flow(lambda number: teacher.send_rtp(vp8(number)), seen)
    assert 50 < pipe.out.stats().packets <= sent
    for client in (teacher, *students):
        await client.close()


async def test_a_key_frame_request_at_the_edge_reaches_the_publisher(
    relay: RelayNode, edge: RelayNode, pipe: Cascaded
) -> None:
    teacher = await teach(relay)
    student = await attend(edge)
    received: list[bytes] = []
    number = await flow(
        lambda number: teacher.send_rtp(vp8(number)),
        lambda: more(student, received) > 20,
    )
    teacher.received.clear()
    ssrc = int.from_bytes(received[0][8:12], "big")
    student.send_rtcp(rtcp_writer.receiver_report(9) + rtcp_writer.picture_loss(9, ssrc))

    def asked() -> bool:
        packets = [data for kind, data in teacher.received if kind is DatagramKind.RTCP]
        teacher.received.clear()
        plain = [bytes(teacher.dtls.unprotect_rtcp(packet)) for packet in packets]
        return any(b"\x81\xce\x00\x02" in packet for packet in plain)

    await flow(lambda number: teacher.send_rtp(vp8(number)), asked, first=number)
    await teacher.close()
    await student.close()


async def test_losses_between_the_relays_are_repaired(relay: RelayNode, edge: RelayNode) -> None:
    lossy = Cascaded(relay, edge, loss=0.05)
    teacher = await teach(relay)
    student = await attend(edge)
    received: list[bytes] = []

    def seen() -> bool:
        received.extend(student.rtp())
        return len(pictures(received)) > 240

    sent = await flow(lambda number: teacher.send_rtp(vp8(number)), seen)
    assert lossy.way.lost > 3
    assert lossy.out.stats().repairs > 0
    assert lossy.inward.stats().repairs > 0
    assert sent < 300, "most came"
    await teacher.close()
    await student.close()
    lossy.close()


async def test_a_source_published_anew_begins_anew_at_the_edge(
    relay: RelayNode, edge: RelayNode, pipe: Cascaded
) -> None:
    first = await teach(relay)
    student = await attend(edge)
    received: list[bytes] = []

    def seen() -> bool:
        received.extend(student.rtp())
        return len(received) > 20

    await flow(lambda number: first.send_rtp(vp8(number)), seen)
    session = pipe.sources[0].session_id
    again = await teach(relay)
    await until(lambda: pipe.sources[0].session_id != session)
    received.clear()
    await flow(lambda number: again.send_rtp(vp8(number)), seen)
    for client in (first, again, student):
        await client.close()


async def test_what_strangers_send_is_dropped_and_counted(
    relay: RelayNode, edge: RelayNode, pipe: Cascaded
) -> None:
    teacher = await teach(relay)
    student = await attend(edge)
    received: list[bytes] = []

    def seen() -> bool:
        received.extend(student.rtp())
        return len(received) > 20

    await flow(lambda number: teacher.send_rtp(vp8(number)), seen)
    before = pipe.inward.stats().packets
    genuine = next(one for one in pipe.way.passed if one[9] & 0x7F == 96)
    pipe_id, media = genuine[:8], bytearray(genuine[8:])
    media[-1] ^= 1
    pipe.way.send(pipe_id + bytes(media))  # a bad tag
    pipe.way.send(genuine)  # a replay
    pipe.way.send(bytes(8) + genuine[8:])  # nobody's
    pipe.way.send(pipe_id)  # nothing
    pipe.way.send(b"")
    pipe.way.send(pipe_id + b"\x80\xc9\x00\x01" + bytes(24))  # RTCP of another sender
    pipe.way.send(genuine[:16] + b"\xff\xff\xff\xff" + genuine[20:])  # media of no source
    await until(lambda: edge.counters()["pipe_ssrc_unknown"] >= 1)
    counters = edge.counters()
    assert counters["pipe_unauthentic"] == 2
    assert counters["pipe_unknown"] == 2
    assert counters["pipe_malformed"] == 2
    assert pipe.inward.stats().refused == 4
    assert pipe.inward.stats().packets == before
    assert counters["datagrams_failed"] == 0
    await teacher.close()
    await student.close()


async def test_keys_are_not_those_of_the_other_direction(pipe: Cascaded) -> None:
    assert pipe.out.end.key != pipe.inward.end.key
    assert pipe.out.end.pipe_id != pipe.inward.end.pipe_id
    assert pipe.out.end.key not in repr(pipe.out.end)


async def test_a_pipe_that_hears_nothing_says_so(
    relay: RelayNode, edge: RelayNode, clock: PushedClock
) -> None:
    alone = Cascaded(relay, edge)
    await until(lambda: alone.out.stats().alive and alone.inward.stats().alive)
    alone.way.close()
    alone.back.close()
    clock.ahead_s += 6
    assert not alone.out.stats().alive
    assert not alone.inward.stats().alive
    heard = alone.inward.stats().heard_s
    assert heard is not None
    assert heard >= 5
    alone.inward.close()
    alone.out.close()


async def test_loops_and_crowds_are_refused(relay: RelayNode, edge: RelayNode) -> None:
    pipe = Cascaded(relay, edge)
    with pytest.raises(RelayFull):
        edge.open_out_pipe("r", pipe)  # an edge serves no edges
    with pytest.raises(RelayFull):
        edge.open_in_pipe("r", pipe)
    with pytest.raises(RelayFull):
        relay.open_in_pipe("r", pipe)  # nor is an owner an edge
    with pytest.raises(RelayFull):
        publish(edge)
    more = [relay.open_out_pipe("r", pipe) for _ in range(7)]
    with pytest.raises(RelayFull):
        relay.open_out_pipe("r", pipe)
    for one in more:
        one.close()
    pipe.close()
    session, _ = publish(edge)
    with pytest.raises(RelayFull):
        edge.open_in_pipe("r", pipe)
    edge.close(session)


async def test_ends_that_cannot_be_are_refused(relay: RelayNode, edge: RelayNode) -> None:
    pipe = Cascaded(relay, edge)
    other = relay.open_out_pipe("r", pipe)
    good = pipe.inward.end
    for field, bad in {
        "host": ("example.org", "0.0.0.0", "::1", "", "224.0.0.1"),
        "port": (0, 65536, -1),
        "pipe_id": ("", "00", "zz" * 8, "00" * 9),
        "key": ("", "AAAA", "?" * 38, good.key + "AA"),
    }.items():
        for value in bad:
            with pytest.raises(ValueError, match=field) as raised:
                other.connect(replace(good, **{field: value}))  # type: ignore[arg-type]
            assert good.key not in str(raised.value)
    with pytest.raises(ValueError, match="already"):
        pipe.out.connect(good)
    pipe.close()
    other.close()


def source(codec: PipedCodec = CODEC, **changed: object) -> PipedSource:
    """`SOURCE` with one thing changed of its track."""
    return replace(SOURCE, tracks=(replace(TRACK, codecs=(codec,), **changed),))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("field", "sources"),
    [
        ("source_id", [SOURCE, SOURCE]),
        ("source_id", [replace(SOURCE, source_id="")]),
        ("source_id", [replace(SOURCE, source_id="x" * 300)]),
        ("more than", [replace(SOURCE, source_id=f"{n}") for n in range(65)]),
        ("tracks", [replace(SOURCE, tracks=())]),
        ("tracks", [replace(SOURCE, tracks=(TRACK, TRACK))]),
        ("layers", [source(layers=())]),
        ("layers", [source(layers=(PipedLayer(None, 5, 6),))]),
        ("ssrc", [source(layers=(PipedLayer(Layer.LOW, 5, 5),))]),
        ("ssrc", [source(layers=(PipedLayer(Layer.LOW, 1, 5),))]),
        ("name", [source(replace(CODEC, name="AV1"))]),
        ("payload_type", [source(replace(CODEC, repair_payload_type=96))]),
        ("clock_rate", [source(replace(CODEC, clock_rate=0))]),
    ],
)
async def test_sources_that_cannot_be_change_nothing(
    edge: RelayNode, field: str, sources: list[PipedSource]
) -> None:
    listener = Cascaded.__new__(Cascaded)
    pipe = edge.open_in_pipe("r", listener)
    pipe.set_sources([SOURCE])
    with pytest.raises(ValueError, match=field):
        pipe.set_sources(sources)
    assert [one.source_id for one in edge.sources("r")] == ["s"]
    pipe.close()
    assert edge.sources("r") == ()


async def test_the_values_cross_as_json() -> None:
    def crossed(value: object) -> object:
        return msgspec.json.decode(msgspec.json.encode(value), type=type(value))

    end = PipeEnd("127.0.0.1", 5, "00" * 8, "A" * 38)
    assert crossed(SOURCE) == SOURCE
    assert crossed(end) == end


async def test_closing_a_room_or_a_relay_closes_its_pipes(relay: RelayNode) -> None:
    edge = RelayNode(CONFIG)
    await edge.start()
    before = open_descriptors()
    pipe = Cascaded(relay, edge)
    pipe.inward.set_sources([SOURCE])
    edge.close_room("r")
    assert edge.counters()["pipes_in"] == edge.counters()["rooms"] == 0
    with pytest.raises(ValueError, match="closed"):
        pipe.inward.set_sources([SOURCE])
    relay.close_room("r")
    assert relay.counters()["pipes_out"] == relay.counters()["rooms"] == 0
    pipe.close()
    assert open_descriptors() == before
    again = Cascaded(relay, edge)
    await edge.stop()
    assert edge.counters()["pipes_in"] == 0
    again.close()


async def test_pipes_that_were_closed_leave_nothing_behind(
    relay: RelayNode, edge: RelayNode
) -> None:
    async def once(number: int) -> None:
        pipe = Cascaded(relay, edge)
        pipe.inward.set_sources([replace(SOURCE, session_id=f"{number}")])
        await asyncio.sleep(0)
        pipe.close()

    for number in range(3):
        await once(number)
    before = live_objects()
    for number in range(20):
        await once(number)
    after = live_objects()
    grown = {name: count for name, count in after.items() if count > before.get(name, 0) + 2}
    assert grown == {}


async def test_a_port_that_is_taken_is_an_error_and_leaves_no_room() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        node = RelayNode(replace(CONFIG, pipe_port=taken.getsockname()[1]))
        await node.start()
        listener = Cascaded.__new__(Cascaded)
        with pytest.raises(OSError, match="in use"):
            node.open_in_pipe("r", listener)
        with pytest.raises(OSError, match="in use"):
            node.open_out_pipe("r", listener)
        assert node.counters()["rooms"] == node.counters()["pipes_out"] == 0
        await node.stop()


async def test_feedback_in_a_pipe_is_rtcp_of_one_sender(
    relay: RelayNode, edge: RelayNode, pipe: Cascaded
) -> None:
    """However often sources are published anew, SRTCP keeps one stream each way."""
    teacher = await teach(relay)
    student = await attend(edge)
    received: list[bytes] = []
    await flow(
        lambda number: teacher.send_rtp(vp8(number)),
        lambda: more(student, received) > 60,
    )
    compound = [one for one in pipe.back.passed if one[9] in {rtcp.SR, rtcp.RR}]
    assert len(compound) == len(pipe.back.passed) > 0
    assert {one[12:16] for one in compound} == {b"\x00\x00\x00\x01"}
    await teacher.close()
    await student.close()

"""Whatever arrives as RTP or RTCP, the media path drops and counts it, and goes on."""

from __future__ import annotations

import contextlib
import struct

from hypothesis import given, settings
from hypothesis import strategies as st

from relay.api import Layer
from relay.core.wire import h264, red, rtcp, rtcp_writer, rtp, twcc, vp8
from tests.simulated import publisher, streams
from tests.simulated.classroom import Classroom, Sink
from tests.unit.relay.core.wire.test_red import Microphone

LONG = settings.get_current_profile_name() == "long"
WHOLE_ROOM = settings(max_examples=1000 if LONG else 60)

SSRC = st.sampled_from([1000, 1001, 2000, 100_000, 100_100, 77, 0xFFFFFFFF])
U16 = st.integers(0, 0xFFFF)
U32 = st.integers(0, 0xFFFFFFFF)
PAYLOADS = st.one_of(
    st.binary(max_size=40),
    st.sampled_from(
        streams.vp8_frame("fuzz", 3, True, 100, (640, 360), 9)
        + streams.vp8_frame("fuzz", 4, False, 100, (640, 360), 10)
        + streams.h264_frame("fuzz", 3, True, 100, (640, 360))
        + streams.h264_frame("fuzz", 4, False, 100, (640, 360))
    ),
)
ELEMENTS = st.dictionaries(
    st.integers(1, 14),
    st.one_of(st.binary(min_size=1, max_size=16), st.sampled_from([b"0", b"1", b"h", b"m"])),
    max_size=5,
)
RTP = st.builds(
    rtp.build,
    st.integers(0, 127),
    U16,
    U32,
    SSRC,
    PAYLOADS,
    marker=st.booleans(),
    extensions=ELEMENTS,
    padding=st.integers(0, 255),
)
BLOCK = st.builds(
    rtcp.ReportBlock, SSRC, st.integers(0, 255), st.integers(0, 100), U32, U32, U32, U32
)
RTCP = st.lists(
    st.one_of(
        st.builds(rtcp_writer.receiver_report, U32, st.lists(BLOCK, max_size=3)),
        st.builds(
            lambda *parts: rtcp_writer.sender_report(rtcp.SenderReport(*parts)),
            SSRC,
            st.integers(0, 2**64 - 1),
            U32,
            U32,
            U32,
        ),
        st.builds(rtcp_writer.nack, U32, SSRC, st.lists(U16, max_size=30)),
        st.builds(rtcp_writer.picture_loss, U32, SSRC),
        st.builds(rtcp_writer.intra_request, U32, SSRC, st.integers(0, 255)),
        st.builds(rtcp_writer.bye, st.lists(SSRC, max_size=3)),
        st.builds(rtcp_writer.transport_feedback, U32, SSRC, st.binary(max_size=40)),
        st.builds(
            rtcp_writer.bitrate_limit, U32, st.integers(0, 2**60), st.lists(SSRC, max_size=3)
        ),
        st.builds(rtcp_writer.source_description, SSRC, st.text(max_size=20)),
    ),
    max_size=4,
).map(b"".join)


@st.composite
def damaged(draw: st.DrawFn, packets: st.SearchStrategy[bytes]) -> bytes:
    """A packet with bytes changed, cut off or added, or left as it is."""
    data = bytearray(draw(packets))
    for _ in range(draw(st.integers(0, 4))):
        if data:
            data[draw(st.integers(0, len(data) - 1))] = draw(st.integers(0, 255))
    cut = draw(st.integers(0, len(data)))
    kind = draw(st.integers(0, 3))
    if kind == 0:
        del data[cut:]
    elif kind == 1:
        data += draw(st.binary(max_size=8))
    return bytes(data)


@given(st.one_of(st.binary(max_size=200), damaged(RTP)))
def test_rtp(data: bytes) -> None:
    with contextlib.suppress(rtp.RtpError):
        packet = rtp.parse(data)
        assert len(packet.payload) <= len(data)


@given(st.one_of(st.binary(max_size=200), damaged(RTCP)))
def test_rtcp(data: bytes) -> None:
    with contextlib.suppress(rtcp.RtcpError):
        assert len(rtcp.parse(data)) <= 32


@given(st.binary(max_size=80))
def test_transport_feedback(data: bytes) -> None:
    with contextlib.suppress(rtcp.RtcpError):
        assert len(twcc.parse(data).arrivals) <= 1024


@given(st.lists(st.tuples(U16, st.floats(0, 100)), max_size=60))
def test_any_arrivals_make_readable_feedback(arrivals: list[tuple[int, float]]) -> None:
    log = twcc.ArrivalLog()
    for number, at in arrivals:
        log.add(number, at)
    told = {
        number
        for body in log.feedback()
        for number, at in twcc.parse(body).arrivals
        if at is not None
    }
    assert told == {number for number, _ in arrivals}


@given(st.one_of(st.binary(max_size=60), damaged(PAYLOADS)))
def test_payloads(data: bytes) -> None:
    with contextlib.suppress(rtp.RtpError):
        found = vp8.parse(data)
        assert found.tail <= len(data)
    with contextlib.suppress(rtp.RtpError):
        h264.parse(data)
    h264.sps_size(data)


RED = st.builds(
    red.build,
    st.just(111),
    st.binary(max_size=30),
    st.lists(
        st.builds(
            red.Block,
            st.one_of(st.sampled_from([960, 1920, 2880]), st.integers(0, red.MAX_OFFSET)),
            st.binary(max_size=30),
        ),
        max_size=10,
    ),
)


@given(st.one_of(st.binary(max_size=60), damaged(RED)))
def test_red(data: bytes) -> None:
    with contextlib.suppress(rtp.RtpError):
        own, blocks = red.parse(data, 111)
        assert len(blocks) <= red.MAX_BLOCKS
        assert len(own) + sum(len(block.payload) for block in blocks) <= len(data)
        assert red.parse(red.build(111, own, blocks), 111) == (own, blocks) or not own


@given(
    st.lists(
        st.tuples(
            st.one_of(st.integers(0, 40), U16),
            st.one_of(st.integers(0, 40).map(lambda n: 960 * n), U32),
            st.sampled_from([63, 63, 111]),
            st.one_of(st.binary(max_size=20), damaged(RED)),
        ),
        max_size=60,
    )
)
def test_red_into_a_stream(packets: list[tuple[int, int, int, bytes]]) -> None:
    """Whatever is repeated, each number is taken once, and nothing beyond what was claimed."""
    microphone = Microphone()
    for number, timestamp, payload_type, payload in packets:
        microphone.times[number] = timestamp
        microphone.send(number, payload_type, payload)
    taken = [*microphone.listener.taken, *microphone.listener.late]
    numbers = [packet.sequence for packet in taken]
    assert len(set(numbers)) == len(numbers)
    assert len(taken) <= (1 + red.MAX_BLOCKS) * len(packets)


@given(st.text(max_size=60), st.text(max_size=60))
def test_format_parameters(stream: str, receiver: str) -> None:
    assert 0 <= h264.compatibility(stream, receiver) <= 4


ACTIONS = st.lists(
    st.tuples(
        st.sampled_from(["rtp", "publisher rtcp", "viewer rtcp", "pass"]),
        damaged(RTP),
        damaged(RTCP),
    ),
    min_size=5,
    max_size=40,
)


@WHOLE_ROOM
@given(ACTIONS, st.sampled_from([publisher.VP8, publisher.H264]))
def test_a_running_lesson_does_not_notice(
    actions: list[tuple[str, bytes, bytes]], codec: publisher.Codec
) -> None:
    """One publisher sends garbage into a room; another's picture goes on without a flaw."""
    room = Classroom()
    room.publish("lead.camera", seed=50, audio=False, layers=(Layer.LOW,))
    watching = room.watch("good", seed=60)
    watching.show("lead.camera")
    hostile = room.publish("evil.camera", seed=1, codec=codec)
    hostile.stopped = True
    victim = room.watch("evil", audio=1, seed=100)
    victim._arrive = lambda data: None  # type: ignore[method-assign]
    victim.down._deliver = victim._arrive
    hostile.down._deliver = lambda data: None
    victim.show("evil.camera")
    room.room.set_audible({"evil.camera"}, room.now)
    room.room.add_tap(Sink(), room.now)
    for kind, media, control in actions:
        if kind == "rtp":
            hostile.session.on_rtp(media, room.now)
        elif kind == "publisher rtcp":
            hostile.session.on_rtcp(control, room.now)
        elif kind == "viewer rtcp":
            victim.session.on_rtcp(control, room.now)
        else:
            room.run(0.03)
    room.run(0.3)
    slot = watching.video[0]
    assert slot.broken == 0
    assert slot.decoded[-1].at > room.now - 0.1
    hostile.session.stats(room.now)
    victim.session.stats(room.now)


def test_a_flood_of_new_ssrcs_stays_bounded() -> None:
    room = Classroom()
    teacher = room.publish("lead.camera", audio=False, layers=(Layer.HIGH,))
    room.run(1)
    for ssrc in range(10_000, 12_000):
        packet = rtp.build(96, 1, 1, ssrc, b"\x00" * 20, extensions={1: b"1"})
        teacher.session.on_rtp(packet, room.now)
    assert room.counters.rtp_ssrc_conflict == 2000
    assert len(teacher.session._demux._routes) <= 2


def test_a_flood_of_nacks_is_answered_within_the_bound() -> None:
    room = Classroom()
    room.publish("lead.camera")
    watching = room.watch("room-1")
    watching.show("lead.camera")
    room.run(3)
    highest = watching.video[0].highest
    ssrc = watching.video[0].negotiated.ssrc
    sent = watching.down.sent
    for _ in range(50):
        numbers = range(highest - 900, highest)
        for start in range(0, 900, 60):
            pairs = b"".join(struct.pack("!HH", n & 0xFFFF, 0) for n in numbers[start : start + 60])
            head = struct.pack("!BBHII", 0x81, rtcp.RTPFB, 2 + len(pairs) // 4, 1, ssrc)
            watching.session.on_rtcp(head + pairs, room.now)
    assert watching.down.sent - sent <= 64

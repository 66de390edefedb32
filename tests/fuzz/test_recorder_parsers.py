"""Whatever an archive or an RTP payload holds, reading it ends, in bounds, without an exception."""

from hypothesis import given
from hypothesis import strategies as st

from recorder.core.archive_format import (
    Packet,
    SegmentReader,
    TrackBegin,
    encode_record,
    segment_header,
)
from recorder.core.bounds import is_picture_size, is_time
from recorder.core.depacketize_h264 import H264Depacketizer
from recorder.core.depacketize_vp8 import Vp8Depacketizer, descriptor_bytes
from recorder.core.h264_parameter_sets import (
    SetsInForce,
    picture_size,
    slice_head,
    sprop_nal_units,
)
from recorder.core.opus import MAX_PACKET_SAMPLES, packet_samples
from recorder.core.plausible import PlausibleRecords
from recorder.core.reorder import TrackPacket
from recorder.core.rtp import parse_rtp
from recorder.core.segment_plan import date_tracks, plan_sources
from recorder.core.track_index import ArchiveIndex
from recorder.core.track_pipeline import TrackPipeline
from recorder.core.video_assembler import TimedFrame, VideoAssembler
from recorder.core.video_frame import Depacketizer
from relay.api import MediaKind
from tests.support.rtp_media import encode_video, packetize_h264, packetize_vp8, rtp_packet

payloads = st.lists(st.binary(min_size=1, max_size=60), min_size=1, max_size=6)


def real_segment() -> bytes:
    track = TrackBegin(1, "lead.camera", MediaKind.VIDEO, "VP8", 90000, 1, "", 1.0)
    data = segment_header(1, 1.0) + encode_record(track)
    for number, coded in enumerate(encode_video("VP8", 1.0)[:12]):
        for payload in packetize_vp8(coded.data):
            data += encode_record(Packet(1, 1.0 + coded.time, rtp_packet(number, 0, payload)))
    return data


SEGMENT = real_segment()


@given(st.binary(max_size=400), st.booleans())
def test_any_bytes_as_a_segment(data: bytes, with_header: bool) -> None:
    reader = SegmentReader(segment_header(1, 0.0) + data if with_header else data)
    list(reader)


@given(
    st.lists(st.tuples(st.integers(0, len(SEGMENT) - 1), st.integers(1, 255)), max_size=20),
    st.integers(0, len(SEGMENT)),
)
def test_a_mutated_and_cut_segment(flips: list[tuple[int, int]], length: int) -> None:
    data = bytearray(SEGMENT)
    for place, mask in flips:
        data[place] ^= mask
    index = ArchiveIndex()
    read = list(SegmentReader(bytes(data[:length])))
    plausible = PlausibleRecords()
    records = list(plausible.of(read))
    assert len(records) + plausible.passed_over == len(read)
    for record in records:
        index.add(record)
    tracks = date_tracks(index.tracks.values())
    plan_sources(tracks)
    pipelines = {number: TrackPipeline(track) for number, track in tracks.items()}
    for record in records:
        if isinstance(record, Packet) and record.track in pipelines:
            list(pipelines[record.track].push(record))
    for pipeline in pipelines.values():
        list(pipeline.flush())


@given(st.binary(max_size=80))
def test_any_bytes_as_rtp_and_opus(data: bytes) -> None:
    packet = parse_rtp(data)
    assert packet is None or len(packet.payload) <= len(data) - 12
    samples = packet_samples(data)
    assert samples is None or 0 < samples <= MAX_PACKET_SAMPLES


@given(payloads, st.booleans())
def test_any_bytes_as_vp8(parts: list[bytes], after_loss: bool) -> None:
    vp8 = Vp8Depacketizer()
    frame = vp8.assemble(parts, after_loss=after_loss)
    assert frame is None or len(frame.data) <= sum(map(len, parts))
    for part in parts:
        skip = descriptor_bytes(part)
        assert skip is None or skip < len(part)
        vp8.peek_key_frame(part)


@given(payloads, st.booleans(), st.integers(0, 40))
def test_any_bytes_as_h264(parts: list[bytes], after_loss: bool, real: int) -> None:
    h264 = H264Depacketizer()
    genuine = packetize_h264(encode_video("H264", 1.0)[0].data)
    for part in [*genuine[:real], *parts]:
        h264.peek_key_frame(part)
    frame = h264.assemble([*genuine[:real], *parts], after_loss=after_loss)
    assert frame is None or frame.data


@given(st.binary(max_size=200))
def test_any_bytes_as_parameter_sets(data: bytes) -> None:
    for sps in (data, b"\x67" + data):
        size = picture_size(sps)
        assert size is None or is_picture_size(*size)
        sets = SetsInForce()
        sets.note(sps)
        sets.note(b"\x68" + data)
        assert sets.latest is None or is_picture_size(sets.latest.width, sets.latest.height)
    head = slice_head(data)
    assert head is None or 0 <= head.pps_id <= 255


@given(st.text(max_size=200))
def test_any_text_as_fmtp(text: str) -> None:
    sprop_nal_units(text)
    sprop_nal_units("sprop-parameter-sets=" + text)


@given(
    st.lists(
        st.tuples(
            st.integers(0, (1 << 32) - 1),
            st.floats(allow_nan=True, allow_infinity=True),
            st.binary(max_size=30),
        ),
        max_size=30,
    )
)
def test_whatever_time_a_packet_claims_only_true_ones_pass(
    packets: list[tuple[int, float, bytes]],
) -> None:
    plausible = PlausibleRecords()
    kept = list(plausible.of(Packet(*one) for one in packets))
    assert len(kept) + plausible.passed_over == len(packets)
    assert all(isinstance(one, Packet) and is_time(one.now) for one in kept)


@given(payloads, st.integers(1, 24), st.sampled_from(["VP8", "H264"]))
def test_whatever_comes_between_true_frames_those_from_the_next_key_frame_on_are_kept(
    parts: list[bytes], place: int, codec: str
) -> None:
    cut = packetize_vp8 if codec == "VP8" else packetize_h264
    made: Depacketizer = Vp8Depacketizer() if codec == "VP8" else H264Depacketizer()
    assembler = VideoAssembler(made)
    coded = encode_video(codec, 2.0, key_every_s=1.0)
    kept = set()
    for number, frame in enumerate(coded):
        sent = [(number, payload) for payload in cut(frame.data)]
        if number == place:
            sent = [(-1, part) for part in parts] + sent
        for index, (timestamp, payload) in enumerate(sent):
            last = index + 1 == len(sent) or sent[index + 1][0] != timestamp
            packet = TrackPacket(timestamp, number / 25, last, payload, False)
            for item in assembler.push(packet):
                if isinstance(item, TimedFrame):
                    kept.add(item.at.timestamp)
    assert kept >= {*range(place), *range(25, 50)}

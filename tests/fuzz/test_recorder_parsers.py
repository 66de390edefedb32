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
from recorder.core.depacketize_h264 import H264Depacketizer
from recorder.core.depacketize_vp8 import Vp8Depacketizer, descriptor_bytes
from recorder.core.h264_parameter_sets import picture_size, sprop_nal_units
from recorder.core.opus import MAX_PACKET_SAMPLES, packet_samples
from recorder.core.rtp import parse_rtp
from recorder.core.segment_plan import date_tracks, plan_sources
from recorder.core.track_index import ArchiveIndex
from recorder.core.track_pipeline import TrackPipeline
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
    records = list(SegmentReader(bytes(data[:length])))
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
        assert size is None or (0 < size[0] <= 16384 and 0 < size[1] <= 16384)


@given(st.text(max_size=200))
def test_any_text_as_fmtp(text: str) -> None:
    sprop_nal_units(text)
    sprop_nal_units("sprop-parameter-sets=" + text)

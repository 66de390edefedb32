"""VP8 and H.264 payloads."""

from __future__ import annotations

import base64
import re
import struct
from fractions import Fraction

import av
import pytest

from relay.core import h264, vp8
from relay.core.negotiated import Codec
from relay.core.rtp import RtpError
from relay.core.slot import match_codec
from tests.simulated import streams

KEY = b"\x10\x02\x00\x9d\x01\x2a\x80\x02\x68\x41"  # 640 × 360, vertical scale 1


def test_a_vp8_key_frame_shows_its_size() -> None:
    found = vp8.parse(b"\x90\xe0\x92\x34\x56\x00" + KEY)
    assert found.key_frame
    assert (found.width, found.height) == (640, 360)
    assert (found.picture_id, found.picture_id_bits, found.tl0_index) == (0x1234, 15, 0x56)
    assert (found.head, found.tail) == (0x90E0, 5)


@pytest.mark.parametrize(
    ("descriptor", "picture_id", "bits", "tl0", "tail"),
    [
        (b"\x10", -1, 15, -1, 0),
        (b"\x90\x00", -1, 15, -1, 0),
        (b"\x90\x80\x7f", 127, 7, -1, 3),
        (b"\x90\x80\x80\x01", 1, 15, -1, 4),
        (b"\x90\xc0\x05\x09", 5, 7, 9, 4),
        (b"\x90\x60\x09\x00", -1, 15, -1, 0),  # TL0PICIDX without picture id is left alone
        (b"\x90\xf0\x80\x05\x09\x00", 5, 15, 9, 5),
    ],
)
def test_every_form_of_the_vp8_descriptor(
    descriptor: bytes, picture_id: int, bits: int, tl0: int, tail: int
) -> None:
    found = vp8.parse(descriptor + b"\x11rest")
    assert not found.key_frame
    assert (found.picture_id, found.picture_id_bits, found.tl0_index) == (picture_id, bits, tl0)
    assert found.tail == tail
    assert vp8.parse(descriptor + KEY).key_frame


def test_a_key_frame_begins_only_in_the_first_packet_of_partition_0() -> None:
    assert not vp8.parse(b"\x80\x80\x01" + KEY).key_frame  # S not set
    assert not vp8.parse(b"\x91\x80\x01" + KEY).key_frame  # partition 1


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"\x80",
        b"\x90\x80",
        b"\x90\x80\x80",
        b"\x90\xc0\x01",
        b"\x90\x80\x01",
        b"\x10" + KEY[:9],
    ],
)
def test_a_truncated_vp8_payload_is_refused(payload: bytes) -> None:
    with pytest.raises(RtpError):
        vp8.parse(payload)


@pytest.mark.parametrize("size", [(1280, 720), (640, 360), (320, 180), (1920, 1080)])
def test_an_h264_parameter_set_shows_its_size(size: tuple[int, int]) -> None:
    assert h264.sps_size(streams.sps(*size)) == size


def first_packet(codec: str, size: tuple[int, int], options: dict[str, str]) -> bytes:
    """What a real encoder makes of a first frame."""
    context = av.CodecContext.create(codec, "w")
    context.width, context.height = size
    context.pix_fmt = "yuv420p"
    context.time_base = Fraction(1, 25)
    context.options = options
    frame = av.VideoFrame(*size, "yuv420p")
    frame.pts = 0
    packets = [*context.encode(frame), *context.encode(None)]
    return bytes(packets[0])


@pytest.mark.parametrize("profile", ["baseline", "main", "high"])
@pytest.mark.parametrize("size", [(1280, 720), (426, 240), (1920, 1080)])
def test_parameter_sets_of_a_real_encoder_are_read(size: tuple[int, int], profile: str) -> None:
    stream = first_packet("libx264", size, {"profile": profile, "tune": "zerolatency"})
    units = [unit for unit in re.split(rb"\x00\x00\x00?\x01", stream) if unit]
    sizes = [h264.parse(unit)[2:4] for unit in units if unit[0] & 0x1F == 7]
    assert sizes == [size]
    assert any(h264.parse(unit).key_frame for unit in units if unit[0] & 0x1F == 5)


def test_a_key_frame_of_a_real_vp8_encoder_is_read() -> None:
    found = vp8.parse(b"\x10" + first_packet("libvpx", (426, 240), {"deadline": "realtime"}))
    assert (found.key_frame, found.width, found.height) == (True, 426, 240)


def test_where_h264_pictures_can_be_started() -> None:
    key, other = (streams.h264_frame("test", 1, key, 3000, (640, 360)) for key in (True, False))
    kinds = [h264.parse(payload) for payload in key]
    assert (kinds[0].key_frame, kinds[0].has_sps) == (True, True)
    assert (kinds[0].width, kinds[0].height) == (640, 360)
    assert (kinds[1].key_frame, kinds[1].has_sps) == (True, False)
    assert not any(kind.key_frame for kind in kinds[2:])
    assert not any(h264.parse(payload).key_frame for payload in other)
    assert h264.parse(b"\x65abc").key_frame
    assert h264.parse(streams.sps(640, 360)).has_sps


@pytest.mark.parametrize("b_frames", [0, 2])
def test_b_slices_of_a_real_encoder_are_found_and_nothing_else_is_taken_for_one(
    b_frames: int,
) -> None:
    context = av.CodecContext.create("libx264", "w")
    context.width, context.height, context.pix_fmt = 320, 180, "yuv420p"
    context.time_base = Fraction(1, 25)
    context.options = {"bf": str(b_frames), "x264-params": "b-adapt=0", "preset": "veryfast"}
    found = 0
    for number in range(30):
        frame = av.VideoFrame(320, 180, "yuv420p")
        frame.pts = number
        for plane in frame.planes:
            plane.update(bytes((index + number) & 0xFF for index in range(plane.buffer_size)))
        found += sum(begins_b_slice(packet) for packet in context.encode(frame))
    found += sum(begins_b_slice(packet) for packet in context.encode(None))
    assert (15 <= found <= 20) if b_frames else found == 0


def begins_b_slice(packet: av.Packet) -> bool:
    """As single units and as fragments the same is found."""
    units = [unit for unit in re.split(rb"\x00\x00\x00?\x01", bytes(packet)) if len(unit) > 1]
    single = any(h264.parse(unit).bi_predicted for unit in units)
    fragments = [bytes((unit[0] & 0xE0 | 28, 0x80 | unit[0] & 31)) + unit[1:] for unit in units]
    assert any(h264.parse(fragment).bi_predicted for fragment in fragments) is single
    together = b"\x78" + b"".join(struct.pack("!H", len(unit)) + unit for unit in units)
    assert h264.parse(together).bi_predicted is single
    return single


@pytest.mark.parametrize(
    "payload", [b"", b"\x00", b"\x7c", b"\x7c\x85", b"\x78\x00", b"\x78\x00\x09\x67", b"\x1d\x00"]
)
def test_a_broken_h264_payload_is_refused(payload: bytes) -> None:
    with pytest.raises(RtpError):
        h264.parse(payload)


def codec(payload_type: int, fmtp: str) -> Codec:
    return Codec("H264", payload_type, 90_000, fmtp=fmtp)


CHROME = (
    codec(102, "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42001f"),
    codec(104, "level-asymmetry-allowed=1;packetization-mode=0;profile-level-id=42001f"),
    codec(106, "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f"),
    codec(108, "level-asymmetry-allowed=1;packetization-mode=0;profile-level-id=42e01f"),
    codec(127, "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=4d001f"),
    codec(112, "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=64001f"),
)


@pytest.mark.parametrize(
    ("stream", "payload_type"),
    [
        ("packetization-mode=1;profile-level-id=42e034", 106),
        ("packetization-mode=0;profile-level-id=42e01f", 108),
        ("profile-level-id=42001f;packetization-mode=1", 102),
        ("packetization-mode=1; profile-level-id=42C01F", 106),
        ("packetization-mode=1;profile-level-id=4d0032", 127),
        ("packetization-mode=1;profile-level-id=640032", 112),
        ("packetization-mode=2;profile-level-id=42e01f", None),
        ("packetization-mode=1;profile-level-id=nonsense", None),
        ("packetization-mode=1;profile-level-id=f4001f", None),
    ],
)
def test_the_receivers_payload_type_fits_profile_and_mode(
    stream: str, payload_type: int | None
) -> None:
    found = match_codec(CHROME, codec(96, stream))
    assert (found and found.payload_type) == payload_type


def test_a_lesser_receiver_gets_only_what_it_decodes() -> None:
    baseline = (codec(100, "packetization-mode=1;profile-level-id=42e01f"),)
    high = (codec(101, "packetization-mode=1;profile-level-id=64001f"),)
    assert match_codec(baseline, high[0]) is None
    assert match_codec(high, baseline[0]) is high[0]
    assert match_codec(baseline, Codec("VP8", 96, 90_000)) is None


def _sprop(*units: bytes) -> str:
    return "sprop-parameter-sets=" + ",".join(base64.b64encode(unit).decode() for unit in units)


SPS, PPS = b"\x67\x42\xc0\x1e\xda\x02\x80\xbf\xe5\xc0\x40", b"\x68\xce\x3c\x80"


def test_parameter_sets_in_an_offer_become_one_packet() -> None:
    sps = streams.sps(1280, 720)
    sets = h264.parameter_sets(f"packetization-mode=1;{_sprop(sps, PPS)}")
    assert sets is not None
    assert (sets.width, sets.height) == (1280, 720)
    assert h264.parse(sets.payload) == h264.H264Payload(True, True, 1280, 720)
    assert sets.payload.endswith(PPS)


@pytest.mark.parametrize(
    "fmtp",
    [
        "",
        "sprop-parameter-sets=",
        "sprop-parameter-sets=,",
        "sprop-parameter-sets=我们",
        "sprop-parameter-sets=Zg",
        _sprop(PPS),
        _sprop(SPS[:4], PPS),
        _sprop(streams.sps(640, 360)),
        _sprop(streams.sps(640, 360), b"\x65\x88\x84"),
    ],
)
def test_incomplete_or_wrong_parameter_sets_count_for_nothing(fmtp: str) -> None:
    assert h264.parameter_sets(fmtp) is None


def test_a_stream_that_names_no_profile_is_taken_by_its_sets_else_as_browsers_do() -> None:
    """GStreamer's rtph264pay may name none; the RFC's default would fit no browser."""
    browser = "packetization-mode=1;profile-level-id=42e01f"
    high = streams.sps(640, 360).replace(b"\x42\xe0", b"\x64\x00", 1)
    assert h264.compatibility("packetization-mode=1", browser)
    assert h264.compatibility(f"packetization-mode=1;{_sprop(SPS, PPS)}", browser)
    assert not h264.compatibility(f"packetization-mode=1;{_sprop(high, PPS)}", browser)

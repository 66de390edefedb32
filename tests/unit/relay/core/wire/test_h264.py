"""H.264 payloads, parameter sets, and which stream fits which receiver."""

from __future__ import annotations

import base64
import re
import struct
from fractions import Fraction

import av
import pytest

from relay.core.wire import h264
from relay.core.wire.rtp import RtpError
from tests.simulated import streams
from tests.unit.relay.core.wire.encoders import first_packet


@pytest.mark.parametrize("size", [(1280, 720), (640, 360), (320, 180), (1920, 1080)])
def test_an_h264_parameter_set_shows_its_size(size: tuple[int, int]) -> None:
    assert h264.sps_size(streams.sps(*size)) == size


@pytest.mark.parametrize("profile", ["baseline", "main", "high"])
@pytest.mark.parametrize("size", [(1280, 720), (426, 240), (1920, 1080)])
def test_parameter_sets_of_a_real_encoder_are_read(size: tuple[int, int], profile: str) -> None:
    stream = first_packet("libx264", size, {"profile": profile, "tune": "zerolatency"})
    units = [unit for unit in re.split(rb"\x00\x00\x00?\x01", stream) if unit]
    sizes = [h264.parse(unit)[2:4] for unit in units if unit[0] & 0x1F == 7]
    assert sizes == [size]
    assert any(h264.parse(unit).key_frame for unit in units if unit[0] & 0x1F == 5)


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
    """Single units and fragments show the same."""
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

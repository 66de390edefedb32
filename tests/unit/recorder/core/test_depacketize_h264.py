"""H.264 payloads become length-prefixed access units (RFC 6184)."""

import base64
from fractions import Fraction

import av
import numpy as np
import pytest

from recorder.core.depacketize_h264 import H264Depacketizer
from recorder.core.h264_parameter_sets import parameter_sets, picture_size, sprop_nal_units
from tests.support.rtp_media import encode_video, packetize_h264, split_annex_b


def length_prefixed(data: bytes) -> bytes:
    return b"".join(len(unit).to_bytes(4, "big") + unit for unit in split_annex_b(data))


def test_real_access_units_survive_packetizing() -> None:
    h264 = H264Depacketizer()
    frames = encode_video("H264", 2.0, width=640, height=360)
    assert any(len(packetize_h264(frame.data)) > 3 for frame in frames)  # fragments do occur
    for coded in frames:
        frame = h264.assemble(packetize_h264(coded.data), after_loss=False)
        assert frame is not None
        assert frame.key == coded.key
        if coded.key:
            assert (frame.width, frame.height) == (640, 360)
            # The packetizer sends parameter sets first, as every sender does.
            assert set(split_annex_b(coded.data)) == set(units_of(frame.data))
        else:
            assert frame.data == length_prefixed(coded.data)


def units_of(data: bytes) -> list[bytes]:
    units = []
    while data:
        size = int.from_bytes(data[:4], "big")
        units.append(data[4 : 4 + size])
        data = data[4 + size :]
    return units


def test_a_missing_fragment_spoils_the_unit() -> None:
    frames = encode_video("H264", 2.0, width=640, height=360)
    payloads = max((packetize_h264(frame.data) for frame in frames), key=len)
    fragments = [n for n, payload in enumerate(payloads) if payload[0] & 31 == 28]
    assert len(fragments) >= 2
    for missing in (fragments[0], fragments[-1]):
        rest = payloads[:missing] + payloads[missing + 1 :]
        assert H264Depacketizer().assemble(rest, after_loss=False) is None


def test_after_a_loss_an_idr_needs_its_parameter_sets() -> None:
    frames = encode_video("H264", 2.0)
    payloads = packetize_h264(frames[0].data)
    h264 = H264Depacketizer()
    assert h264.assemble(payloads, after_loss=True) is not None
    assert h264.assemble(payloads[1:], after_loss=True) is None  # the STAP-A is what was lost
    assert h264.assemble(payloads[1:], after_loss=False) is not None


def test_parameter_sets_may_come_in_the_fmtp() -> None:
    units = split_annex_b(encode_video("H264", 2.0)[0].data)
    sets = [unit for unit in units if unit[0] & 31 in (7, 8)]
    fmtp = "packetization-mode=1; sprop-parameter-sets=" + ",".join(
        base64.b64encode(unit).decode() for unit in sets
    )
    assert sprop_nal_units(fmtp) == sets
    slices = [unit for unit in units if unit[0] & 31 == 5]
    assert H264Depacketizer().assemble(slices, after_loss=False) is None
    frame = H264Depacketizer(fmtp).assemble(slices, after_loss=True)
    assert frame is not None
    assert (frame.key, frame.width, frame.height) == (True, 320, 180)
    assert sprop_nal_units("sprop-parameter-sets=*") == []


@pytest.mark.parametrize("size", [(1280, 720), (320, 180), (642, 358), (1920, 1080)])
@pytest.mark.parametrize("profile", ["baseline", "high"])
def test_the_size_of_real_parameter_sets(size: tuple[int, int], profile: str) -> None:
    context = av.CodecContext.create("libx264", "w")
    context.width, context.height = size
    context.pix_fmt, context.time_base = "yuv420p", Fraction(1, 25)
    context.options = {"preset": "ultrafast", "tune": "zerolatency", "profile": profile}
    black = np.zeros((size[1] * 3 // 2, size[0]), np.uint8)
    frame = av.VideoFrame.from_ndarray(black, format="yuv420p")
    packets = [*context.encode(frame), *context.encode(None)]
    units = split_annex_b(bytes(packets[0]))
    sps = next(unit for unit in units if unit[0] & 31 == 7)
    pps = next(unit for unit in units if unit[0] & 31 == 8)
    assert picture_size(sps) == size
    sets = parameter_sets(sps, pps)
    assert sets is not None
    assert sets.decoder_configuration()[:6] == bytes((1, *sps[1:4], 0xFF, 0xE1))
    assert all(picture_size(sps[:cut]) in (None, size) for cut in range(len(sps)))

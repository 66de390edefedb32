"""Opus durations and silence."""

import av
import numpy as np
import pytest

from recorder.core.opus import packet_samples, silence
from tests.support.rtp_media import encode_audio


def test_durations_from_the_first_byte() -> None:
    assert [packet_samples(bytes((config << 3,))) for config in (0, 3, 12, 13, 28, 31)] == [
        480,
        2880,
        480,
        960,
        120,
        960,
    ]
    assert packet_samples(bytes((31 << 3 | 1, 0, 0))) == 1920
    assert packet_samples(bytes((31 << 3 | 3, 6))) == 5760
    assert all(packet_samples(coded.data) == 960 for coded in encode_audio(2.0))


@pytest.mark.parametrize("bad", [b"", b"\xfb", b"\xfb\x00", b"\xfb\x3f", b"\x1b\x03"])
def test_malformed_packets_have_no_duration(bad: bytes) -> None:
    assert packet_samples(bad) is None


@pytest.mark.parametrize("channels", [1, 2])
def test_a_real_decoder_plays_silence_for_just_so_long(channels: int) -> None:
    decoder = av.CodecContext.create("opus", "r")
    decoder.sample_rate, decoder.layout = 48000, "stereo" if channels == 2 else "mono"
    for wanted in (120, 240, 480, 960, 5000):
        packet, samples = silence(wanted, channels)
        assert samples == packet_samples(packet) == min(wanted, 960)
        frames = decoder.decode(av.Packet(packet))
        assert sum(frame.samples for frame in frames) == samples
        assert all(np.abs(frame.to_ndarray()).max() < 1e-3 for frame in frames)

"""Opus durations, silence, and laying packets end to end."""

import av
import numpy as np
import pytest

from recorder.core.audio_timeline import TOLERANCE_SAMPLES, AudioTimeline
from recorder.core.opus import packet_samples, silence
from tests.support.rtp_media import encode_audio


def place(timeline: AudioTimeline, position: int, samples: int = 960) -> list[tuple[int, int]]:
    """(position, duration) of all that came, silence included; it must leave no hole."""
    before = timeline.cursor
    laid = []
    for _, at, length in timeline.place(b"\xfc", position, samples):
        assert at == before
        before += length
        laid.append((at, length))
    assert timeline.cursor == before
    return laid


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


def test_a_little_jitter_is_laid_end_to_end() -> None:
    timeline = AudioTimeline(2)
    laid = [place(timeline, n * 960 + (-1) ** n * 300) for n in range(10)]
    assert all(len(items) == 1 for items in laid[1:])


def test_a_hole_is_filled_to_within_2_5_ms() -> None:
    timeline = AudioTimeline(2)
    place(timeline, 0)
    laid = place(timeline, 48_000)
    assert 0 <= 48_000 - laid[-1][0] < 120


def test_the_first_packet_lies_where_it_belongs() -> None:
    timeline = AudioTimeline(2)
    assert place(timeline, 700)[-1] == (600, 960)


def test_an_overlapping_packet_is_left_out() -> None:
    timeline = AudioTimeline(2)
    place(timeline, 0)
    assert place(timeline, 960 - TOLERANCE_SAMPLES - 1) == []
    assert timeline.dropped == 1


@pytest.mark.parametrize("drift", [200e-6, -200e-6])
def test_a_drifting_clock_never_strays_beyond_the_tolerance(drift: float) -> None:
    timeline = AudioTimeline(2)
    for number in range(50 * 600):
        position = round(number * 960 * (1 + drift))
        for item in place(timeline, position):
            last = item
        assert abs(timeline.cursor - 960 - position) <= TOLERANCE_SAMPLES + 120 or last[1] < 960

"""Only frames that decode are let through; the rest is a gap."""

from recorder.core.depacketize_vp8 import Vp8Depacketizer
from recorder.core.reorder import TrackPacket
from recorder.core.video_assembler import MediaGap, TimedFrame, VideoAssembler

KEY = b"\x10" + bytes((0x50, 0x01, 0)) + b"\x9d\x01\x2a" + b"\x40\x01\xb4\x00" + b"k" * 20
KEY_REST = b"\x00" + b"k" * 20
DELTA = b"\x10" + bytes((0x51, 0x01, 0)) + b"d" * 20


def packet(
    at: int, payload: bytes = DELTA, *, marker: bool = True, lost: bool = False
) -> TrackPacket:
    return TrackPacket(at, at / 1000, marker, payload, lost)


def run(*packets: TrackPacket) -> tuple[list[int], list[tuple[int, int]]]:
    """(timestamps of frames, gaps as timestamp pairs)."""
    assembler = VideoAssembler(Vp8Depacketizer())
    items = [item for p in packets for item in assembler.push(p)]
    items += assembler.flush()
    frames = [item.at.timestamp for item in items if isinstance(item, TimedFrame)]
    gaps = [
        (item.start.timestamp, item.end.timestamp) for item in items if isinstance(item, MediaGap)
    ]
    return frames, gaps


def test_whole_frames_pass() -> None:
    packets = [packet(0, KEY, marker=False), packet(0, KEY_REST), packet(10), packet(20)]
    assert run(*packets) == ([0, 10, 20], [])


def test_nothing_passes_before_the_first_key_frame() -> None:
    assert run(packet(0), packet(10), packet(20, KEY), packet(30)) == ([20, 30], [(0, 20)])


def test_after_a_loss_nothing_passes_until_a_key_frame() -> None:
    packets = [packet(0, KEY), packet(10), packet(30, lost=True), packet(40), packet(50, KEY)]
    assert run(*packets, packet(60)) == ([0, 10, 50, 60], [(10, 50)])


def test_a_key_frame_right_after_the_loss_ends_it() -> None:
    assert run(packet(0, KEY), packet(20, KEY, lost=True), packet(30)) == ([0, 20, 30], [(0, 20)])


def test_a_loss_within_a_frame_breaks_that_frame() -> None:
    packets = [
        packet(0, KEY),
        packet(10, KEY, marker=False),
        packet(10, KEY_REST, lost=True),
        packet(20),
        packet(30, KEY),
    ]
    assert run(*packets) == ([0, 30], [(0, 30)])


def test_a_frame_whose_tail_is_lost_is_left_out() -> None:
    packets = [packet(0, KEY), packet(10, marker=False), packet(20, KEY, lost=True)]
    assert run(*packets) == ([0, 20], [(0, 20)])


def test_frames_without_marker_end_where_the_next_begins() -> None:
    packets = [packet(at, KEY if at == 0 else DELTA, marker=False) for at in (0, 10, 20)]
    assert run(*packets) == ([0, 10], [(10, 20)])  # the last one cannot be known to be whole


def test_a_gap_open_at_the_end_is_told() -> None:
    packets = [packet(0, KEY), packet(10), packet(30, lost=True), packet(40)]
    assert run(*packets) == ([0, 10], [(10, 40)])


def test_padding_is_no_frame() -> None:
    assert run(packet(0, KEY), packet(10, b""), packet(20)) == ([0, 20], [])

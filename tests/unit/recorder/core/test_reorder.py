"""Packets come back into order, and what is missing is said."""

from hypothesis import given, settings
from hypothesis import strategies as st

from recorder.core.reorder import MAX_PACKETS, MAX_WAIT_S, ReorderBuffer, TrackPacket
from recorder.core.rtp import RtpPacket

STEP_S = 0.02


def run(arrivals: list[tuple[float, int]]) -> list[tuple[int, bool]]:
    """Push (arrival, number) pairs; give (number, lost_before). Numbers begin near the wrap."""
    buffer = ReorderBuffer()
    out: list[TrackPacket] = []
    for arrival, number in arrivals:
        packet = RtpPacket((65_530 + number) & 0xFFFF, 0, False, b"x")
        out += buffer.push(packet, number, arrival)
    out += buffer.flush()
    return [(packet.timestamp, packet.lost_before) for packet in out]


@settings(deadline=None)
@given(st.lists(st.floats(0, 0.5), min_size=60, max_size=60), st.sets(st.integers(1, 58)))
def test_delays_are_undone_and_losses_flagged(delays: list[float], lost: set[int]) -> None:
    sent = [(0.0, 0)]  # the first must be first: nothing before it is known to be missing
    sent += [(n * STEP_S + delays[n], n) for n in range(1, 60) if n not in lost]
    expected = [(n, n - 1 in lost) for n in range(60) if n not in lost]
    assert run(sorted(sent)) == expected


def test_a_start_out_of_order_is_put_right() -> None:
    assert run([(0.0, 2), (0.01, 0), (0.02, 1), (0.3, 3)]) == [
        (0, False),
        (1, False),
        (2, False),
        (3, False),
    ]


def test_what_is_missing_is_waited_for_only_so_long() -> None:
    buffer = ReorderBuffer()
    for number in (0, 1):
        list(buffer.push(RtpPacket(number, 0, False, b""), number, number * 0.2))
    assert not list(buffer.push(RtpPacket(3, 0, False, b""), 3, 0.4))
    out = list(buffer.push(RtpPacket(4, 0, False, b""), 4, 0.4 + MAX_WAIT_S + 0.1))
    assert [(p.timestamp, p.lost_before) for p in out] == [(3, True), (4, False)]
    assert not list(buffer.push(RtpPacket(2, 0, False, b""), 2, 3.0))
    assert buffer.late == 1


def test_repeats_are_dropped() -> None:
    assert run([(0.0, 0), (0.2, 1), (0.21, 1), (0.22, 2)]) == [(0, False), (1, False), (2, False)]


def test_what_is_held_is_bounded() -> None:
    buffer = ReorderBuffer()
    list(buffer.push(RtpPacket(0, 0, False, b""), 0, 0.0))
    given_back = 0
    for number in range(2, MAX_PACKETS + 50):
        given_back += len(list(buffer.push(RtpPacket(number, 0, False, b""), number, 0.5)))
    assert given_back >= 40


def test_a_sender_that_starts_over_after_a_pause_is_followed() -> None:
    buffer = ReorderBuffer()
    out: list[TrackPacket] = []
    for number in range(40):
        out += buffer.push(RtpPacket(20_000 + number, 0, False, b""), number, number * STEP_S)
    for number in range(40):
        packet = RtpPacket(5_000 + number, 0, False, b"")
        out += buffer.push(packet, 100 + number, 5 + number * STEP_S)
    out += buffer.flush()
    assert [p.timestamp for p in out] == [*range(40), *range(100, 140)]
    assert [p.timestamp for p in out if p.lost_before] == [100]

"""The link's pure machine, on a clock of the test's own."""

from itertools import pairwise

import pytest

from load_tests.link.path import Path, Traffic, classify
from load_tests.link.plan import Bursts, Outage, PathPlan, PlanError, RateStep

PACKET = 1250  # bytes: 10 ms at 1 Mbit/s


def send(path: Path, count: int, gap_s: float, begin_s: float = 0.0) -> list[float | None]:
    return [path.offer(PACKET, begin_s + index * gap_s) for index in range(count)]


def test_a_packet_takes_its_time_on_the_link_and_then_the_delay():
    path = Path(PathPlan(rate=(RateStep(0, 1000),), delay_ms=30), seed=1)
    assert send(path, 3, 0.0) == pytest.approx([0.040, 0.050, 0.060])


def test_a_full_queue_drops_the_newest_and_counts_it():
    path = Path(PathPlan(rate=(RateStep(0, 1000),), queue_bytes=4 * PACKET), seed=1)
    arrivals = send(path, 6, 0.0)
    assert [one is not None for one in arrivals] == [True] * 4 + [False] * 2
    assert path.offer(PACKET, 0.011) is not None, "one has gone out: there is room again"
    report = path.report(1.0)
    assert (report.passed, report.dropped_queue) == (5, 2)
    assert report.passed_bytes == 5 * PACKET


def test_the_rate_changes_under_a_queue_that_is_already_there():
    path = Path(PathPlan(rate=(RateStep(0, 1000), RateStep(0.02, 100)), queue_bytes=10**6), seed=1)
    # Two packets go at 10 ms each, the third needs 100 ms.
    assert send(path, 3, 0.0) == pytest.approx([0.01, 0.02, 0.12])
    # A packet half through when the rate falls: 5 ms at the old rate, the rest at the new.
    other = Path(PathPlan(rate=(RateStep(0, 1000), RateStep(0.005, 100))), seed=1)
    assert send(other, 1, 0.0) == pytest.approx([0.055])


def test_an_outage_takes_everything_that_is_sent_in_it():
    path = Path(PathPlan(outages=(Outage(1, 2),)), seed=1)
    arrivals = send(path, 40, 0.1)
    lost = [index * 0.1 for index, one in enumerate(arrivals) if one is None]
    assert min(lost) == pytest.approx(1.0) and max(lost) == pytest.approx(2.9)
    assert path.report(5).dropped_outage == len(lost) == 20


def test_random_loss_is_seeded_and_as_frequent_as_asked():
    plan = PathPlan(loss=0.03)
    one, again, other = (
        [arrival is None for arrival in send(Path(plan, seed), 20_000, 0.001)] for seed in (1, 1, 2)
    )
    assert one == again != other
    assert sum(one) / len(one) == pytest.approx(0.03, abs=0.004)


def test_bursts_have_the_length_and_the_share_of_the_model():
    path = Path(PathPlan(bursts=Bursts(enter=0.01, leave=0.25)), seed=3)
    lost = [arrival is None for arrival in send(path, 60_000, 0.001)]
    assert sum(lost) / len(lost) == pytest.approx(0.01 / 0.26, rel=0.1)
    begun = sum(b and not a for a, b in pairwise(lost))
    assert sum(lost) / begun == pytest.approx(4, rel=0.1)


def test_jitter_delays_but_never_reorders():
    path = Path(PathPlan(delay_ms=20, jitter_ms=10), seed=1)
    arrivals = [one for one in send(path, 500, 0.002) if one is not None]
    assert arrivals == sorted(arrivals)
    assert max(arrivals[i] - i * 0.002 for i in range(500)) > 0.03


def test_slices_tell_the_wait_and_who_was_carried():
    path = Path(PathPlan(rate=(RateStep(0, 1000),), queue_bytes=10**6), seed=1)
    for _ in range(20):
        path.offer(PACKET, 0.005)
    path.offer(PACKET, 0.05, Traffic.CROSS)
    slices = path.report(0.5).slices
    assert [one.media_bytes for one in slices] == [9 * PACKET, 10 * PACKET, PACKET, 0, 0]
    assert [one.cross_bytes for one in slices] == [0, 0, PACKET, 0, 0]
    assert [one.queue_ms for one in slices] == pytest.approx([190, 15, 0, 0, 0])


def test_packets_are_told_apart_by_protocol_and_port():
    def ipv4(protocol: int, ports: bytes = b"") -> bytes:
        return bytes([0x45]) + bytes(8) + bytes([protocol]) + bytes(10) + ports

    cross = (40_000).to_bytes(2, "big") + (5201).to_bytes(2, "big")
    assert classify(ipv4(17, cross), 5201) is Traffic.MEDIA
    assert classify(ipv4(6, cross), 5201) is Traffic.CROSS
    assert classify(ipv4(6, cross), 80) is Traffic.OTHER
    for strange in (b"", b"\x45", ipv4(6), bytes(60)):
        assert classify(strange, 5201) is Traffic.OTHER


def test_capacity_counts_steps_and_leaves_outages_out():
    plan = PathPlan(rate=(RateStep(0, 800), RateStep(10, 400)), outages=(Outage(15, 5),))
    assert plan.capacity_bytes(0, 20) == pytest.approx(10 * 100_000 + 5 * 50_000)


def test_a_plan_that_does_not_begin_at_0_is_refused():
    with pytest.raises(PlanError, match="rate"):
        PathPlan(rate=(RateStep(1, 100),))

"""The estimator, with pacer and probes, over bottlenecks: libwebrtc's bars and this project's."""

from __future__ import annotations

import pytest

from relay.core.congestion.estimator import MIN_BPS
from relay.core.congestion.state import State
from relay.core.wire import twcc
from tests.simulated.network import World
from tests.unit.relay.core.congestion.cubic import Cubic
from tests.unit.relay.core.congestion.flow import SOUND_BPS, Flow, elastic, layered
from tests.unit.relay.core.congestion.link import Bottleneck, BurstLoss, RandomLoss

LAYERS = (155e3, 530e3, 2540e3)  # the publisher of the profiles in issue 3
MBIT = 1e6


def next_layer(present: float) -> float:
    """The allocator's wish: the next layer with some room."""
    above = [layer for layer in LAYERS if layer > present]
    return 1.15 * min(above) + SOUND_BPS if above else 0.0


def everything(present: float) -> float:
    return 4 * MBIT


def test_libwebrtc_bars() -> None:
    """500 kbit/s: 450±100 after 25 s; 800: 750±150 within 20 s; 100: 90±25 (libwebrtc: in 50 s)."""
    world = World()
    link = Bottleneck(world, [(0, 500e3), (25, 800e3), (45, 100e3)])
    flow = Flow(world, link, elastic(4 * MBIT), wanted=everything)
    world.run(100)
    trace = flow.trace
    assert 350e3 < trace.mean(20, 25) < 550e3
    assert 600e3 < trace.mean(35, 45) < 900e3
    assert 65e3 < trace.mean(50, 55) < 115e3
    assert 65e3 < trace.mean(90, 100) < 115e3
    assert trace.mean(15, 25, "received") > 0.8 * 500e3
    assert trace.most(3, 44, "queue") < 0.25
    assert trace.most(48, 100, "queue") < 0.25


def test_random_loss_on_a_long_path() -> None:
    """10% loss at 200 ms round trip must keep more than 100 kbit/s; here it costs little."""
    world = World()
    link = Bottleneck(world, [(0, 1.5 * MBIT)], delay=0.1, loss=RandomLoss(0.1))
    flow = Flow(world, link, elastic(4 * MBIT), wanted=everything, back_delay=0.1)
    world.run(60)
    assert flow.trace.mean(10, 60, "received") > 0.6 * 1.5 * MBIT


@pytest.mark.parametrize("loss", [RandomLoss(0.03), BurstLoss(0.01, 0.25)])
def test_lossy_link_is_used(loss: RandomLoss | BurstLoss) -> None:
    """P2 and P6: at least 65% of 1.5 Mbit/s."""
    world = World()
    link = Bottleneck(world, [(0, 1.5 * MBIT)], loss=loss)
    flow = Flow(world, link, elastic(4 * MBIT), wanted=everything)
    world.run(60)
    assert flow.trace.mean(10, 60, "received") > 0.75 * 1.5 * MBIT
    assert flow.trace.most(5, 60, "queue") < 0.3


def test_layers_settle_and_stay() -> None:
    """P2 with layers: the middle one within 3 s, and no try at one that the link cannot hold."""
    world = World()
    link = Bottleneck(world, [(0, 1.5 * MBIT)], loss=RandomLoss(0.03))
    flow = Flow(world, link, layered(LAYERS), wanted=next_layer)
    shown: list[float] = []
    world.every(0.1, lambda: shown.append(flow.video_bps))
    world.run(60)
    assert set(shown[30:]) == {530e3}
    assert flow.trace.most(3, 60, "queue") < 0.1
    assert flow.padding * 8 / 60 < 0.03 * 1.5 * MBIT


def test_key_frames_do_not_cost_the_layer() -> None:
    """Bursts queue for a moment though the link carries the stream: no reason to leave it."""
    world = World()
    link = Bottleneck(world, [(0, 750e3)], loss=RandomLoss(0.005))
    flow = Flow(world, link, layered(LAYERS), wanted=next_layer, key_frames=2.0)
    shown: list[float] = []
    world.every(0.1, lambda: shown.append(flow.video_bps))
    world.run(60)
    assert set(shown[100:]) == {530e3}


def test_top_layer_is_reached() -> None:
    """P1: within 10 s; probes get there in three."""
    world = World()
    link = Bottleneck(world, [(0, 4 * MBIT)], loss=RandomLoss(0.01))
    flow = Flow(world, link, layered(LAYERS), wanted=next_layer)
    shown: list[float] = []
    world.every(0.1, lambda: shown.append(flow.video_bps))
    world.run(60)
    assert set(shown[40:]) == {2540e3}
    assert flow.estimator.probes[0] < 10


@pytest.mark.parametrize("kind", ["elastic", "layered"])
def test_changing_link(kind: str) -> None:
    """P3: the queue is short 3 s after each drop, a rise is found within 10 s."""
    world = World()
    schedule = [(0, 3 * MBIT), (25, MBIT), (50, 0.5 * MBIT), (75, 2 * MBIT), (100, 3 * MBIT)]
    link = Bottleneck(world, schedule, queue_s=1.0, delay=0.04, loss=RandomLoss(0.005))
    if kind == "elastic":
        flow = Flow(world, link, elastic(4 * MBIT), wanted=everything, back_delay=0.04)
    else:
        flow = Flow(world, link, layered(LAYERS), wanted=next_layer, back_delay=0.04)
    world.run(125)
    trace = flow.trace
    for begin, end in ((28, 50), (53, 75), (78, 100), (103, 125)):
        assert trace.most(begin, end, "queue") < 0.3
    assert trace.mean(85, 100) > 1.4 * MBIT
    assert trace.mean(110, 125) > 2.2 * MBIT
    if kind == "elastic":
        assert trace.mean(30, 50, "received") > 0.75 * MBIT
        assert trace.mean(55, 75, "received") > 0.75 * 0.5 * MBIT


def test_satellite() -> None:
    """P4: 600 ms round trip, settled within 15 s; here within five."""
    world = World()
    link = Bottleneck(world, [(0, 2 * MBIT)], delay=0.3, loss=RandomLoss(0.01))
    flow = Flow(world, link, layered(LAYERS), wanted=next_layer, back_delay=0.3)
    world.run(60)
    levels = [one.target for one in flow.trace.samples if one.at > 5]
    assert min(levels) > 1.6 * MBIT
    assert max(levels) < 2.2 * MBIT


def test_outage() -> None:
    """P5: back off at once, and be back at half the rate a second after the link is."""
    world = World()
    link = Bottleneck(world, [(0, 1.5 * MBIT)], loss=RandomLoss(0.03), outages=[(20, 25)])
    flow = Flow(world, link, layered(LAYERS), wanted=next_layer)
    world.run(40)
    trace = flow.trace
    assert trace.most(22, 25, "target") == MIN_BPS
    assert {one.state for one in trace.samples if 21.5 < one.at < 25} == {State.OUTAGE}
    assert trace.mean(25.4, 25.6) > 155e3 + SOUND_BPS  # the lowest layer, half a second after
    assert trace.mean(26, 26.5) > 0.5 * trace.mean(15, 20)
    assert trace.mean(28, 40) > 0.8 * trace.mean(15, 20)


def test_sound_is_left_on_100_kbit() -> None:
    """P7: 300 then 100 then 300 kbit/s with a 320 ms queue."""
    world = World()
    link = Bottleneck(world, [(0, 300e3), (30, 100e3), (60, 300e3)])
    flow = Flow(world, link, layered(LAYERS), wanted=next_layer)
    shown: list[float] = []
    world.every(0.1, lambda: shown.append(flow.video_bps))
    world.run(90)
    assert set(shown[30:295]) == {155e3}
    assert set(shown[320:600]) == {0.0}
    assert set(shown[700:]) == {155e3}  # back within 10 s
    assert flow.trace.most(3, 30, "queue") < 0.15
    assert flow.trace.most(33, 90, "queue") < 0.15
    assert not [gap for gap in flow.sound_gaps if gap[1] - gap[0] > 0.4]


def test_hardly_any_queue() -> None:
    """Drops almost without delay: only loss can tell, and may not all be put down to the air."""
    world = World()
    link = Bottleneck(world, [(0, MBIT)], queue_s=0.04)
    flow = Flow(world, link, elastic(4 * MBIT), wanted=everything)
    world.run(60)
    assert flow.trace.mean(10, 60, "received") > 0.75 * MBIT
    assert link.counts.dropped < 0.12 * link.counts.delivered


def test_two_flows_share() -> None:
    world = World()
    link = Bottleneck(world, [(0, 2 * MBIT)])
    first = Flow(world, link, elastic(4 * MBIT), wanted=everything)
    second = Flow(world, link, elastic(4 * MBIT), wanted=everything, start=10.0, seed=5)
    world.run(100)
    one, other = (flow.trace.mean(30, 100, "received") for flow in (first, second))
    assert 0.5 < one / other < 2.0
    assert one + other > 0.85 * 2 * MBIT


@pytest.mark.parametrize("mbit", [1.0, 2.0])
def test_beside_tcp_in_a_deep_queue(mbit: float) -> None:
    """P8: 1.5 s of queue that a TCP flow keeps full; 25 to 75% of the link."""
    world = World()
    link = Bottleneck(world, [(0, mbit * MBIT)], queue_s=1.5)
    flow = Flow(world, link, elastic(4 * MBIT), wanted=everything)
    Cubic(world, link, start=10.0)
    world.run(120)
    assert 0.25 < flow.trace.mean(20, 120, "received") / (mbit * MBIT) < 0.75
    assert not [gap for gap in flow.sound_gaps if gap[1] - gap[0] > 0.4]


def test_estimate_recovers_when_tcp_ends() -> None:
    """A short download beside us: ten seconds later all is as before."""
    world = World()
    schedule = [(0, 2 * MBIT)]
    link = Bottleneck(world, schedule, queue_s=0.5)
    flow = Flow(world, link, layered(LAYERS[:2]), wanted=lambda _: 1.5 * MBIT)
    tcp = Cubic(world, link, start=10.0)
    world.run(20)
    tcp.stop()
    world.run(20)
    assert flow.trace.mean(30, 40) > 1.2 * MBIT
    assert flow.trace.mean(30, 40, "received") > 530e3


def test_application_limited_sender_does_not_inflate() -> None:
    """Nobody wants more than is sent: the estimate stays within what was proved, plus half."""
    world = World()
    link = Bottleneck(world, [(0, 100 * MBIT)])
    flow = Flow(world, link, elastic(400e3), wanted=lambda _: 0.0)
    world.run(60)
    assert flow.estimator.probes[0] == 0
    assert flow.trace.most(0, 60, "target") < 1.7 * (400e3 + SOUND_BPS)


def test_jitter_alone_costs_little() -> None:
    world = World()
    link = Bottleneck(world, [(0, 4 * MBIT)], jitter=0.02)
    flow = Flow(world, link, layered(LAYERS), wanted=next_layer)
    world.run(60)
    assert flow.trace.mean(10, 60, "received") > 0.9 * (2540e3 + SOUND_BPS)


def test_lost_feedback_costs_little() -> None:
    world = World()
    link = Bottleneck(world, [(0, MBIT)])
    flow = Flow(world, link, elastic(4 * MBIT), wanted=everything, lossy_back=0.2)
    world.run(60)
    assert flow.trace.mean(10, 60, "received") > 0.75 * MBIT


def test_a_finer_timer_does_as_well() -> None:
    """All else here runs with the driver's 20 ms tick."""
    world = World()
    link = Bottleneck(world, [(0, 1.5 * MBIT)])
    flow = Flow(world, link, layered(LAYERS), wanted=next_layer, tick=0.002)
    world.run(30)
    assert 1.2 * MBIT < flow.trace.mean(5, 30) < 1.6 * MBIT


def _shifted(feedback: twcc.Feedback, change: float) -> twcc.Feedback:
    moved = tuple((n, None if at is None else at + change) for n, at in feedback.arrivals)
    return twcc.Feedback(feedback.count, moved)


class Liar:
    """Feedback that is doubled, wrong, wild and old, beside some that is right."""

    def __init__(self) -> None:
        self.seen: list[twcc.Feedback] = []

    def __call__(self, feedback: twcc.Feedback) -> list[twcc.Feedback]:
        self.seen.append(feedback)
        turn = len(self.seen) % 8
        unknown = tuple((number + 5000 & 0xFFFF, at) for number, at in feedback.arrivals)
        zigzag = tuple(
            (number, None if at is None else at + (-1) ** number * 4.0)
            for number, at in feedback.arrivals
        )
        return {
            0: [feedback, feedback],
            1: [twcc.Feedback(0, unknown), feedback],
            2: [_shifted(feedback, 1e9)],
            3: [_shifted(feedback, -300.0)],
            4: [twcc.Feedback(0, zigzag)],
            5: [self.seen[max(0, len(self.seen) - 600)], feedback],
            6: [twcc.Feedback(0, tuple((number, None) for number, _ in feedback.arrivals))],
        }.get(turn, [feedback])


def test_lies_are_bounded_and_counted() -> None:
    world = World()
    link = Bottleneck(world, [(0, MBIT)])
    flow = Flow(world, link, elastic(4 * MBIT), wanted=everything, change=Liar())
    world.run(90)
    assert all(MIN_BPS <= one.target <= 8 * MBIT for one in flow.trace.samples)
    assert flow.estimator.sent.unknown > 100
    assert flow.estimator.sent.implausible > 100


def test_two_runs_are_identical() -> None:
    def run() -> str:
        world = World()
        link = Bottleneck(world, [(0, MBIT), (10, 0.3 * MBIT)], loss=BurstLoss(0.01, 0.25))
        flow = Flow(world, link, layered(LAYERS), wanted=next_layer)
        world.run(30)
        return flow.trace.text(1)

    assert run() == run()

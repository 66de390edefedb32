"""A viewer session on a virtual link: estimator, pacer and a sender that behaves like the relay."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from relay.core.congestion.estimator import BandwidthEstimator
from relay.core.congestion.pacer import Pacer, Priority
from relay.core.congestion.state import State
from relay.core.wire import twcc
from tests.simulated.network import World
from tests.unit.relay.core.congestion.link import Bottleneck

_MTU = 1200
_SOUND_BYTES, _SOUND_INTERVAL = 110, 0.02  # 44 kbit/s
SOUND_BPS = 8 * _SOUND_BYTES / _SOUND_INTERVAL
_FRAME = 1 / 30
_CLOCK = 4321.5  # s by which the receiver's clock differs


@dataclass
class Sample:
    at: float
    target: float
    sent: float
    received: float
    queue: float
    state: State
    reason: str


@dataclass
class Trace:
    samples: list[Sample] = field(default_factory=list)

    def mean(self, begin: float, end: float, what: str = "target") -> float:
        values = [getattr(one, what) for one in self.samples if begin <= one.at < end]
        return sum(values) / len(values)

    def most(self, begin: float, end: float, what: str) -> float:
        return max(getattr(one, what) for one in self.samples if begin <= one.at < end)

    def text(self, every: int = 5) -> str:
        return "\n".join(
            f"{one.at:6.1f} target {one.target / 1e3:6.0f} sent {one.sent / 1e3:6.0f} "
            f"recv {one.received / 1e3:6.0f} queue {one.queue * 1e3:5.0f} ms "
            f"{one.state.value:10} {one.reason}"
            for one in self.samples[::every]
        )


def elastic(ceiling: float) -> Callable[[float, float], float]:
    """An encoder that follows the target up to `ceiling` bit/s."""
    return lambda target, _present: min(target - SOUND_BPS, ceiling)


def layered(layers: Sequence[float]) -> Callable[[float, float], float]:
    """The relay: the highest layer that fits, a step up only with 10% to spare."""

    def choose(target: float, present: float) -> float:
        room = target - SOUND_BPS
        fitting = [one for one in layers if one * (1.1 if one > present else 1.0) <= room]
        return max(fitting, default=0.0)

    return choose


class Flow:
    """Sound, and video at the rate that `choose(target, present)` gives, over a bottleneck."""

    def __init__(
        self,
        world: World,
        link: Bottleneck,
        choose: Callable[[float, float], float],
        *,
        wanted: Callable[[float], float],
        back_delay: float = 0.03,
        feedback: float = 0.1,
        tick: float = 0.02,
        key_frames: float = 10.0,
        start: float = 0.0,
        seed: int = 3,
        change: Callable[[twcc.Feedback], Sequence[twcc.Feedback]] | None = None,
        lossy_back: float = 0.0,
    ) -> None:
        self.world, self.link = world, link
        self.start = world.now
        self.estimator = BandwidthEstimator(now=world.now)
        self.pacer = Pacer(self._send_queued, self._fill, tick)
        self.pacer.set_rate(self.estimator.target_bps)
        self.trace = Trace()
        self.video_bps = 0.0
        self.sound_gaps: list[tuple[float, float]] = []
        self._choose, self._wanted = choose, wanted
        self._back, self._key_frames = back_delay, key_frames
        self._random = random.Random(seed)
        self._number = 0
        self._log = twcc.ArrivalLog()
        self._received = self._sent = 0
        self._marks = (0, 0)
        self._key_at = world.now
        self._debt = 0.0
        self._sound_at = world.now
        self._change = change
        self._lossy_back = lossy_back
        self.padding = 0
        world.every(tick, self._tick, start)
        world.every(_SOUND_INTERVAL, self._sound, start)
        world.every(_FRAME, self._frame, start + 0.01)
        world.every(feedback, self._report, start + 0.05)
        world.every(0.1, self._sample, start)

    # --- sending ----------------------------------------------------------------------------------

    def _transmit(self, size: int, sound: bool = False) -> None:
        self._number = (self._number + 1) & 0xFFFF
        number = self._number
        self.estimator.on_sent(number, size, self.world.now, self.pacer.probe)
        self._sent += size
        self.link.send(size, lambda: self._arrive(number, size, sound))

    def _send_queued(self, data: object, size: int, now: float) -> None:
        del data, now
        self._transmit(size)

    def _fill(self, size: int, now: float) -> int:
        del now
        left = size
        while left > 0:
            self._transmit(min(max(left, 60), 255))
            left -= 255
        self.padding += size
        return size

    def _sound(self) -> None:
        if self.pacer.on_packet(None, _SOUND_BYTES, Priority.AUDIO, self.world.now):
            self._transmit(_SOUND_BYTES, sound=True)

    def _frame(self) -> None:
        video = self._choose(self.estimator.target_bps, self.video_bps)
        key = self.world.now - self._key_at >= self._key_frames or video > 1.3 * self.video_bps
        self.video_bps = max(video, 0.0)
        self.estimator.want(self._wanted(self.video_bps))
        size = self.video_bps / 8 * _FRAME * self._random.uniform(0.8, 1.2) - self._debt
        if key and self.video_bps:
            self._key_at = self.world.now
            self._debt = 4 * size / 20  # paid back over the next frames
            size *= 5
        elif self._debt and self.world.now - self._key_at > 20 * _FRAME:
            self._debt = 0.0
        while size > 0:
            packet = min(_MTU, max(round(size), 60))
            size -= packet
            if self.pacer.on_packet(None, packet, Priority.VIDEO, self.world.now):
                self._transmit(packet)

    def _tick(self) -> None:
        now = self.world.now
        probe = self.estimator.on_timer(now)
        self.pacer.set_rate(self.estimator.target_bps)
        if probe is not None:
            self.pacer.start(probe, now)
        elif now >= self.pacer.next_due:
            self.pacer.on_timer(now)
        if self.pacer.abandoned:
            self.pacer.abandoned = False
            self.estimator.abandon_probe(now)

    # --- the receiver -----------------------------------------------------------------------------

    def _arrive(self, number: int, size: int, sound: bool) -> None:
        self._received += size
        self._log.add(number, self.world.now + _CLOCK)
        if sound:
            if self.world.now - self._sound_at > 0.1:
                self.sound_gaps.append((self._sound_at - self.start, self.world.now - self.start))
            self._sound_at = self.world.now

    def _report(self) -> None:
        for body in self._log.feedback():
            if self._random.random() < self._lossy_back:
                continue
            parsed = twcc.parse(body)
            for feedback in self._change(parsed) if self._change else (parsed,):
                self.world.after(self._back, lambda one=feedback: self._on_feedback(one))

    def _on_feedback(self, feedback: twcc.Feedback) -> None:
        self.estimator.on_feedback(feedback, self.world.now)

    def _sample(self) -> None:
        sent, received = self._marks
        self._marks = (self._sent, self._received)
        self.trace.samples.append(
            Sample(
                self.world.now - self.start,
                self.estimator.target_bps,
                80 * (self._sent - sent),
                80 * (self._received - received),
                self.link.backlog(),
                self.estimator.state,
                f"{self.estimator.reason.value} q {self.estimator.queue_delay * 1e3:.0f} "
                f"loss {self.estimator.loss:.3f} probes {self.estimator.probes} "
                f"video {self.video_bps / 1e3:.0f}",
            )
        )

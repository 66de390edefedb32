"""Lessons over narrow links, and what is noted of them second by second."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import mean

from relay.api import Layer
from tests.simulated.classroom import Classroom
from tests.simulated.network import Profile
from tests.simulated.publisher import SimulatedPublisher
from tests.simulated.viewer import SimulatedViewer
from tests.unit.relay.core.congestion.link import Bottleneck, BurstLoss, NoLoss, RandomLoss


@dataclass(frozen=True)
class Second:
    """One second of one viewer."""

    target_bps: int
    sent_bps: int  # packets and headers on the link
    queue: float  # s, the most that stood before the bottleneck
    layer: Layer | None
    temporal: int
    frames: int
    sound: int  # packets of sound that arrived


class Lesson:
    """A teacher on a good uplink, viewers behind links of their own or shared ones."""

    def __init__(self, start_bps: float | None = None) -> None:
        self.room = Classroom(start_bps=start_bps)
        self.world = self.room.world
        self.teacher: SimulatedPublisher = self.room.publish("lead.camera", temporal=True)
        self.room.room.set_audible({"lead.camera"}, self.room.now)
        self.viewers: list[Watching] = []
        self.world.run(1.5)  # the teacher's layers have come by the time anybody watches

    def link(
        self,
        *rates: tuple[float, float] | float,
        queue: float = 0.3,
        delay: float = 0.03,
        jitter: float = 0.0,
        loss: NoLoss | RandomLoss | BurstLoss | None = None,
        outages: Sequence[tuple[float, float]] = (),
    ) -> Bottleneck:
        """A bottleneck: (second, bit/s) pairs from now on, or one rate."""
        schedule = [rate if isinstance(rate, tuple) else (0.0, rate) for rate in rates]
        return Bottleneck(
            self.world,
            schedule,
            queue_s=queue,
            delay=delay,
            jitter=jitter,
            loss=loss,
            outages=outages,
        )

    def watch(self, link: Bottleneck, *, start: float = 0.0, back: float = 0.03) -> Watching:
        """A classroom that wants the teacher's picture at its best, from `start` on."""
        watching = Watching(self, link, len(self.viewers), start, back)
        self.viewers.append(watching)
        return watching

    def run(self, seconds: float) -> None:
        """Let time pass."""
        self.room.run(seconds)


class Watching:
    """One viewer and its seconds."""

    def __init__(
        self, lesson: Lesson, link: Bottleneck, index: int, start: float, back: float
    ) -> None:
        self.lesson, self.link, self.index = lesson, link, index
        self.seconds: list[Second] = []
        self._back = back
        self.viewer: SimulatedViewer | None = None
        lesson.world.after(start, self._enter)

    def _enter(self) -> None:
        room = self.lesson.room
        self.viewer = room.watch(
            f"room-{self.index}",
            audio=1,
            through=self.link,
            up=Profile(delay=self._back),
            seed=100 + self.index,
        )
        self.viewer.show("lead.camera")
        self._frames = self._octets = self._sound = 0
        self._queue = 0.0
        self.lesson.world.every(0.05, self._look)
        self.lesson.world.every(1.0, self._note, start=1.0)

    def _look(self) -> None:
        self._queue = max(self._queue, self.link.backlog())

    def _note(self) -> None:
        viewer = self.viewer
        assert viewer is not None
        picture, sound = viewer.video[0], viewer.audio[0]
        session = viewer.session
        octets = viewer.down.octets + 44 * viewer.down.sent
        self.seconds.append(
            Second(
                round(session.outlet.estimator.target_bps),
                8 * (octets - self._octets),
                self._queue,
                session.slots()[0].layer,
                session.video_slots[0].temporal,
                len(picture.decoded) - self._frames,
                len(sound.order) - self._sound,
            )
        )
        self._octets, self._queue = octets, 0.0
        self._frames, self._sound = len(picture.decoded), len(sound.order)

    # --- figures ----------------------------------------------------------------------------------

    def target(self, first: int, last: int) -> float:
        """Mean estimate over seconds `first` … `last`−1 of this viewer, bit/s."""
        return mean(one.target_bps for one in self.seconds[first:last])

    def sent(self, first: int, last: int) -> float:
        """Mean rate on the link, bit/s."""
        return mean(one.sent_bps for one in self.seconds[first:last])

    def queue(self, first: int, last: int) -> float:
        """The longest queue, s."""
        return max(one.queue for one in self.seconds[first:last])

    def switches(self, first: int, last: int) -> int:
        """Changes of the layer."""
        layers = [one.layer for one in self.seconds[first:last]]
        return sum(a is not b for a, b in itertools.pairwise(layers))

    def frozen(self, since: float, until: float) -> float:
        """Seconds in gaps of more than 250 ms between decoded frames, open ones included."""
        assert self.viewer is not None
        joined = self.viewer.joined
        times = [
            one.at - joined
            for one in self.viewer.video[0].decoded
            if since <= one.at - joined < until
        ]
        edges = [since, *times, until]
        gaps = [b - a for a, b in itertools.pairwise(edges)]
        return sum(gap for gap in gaps if gap > 0.25)

    def digest(self) -> str:
        """The same in every run of the same lesson."""
        return hashlib.sha256(repr(self.seconds).encode()).hexdigest()

    def table(self) -> str:
        """A table for a person who looks at a failure."""
        rows = ["  s target   sent queue layer fps sound"]
        for second, one in enumerate(self.seconds):
            layer = f"{one.layer or '-'}{one.temporal}"
            rows.append(
                f"{second:3} {one.target_bps // 1000:6} {one.sent_bps // 1000:6}"
                f" {1000 * one.queue:5.0f} {layer:>5} {one.frames:3} {one.sound:5}"
            )
        return "\n".join(rows)

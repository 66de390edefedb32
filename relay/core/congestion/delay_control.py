"""The rate by delay: the queue that packets meet, and the rate at which they arrive."""

from __future__ import annotations

from typing import NamedTuple

from relay.core.congestion.acknowledged import AcknowledgedRate
from relay.core.congestion.aimd import RateControl
from relay.core.congestion.backlog import Backlog, Queue
from relay.core.congestion.busy import BusyRate
from relay.core.congestion.compete import Competition
from relay.core.congestion.delay import DelayDetector, Usage
from relay.core.congestion.loss import LossControl
from relay.core.congestion.probe import Prober
from relay.core.congestion.sent import Told

LIMITED_BELOW = 0.65  # × the target: less is sent than may be (libwebrtc's ALR threshold)
# × the target, while only a burst queued: the arrivals then tell of the sender. A link that carries
# no more would soon have a longer queue.
_LIMITED_IN_BURST = 0.75
# s; a trend without a queue is jitter: half a frame, and what a link's scheduler may add.
LEAST_QUEUE = 0.015
_CALM = 0.01  # s above the least delay: a packet that waited no longer met no queue
BURST_QUEUE = 0.1  # s; a shorter queue may come from one burst: a probe, a key frame
# bit/s; a rate below makes no queue that others share: their key frames would drive it to nothing.
# If the link itself is that narrow, the queue soon grows beyond a burst.
_SMALL = 200e3
_BURST_SHARE = 0.9  # of the link's rate: the average sent if only a burst queued
_BURST_SAFE = 0.95  # of the link's rate, after a burst showed it
_LONG_TOLD = 0.5  # s of arrivals in feedback that is read in one go
_PEAK_FADES = 0.97  # of the recent peak, per second


class Sending(NamedTuple):
    """The sender's figures.

    Attributes:
        bps: the rate sent lately.
        is_limited: less is sent than may be.
        rtt: s.
    """

    bps: float
    is_limited: bool
    rtt: float


class DelayControl:
    """Turns what feedback tells of delay into a rate.

    Attributes:
        control: the rate.
        acked: the rate that arrives.
        backlog: the queue.
        competition: the contest for a queue that others keep; None while there is none.
    """

    __slots__ = (
        "_busy",
        "_detector",
        "_loss",
        "_peak_at",
        "_peak_bps",
        "_prober",
        "acked",
        "backlog",
        "competition",
        "control",
    )

    def __init__(
        self,
        start_bps: float,
        min_bps: float,
        max_bps: float,
        *,
        loss: LossControl,
        prober: Prober,
        now: float,
    ) -> None:
        """Begin with `start_bps`; `loss` and `prober` are those of the same link."""
        self.control = RateControl(start_bps, min_bps, max_bps)
        self.acked = AcknowledgedRate()
        self.backlog = Backlog()
        self.competition: Competition | None = None
        self._detector = DelayDetector()
        self._busy = BusyRate()
        self._loss = loss
        self._prober = prober
        self._peak_bps = 0.0
        self._peak_at = now

    def reset(self) -> None:
        """Forget the path; the rate stays."""
        self._detector.reset()
        self.acked.reset()
        self.backlog.reset()
        self._busy.reset()
        self.competition = None
        self._peak_bps = 0.0

    @property
    def is_overused(self) -> bool:
        """True while the delay grows."""
        return self._detector.usage is Usage.OVERUSE

    def is_idle(self, told: Told) -> bool:
        """True if feedback shows no queue while less is sent than may be."""
        return (
            told.most - min(self.backlog.base, told.least) < _CALM
            and self.control.application_limited
            and self.backlog.delay < _CALM
            and self.competition is None
        )

    def learn(
        self,
        told: Told,
        mean: float,
        sending: Sending,
        now: float,
        *,
        octets: int,
        packets: int,
        lost: int,
        idle: bool,
    ) -> None:
        """Take feedback, with something received.

        Args:
            told: the feedback.
            mean: s, of the latest waits.
            sending: what was sent meanwhile.
            now: seconds.
            octets: of all packets that it tells of.
            packets: how many these are.
            lost: how many of them did not arrive.
            idle: nothing in it can change the rate; see `is_idle`.
        """
        sent, arrived = told.sent, told.arrived
        if idle:
            self._detector.add_calm(sent, arrived)
        else:
            self._detector.add_all(sent, arrived)
        self.acked.add_all(arrived, told.sizes, sending.is_limited)
        self._busy.add_all(told, self.backlog.base)
        self.backlog.update(
            told.least,
            mean,
            sent_at=sent[-1],
            octets=octets,
            link_bps=self._busy.bps(arrived[-1]),
            now=now,
        )
        self._note_queue(now)
        if self.competition is not None and self.backlog.state is Queue.FOREIGN:
            self._compete(self.competition, packets, lost, sending, now)
        else:
            self._control_rate(arrived[-1], self._arrived_bps(told), sending, now)

    def _note_queue(self, now: float) -> None:
        state = self.backlog.state
        if state is Queue.SHORT and self.competition is not None:
            self.competition = None
            self._loss.reset()
        elif state is Queue.FOREIGN and self.competition is None:
            inherent = self._loss.inherent
            self.competition = Competition(self.control.bps, self._peak_bps, inherent, now)
        self._peak_bps *= _PEAK_FADES ** min(max(now - self._peak_at, 0.0), 1.0)
        self._peak_at = now
        self._peak_bps = max(self._peak_bps, self.control.bps)

    def _compete(
        self, competition: Competition, packets: int, lost: int, sending: Sending, now: float
    ) -> None:
        competition.update(
            packets,
            lost,
            acked_bps=self.acked.bps,
            limited=sending.is_limited,
            rtt=sending.rtt,
            now=now,
        )
        self.control.follow(competition.bps, now)
        if competition.is_hopeless:
            self.competition = None
            self.backlog.claim(now)

    def _arrived_bps(self, told: Told) -> float | None:
        """The rate that arrives: the average of long feedback, else that of the last moments.

        The estimate may be half as much more. The last moments alone, looked at once a second,
        would give the rate of the liveliest of them.
        """
        arrived, sizes = told.arrived, told.sizes
        span = arrived[-1] - arrived[0]
        return 8 * sum(sizes[1:]) / span if span >= _LONG_TOLD else self.acked.bps

    def _control_rate(
        self, arrived_at: float, acked: float | None, sending: Sending, now: float
    ) -> None:
        usage = self._detector.usage
        queue = self.backlog.delay
        if usage is Usage.OVERUSE:
            if queue < LEAST_QUEUE:
                usage = Usage.NORMAL
            else:
                self._prober.on_overuse(queue, now)
                small = self.control.bps < _SMALL
                if queue < BURST_QUEUE and (small or self._prober.disturbs(now)):
                    usage = Usage.UNDERUSE  # hold: the queue is the probe's own, or of others
                else:
                    usage, acked = self._full_rate(usage, acked, arrived_at, sending.bps)
        if self.backlog.is_own:
            if usage is Usage.NORMAL:
                usage = Usage.UNDERUSE  # hold: the queue is on its way out, not the link faster
            busy = self._busy.bps(arrived_at)
            if busy is not None and self.backlog.state is Queue.MEASURING:
                # A queue stands and no more than this arrives: the link carries no more. The delay
                # does not grow where the queue is full.
                self.control.lower_to(_BURST_SAFE * busy)
        self.control.update(usage, acked, sending.rtt, now)

    def _full_rate(
        self, usage: Usage, acked: float | None, arrived_at: float, sent_bps: float
    ) -> tuple[Usage, float | None]:
        """The rate at which the queue grew; the average may be that of an idle sender.

        A burst that the link carries on average is no reason to send less. An estimate above the
        rate that the burst showed is one.
        """
        busy = self._busy.bps(arrived_at)
        burst = self.backlog.delay < BURST_QUEUE
        if acked is None:
            return usage, acked
        if busy is not None and burst and sent_bps < _BURST_SHARE * busy:
            self.control.lower_to(_BURST_SAFE * busy)
            return Usage.UNDERUSE, acked
        if acked > (_LIMITED_IN_BURST if burst else LIMITED_BELOW) * self.control.bps:
            return usage, acked
        if busy is not None:
            return usage, max(acked, busy)
        return (Usage.UNDERUSE if burst else usage), acked

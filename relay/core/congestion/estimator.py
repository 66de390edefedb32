"""What one viewer's link carries: delay, loss, probes and outages put together."""

from __future__ import annotations

import math

from relay.core.congestion.acknowledged import AcknowledgedRate
from relay.core.congestion.aimd import RateControl
from relay.core.congestion.backlog import Backlog, Queue
from relay.core.congestion.busy import BusyRate
from relay.core.congestion.compete import Competition
from relay.core.congestion.delay import DelayDetector, Usage
from relay.core.congestion.heartbeat import Heartbeat
from relay.core.congestion.loss import LossControl
from relay.core.congestion.outage import Outage
from relay.core.congestion.probe import Outcome, Probe, Prober
from relay.core.congestion.remb import RembControl
from relay.core.congestion.sent import SendRate, SentPackets, Told
from relay.core.congestion.shelf import Shelf
from relay.core.congestion.silence import Silence
from relay.core.congestion.state import NEXT_STATES, STATE_OF_ACTION, Reason, State
from relay.core.congestion.trial import Trial
from relay.core.twcc import Feedback

START_BPS = 600_000.0  # between the lowest and the middle layer with sound; probes follow at once
MIN_BPS = 30_000.0  # sound alone
# Per viewer. A camera of 20 Mbit/s, the most that encoders for lessons are set to, with the margin
# that a climb needs.
MAX_BPS = 25_000_000.0

_DEFAULT_RTT = 0.2  # s, until one is known
_RTT_SMOOTHING = 0.25  # per feedback packet
_TICK = 0.03  # s; more often `on_timer` has nothing to do: every second tick of the driver
_CALM_TICK = 0.09  # s; the same while there is nothing to probe for
_LIMITED_BELOW = 0.65  # × the target: less is sent than may be (libwebrtc's ALR threshold)
# The same while only a burst queued: what arrives then tells of the sender. Were it the link that
# carries no more, the queue would soon be longer.
_LIMITED_IN_BURST = 0.75
# A trend without a queue is jitter: 15 ms is half a frame, and what a link's scheduler may add.
_LEAST_QUEUE = 0.015  # s
_LITTLE_LOSS = 0.02
_LONG_TOLD = 0.5  # s of arrivals in what is read as one
_CALM = 0.01  # s above the least delay: a packet that waited no longer met no queue
_BURST_QUEUE = 0.1  # s; up to it a queue may come from one burst: a probe, a key frame
# So little makes no queue that others share: it would be driven to nothing by their key frames. If
# the link itself is that narrow, the queue soon grows beyond a burst.
_SMALL = 200e3  # bit/s
_BURST_SHARE = 0.9  # of the link's rate: what is sent on average if only a burst queued
_BURST_SAFE = 0.95  # of the link's rate, after a burst showed it
_PROBE_LOWERS = 0.9  # of the estimate, at most, by one probe that found the link full
_PEAK_FADES = 0.97  # of the recent peak, per second
_PROBE_QUEUE = 0.05  # s of queue above which there is nothing to probe for
# s from the first packet within which transport-wide feedback comes, on any link but a satellite's.
_ANSWER_WITHIN = 0.5
_QUEUE_GONE = 2.0  # s without any packet after which no queue of ours can stand
_RESUME_SHARE = 0.35  # of the last good estimate: sound and the lowest layer at once
_MOVED_SHARE = 0.5  # of the estimate, on another path
_RECOVERY_TIME = 1.5  # s; after it the link counts as another one
_DIRECTION = {True: State.INCREASING, False: State.DECREASING}


class BandwidthEstimator:
    """One viewer's estimate. All is called per feedback packet or tick; but see `Outlet.send`.

    Args:
        transport_cc: whether the viewer negotiated transport-wide feedback.
        start_bps, min_bps, max_bps: the estimate before anything is known, and its bounds.
        now: seconds.

    Attributes:
        on_sent: `SentPackets.on_sent`.
        sent: what was sent, with its counters.
        target_bps: what may be sent in all, sound, repeats and padding included.
        state: what it is doing.
        reason: what limits it.
        rtt: s; None until known.
        due: before that, `on_timer` has nothing to do.
    """

    def __init__(
        self,
        *,
        transport_cc: bool = True,
        start_bps: float = START_BPS,
        min_bps: float = MIN_BPS,
        max_bps: float = MAX_BPS,
        now: float,
    ) -> None:
        self.sent = SentPackets()
        self.on_sent = self.sent.on_sent
        self.target_bps = start_bps
        self.state = State.STARTING
        self.reason = Reason.START
        self.rtt: float | None = None
        self._min, self._max = min_bps, max_bps
        self._transport_cc = transport_cc
        self._delay = DelayDetector()
        self._acked = AcknowledgedRate()
        self._control = RateControl(start_bps, min_bps, max_bps)
        self._loss = LossControl()
        self._backlog = Backlog()
        self._busy = BusyRate()
        self._prober = Prober()
        self._remb = RembControl(start_bps, min_bps, max_bps)
        self._wanted = self._most_wanted = 0.0
        self._peak_bps = 0.0
        self._peak_at = now
        self._competition: Competition | None = None
        self._epoch = 0
        self._tick_at = now
        self.due = now + _TICK
        self._rate = SendRate(now)
        self._silence = Silence()
        self._shelf = Shelf()
        self._has_feedback = False
        self._has_reports = False
        self._reported_loss = 0.0
        self._outage = Outage()
        self._heartbeat = Heartbeat(now)
        self._trial = Trial()
        self._first_sent_at = math.inf
        self._padless = False  # no probe could be sent: no padding is possible
        self._good_bps = start_bps  # before the outage
        self._resumed_at = -math.inf

    # --- figures ----------------------------------------------------------------------------------

    @property
    def sent_bps(self) -> float:
        """What was sent in the last moments."""
        return self._rate.bps

    @property
    def estimate_bps(self) -> float:
        """What the link is held to carry: the target, but for the time in which a queue drains."""
        drained = self.state is not State.OUTAGE and self._has_feedback
        return min(self._control.bps, self._loss.bps) if drained else self.target_bps

    @property
    def queue_delay(self) -> float:
        """Seconds that a packet waits in the link's queue."""
        return self._backlog.delay

    @property
    def loss(self) -> float:
        """Fraction lost lately."""
        return self._loss.loss if self._has_feedback else self._reported_loss

    @property
    def acked_bps(self) -> float | None:
        """What arrives, if known."""
        return self._acked.bps

    @property
    def probes(self) -> tuple[int, int]:
        """Probes sent, and how many of them found the link full."""
        return self._prober.sent, self._prober.failed

    @property
    def application_limited(self) -> bool:
        """Less is sent than may be."""
        return self.sent_bps < _LIMITED_BELOW * self.target_bps

    @property
    def is_calm(self) -> bool:
        """Whether no queue stands, and hardly anything is lost: the link may well carry more."""
        return self.queue_delay < _LEAST_QUEUE and self.loss < _LITTLE_LOSS

    @property
    def is_judged(self) -> bool:
        """Whether the link was asked for more, by a probe or a trial, and did not carry it."""
        return self._trial.failed or self._prober.failed > 0

    def want(self, bps: float, most_bps: float | None = None) -> None:
        """Name the rates that could be used.

        Args:
            bps: all that is sent, with the next layer up.
            most_bps: with every layer at its best; None: as `bps`.
        """
        self._wanted = bps
        self._most_wanted = bps if most_bps is None else most_bps
        if self._has_wishes():
            self.due = min(self.due, self._tick_at + _TICK)

    # --- feedback ---------------------------------------------------------------------------------

    def on_feedback(self, feedback: Feedback, now: float) -> float | None:
        """Take a transport-wide feedback packet. Never raises, whatever it says.

        Returns:
            The estimate before; None if nothing was learnt that could have changed it.
        """
        told = self.sent.take(feedback, now)
        if self.sent.epoch != self._epoch:
            self._epoch = self.sent.epoch
            self._forget_path()
        if not told.sent:
            for result in told.probes:
                self._prober.add(result)
            return None
        self._note_alive(now - told.sent[-1], now)
        mean = sum(told.waits) / len(told.waits)  # the latest: calm before them would hide a queue
        before = self.estimate_bps
        shelf = self._shelf
        idle = self._is_idle(told)
        if not idle and (calm := shelf.take_old(now)) is not None:
            self._learn(calm, sum(calm.waits) / len(calm.waits), now, idle=True)
        told = shelf.put(told, now)
        if idle and shelf.keeps(now, content=not self._has_wishes()):
            return None
        shelf.take()
        self._learn(told, mean, now, idle=idle)
        return before

    def _is_idle(self, told: Told) -> bool:
        """Whether nothing could change: no queue, no loss, no probe, and less sent than may be."""
        return (
            told.most - min(self._backlog.base, told.least) < _CALM
            and not told.lost
            and not told.probes
            and self._control.application_limited
            and self._backlog.delay < _CALM
            and self._competition is None
            and not self._loss.has_lost
            and (self.state is State.HOLDING or self.state is State.INCREASING)
        )

    def _learn(self, told: Told, mean: float, now: float, *, idle: bool) -> None:
        """Give every control what feedback told, something received; `mean`: the latest waits'."""
        sent, arrived, sizes = told.sent, told.arrived, told.sizes
        received = len(sent)
        for result in told.probes:
            self._prober.add(result)
        if idle:
            self._delay.add_calm(sent, arrived)
        else:
            self._delay.add_all(sent, arrived)
        self._acked.add_all(arrived, sizes, self.application_limited)
        self._busy.add_all(told, self._backlog.base)
        lost = 0
        octets = sum(sizes)
        for sent_at, size in told.lost:
            if sent_at >= self._resumed_at:
                lost += 1
                octets += size
        self._backlog.update(
            told.least,
            mean,
            sent_at=sent[-1],
            octets=octets,
            link_bps=self._busy.bps(arrived[-1]),
            now=now,
        )
        self._note_queue(now)
        if self._competition is not None and self._backlog.state is Queue.FOREIGN:
            self._compete(self._competition, received + lost, lost, now)
        else:
            self._control_rate(arrived[-1], self._arrived_bps(told), now)
        self._loss.add(
            received + lost,
            lost,
            octets,
            delay_bps=self._control.bps,
            acked_bps=self._acked.bps,
            queued=self._backlog.delay > _BURST_QUEUE,
            now=now,
        )
        self._judge_probe(now)
        self._settle()

    def _note_alive(self, rtt: float, now: float) -> None:
        if self.rtt is None:
            self.rtt = max(rtt, 0.0)
        else:
            self.rtt += _RTT_SMOOTHING * (max(rtt, 0.0) - self.rtt)
        self._has_feedback = True
        self._silence.on_feedback(self.sent.octets, self.rtt, now)
        if self.state is State.OUTAGE:
            self._resume(now)

    def _note_queue(self, now: float) -> None:
        state = self._backlog.state
        if state is Queue.SHORT and self._competition is not None:
            self._competition = None
            self._loss.reset()
        elif state is Queue.FOREIGN and self._competition is None:
            inherent = self._loss.inherent
            self._competition = Competition(self._control.bps, self._peak_bps, inherent, now)
        self._peak_bps *= _PEAK_FADES ** min(max(now - self._peak_at, 0.0), 1.0)
        self._peak_at = now
        self._peak_bps = max(self._peak_bps, self._control.bps)

    def _compete(self, competition: Competition, packets: int, lost: int, now: float) -> None:
        competition.update(
            packets,
            lost,
            acked_bps=self._acked.bps,
            limited=self.application_limited,
            rtt=self.rtt or _DEFAULT_RTT,
            now=now,
        )
        self._control.follow(competition.bps, now)
        if competition.is_hopeless:
            self._competition = None
            self._backlog.claim(now)

    def _arrived_bps(self, told: Told) -> float | None:
        """What arrives: the average of what lay on the shelf for long, else of the last moments.

        The estimate may be half as much more; given only the last moments once in a second, it
        would be that of the liveliest.
        """
        arrived, sizes = told.arrived, told.sizes
        span = arrived[-1] - arrived[0]
        return 8 * sum(sizes[1:]) / span if span >= _LONG_TOLD else self._acked.bps

    def _control_rate(self, arrived_at: float, acked: float | None, now: float) -> None:
        usage = self._delay.usage
        queue = self._backlog.delay
        if usage is Usage.OVERUSE:
            if queue < _LEAST_QUEUE:
                usage = Usage.NORMAL
            else:
                self._prober.on_overuse(queue, now)
                small = self._control.bps < _SMALL
                if queue < _BURST_QUEUE and (small or self._prober.disturbs(now)):
                    usage = Usage.UNDERUSE  # hold: it was the probe's own queue, or that of others
                else:
                    usage, acked = self._full_rate(usage, acked, arrived_at)
        if self._backlog.is_own:
            if usage is Usage.NORMAL:
                usage = Usage.UNDERUSE  # hold: the queue is on its way out, not the link faster
            busy = self._busy.bps(arrived_at)
            if busy is not None and self._backlog.state is Queue.MEASURING:
                # A queue stands and this is all that arrives: the link carries no more, though
                # the delay no longer grows where the queue is full.
                self._control.lower_to(_BURST_SAFE * busy)
        self._control.update(usage, acked, self.rtt or _DEFAULT_RTT, now)

    def _full_rate(
        self, usage: Usage, acked: float | None, arrived_at: float
    ) -> tuple[Usage, float | None]:
        """At what rate the queue was seen to grow, where the average is that of an idle sender.

        A burst that the link carries on average is no reason to send less; that it was seen to
        be slower than the estimate is.
        """
        busy = self._busy.bps(arrived_at)
        burst = self._backlog.delay < _BURST_QUEUE
        if acked is None:
            return usage, acked
        if busy is not None and burst and self.sent_bps < _BURST_SHARE * busy:
            self._control.lower_to(_BURST_SAFE * busy)
            return Usage.UNDERUSE, acked
        if acked > (_LIMITED_IN_BURST if burst else _LIMITED_BELOW) * self._control.bps:
            return usage, acked
        if busy is not None:
            return usage, max(acked, busy)
        return (Usage.UNDERUSE if burst else usage), acked

    def _judge_probe(self, now: float) -> None:
        result = self._prober.evaluate(self._control.bps, self._loss.loss, now)
        if result is None:
            return
        self._padless = False
        if self._delay.usage is Usage.OVERUSE:
            return
        self._control.raise_to(result.bps)
        self._loss.on_proven(result.bps)
        if result.outcome is Outcome.FULL:
            # It may have met somebody else's burst: believed by and by.
            self._control.lower_to(max(result.bps, _PROBE_LOWERS * self._control.bps))
        if self.state is State.RECOVERING and result.outcome is Outcome.FULL:
            self._good_bps = self._control.bps

    # --- players without transport-wide feedback --------------------------------------------------

    def on_remb(self, bps: float, now: float) -> None:
        """Take the receiver's own estimate; it counts where no transport-wide feedback comes."""
        self._remb.on_remb(bps, self.sent_bps, now)
        self._on_other_feedback(now)

    def on_report(self, loss: float, rtt: float | None, now: float) -> None:
        """Take a receiver report: the fraction lost since the last one, and the round trip."""
        self._reported_loss += _RTT_SMOOTHING * (min(max(loss, 0.0), 1.0) - self._reported_loss)
        if self._has_feedback:
            return
        if rtt is not None:
            self.rtt = rtt if self.rtt is None else self.rtt + _RTT_SMOOTHING * (rtt - self.rtt)
        self._remb.on_report(loss, self.sent_bps, now)
        self._on_other_feedback(now)

    def _on_other_feedback(self, now: float) -> None:
        self._has_reports = True
        if self._has_feedback:
            return
        self._silence.on_report(self.sent.octets, now)
        if self.state is State.OUTAGE:
            self._recover(now)
            self._outage.end()
        self._settle_fallback()

    def _settle_fallback(self) -> None:
        rose = self._remb.bps - self.target_bps
        self.target_bps = self._remb.bps
        self.reason = Reason.REMB if self._remb.remb_limits else Reason.LOSS
        if self.state is not State.OUTAGE:
            self._move(State.HOLDING if not rose else _DIRECTION[rose > 0])

    # --- time -------------------------------------------------------------------------------------

    def _has_wishes(self) -> bool:
        """Whether more could be used than the link is known to carry, or that is not known yet."""
        unsettled = self.state is State.RECOVERING or self.state is State.STARTING
        return unsettled or self._control.bps < max(self._wanted, self._most_wanted)

    def _answers_otherwise(self, now: float) -> bool:
        """Whether reports, if anything, take the place of transport-wide feedback."""
        if self._has_feedback:
            return False
        overdue = now - self._first_sent_at > _ANSWER_WITHIN
        return self._has_reports or not self._transport_cc or overdue

    def on_timer(self, now: float) -> Probe | None:
        """Call at each tick; a probe to be given to the pacer, if one is due."""
        if now < self.due:
            return None
        elapsed = now - self._tick_at
        self._tick_at = now
        self.due = now + (_TICK if self._has_wishes() else _CALM_TICK)
        self._rate.update(self.sent.octets, now)
        self._heartbeat.look(self.sent.octets, now)
        if self.sent.octets and not math.isfinite(self._first_sent_at):
            self._first_sent_at = now
        rtt = self.rtt or _DEFAULT_RTT
        if self.state is State.OUTAGE or self._is_silent(rtt, now):
            self._decay(now)
            return self._knock(now)
        if self._answers_otherwise(now):
            self._remb.on_timer(elapsed, now)
            self._try(self._remb.bps, now, calm=self._remb.is_calm(now))
            self._settle_fallback()
            return None
        if self.state is State.RECOVERING and now - self._resumed_at > _RECOVERY_TIME:
            self._move(State.HOLDING)
        probe = self._poll_probe(rtt, now)
        if probe is None and self._transport_cc and self.estimate_bps < self._wanted:
            return self._keep_learning(now)
        return probe

    def _keep_learning(self, now: float) -> Probe | None:
        """See to it that a picture left out, the only thing sent, is not left out for ever."""
        if not self._padless:
            return self._heartbeat.poll(now)
        troubled = not self.is_calm or self._delay.usage is Usage.OVERUSE
        if troubled and now - self._heartbeat.quiet_since > _QUEUE_GONE:
            self._forget_path()
            self._settle()
        return None

    def _is_silent(self, rtt: float, now: float) -> bool:
        """Whether an answer is overdue; a player that promised none may never report."""
        if not self._transport_cc and not self._silence.heard:
            return False
        return self._silence.lasts(self.sent.octets, rtt, now)

    def _knock(self, now: float) -> Probe | None:
        """In an outage: see to it that something is sent, which may be answered."""
        beat = self._heartbeat.poll(now)
        if not self._padless and (self._has_feedback or not self._has_reports):
            return beat
        if beat is not None and self._outage.may_attempt(now):
            self._attempt(now)
        return None

    def _attempt(self, now: float) -> None:
        """Send pictures again, since nothing else can tell whether the link is back."""
        self._silence.restart(self.sent.octets)
        self._recover(now)
        if self._answers_otherwise(now):
            self._settle_fallback()
            return
        self._control.restart(self._good_bps)
        self._settle()

    def _recover(self, now: float) -> None:
        self._move(State.RECOVERING)
        self._resumed_at = now

    def _try(self, estimate: float, now: float, *, calm: bool) -> None:
        """Send what is wanted for a while, where no probe can tell whether the link carries it."""
        wanted = min(self._wanted, self._max)
        tried = self._trial.poll(estimate, wanted, now, calm=calm)
        if tried is None:
            return
        self._control.raise_to(tried)
        self._remb.raise_to(tried, now)
        if self._has_feedback:
            self._settle()
        else:
            self.target_bps = tried

    def _decay(self, now: float) -> None:
        if self.state is not State.OUTAGE:
            if self.state is not State.RECOVERING:
                self._good_bps = self._control.bps
            self._move(State.OUTAGE)
            self.reason = Reason.OUTAGE
            self._shelf.take()  # of the path before it
            self._outage.begin(now)
        self.target_bps = self._outage.decayed(self.target_bps, self._min, now)

    def _resume(self, now: float) -> None:
        self._recover(now)  # what was sent before now was lost by the outage, not by the rate
        self._outage.end()
        self._forget_path()
        self._control.restart(max(_RESUME_SHARE * self._good_bps, self._min))
        self._prober.restart(now)

    def _forget_path(self) -> None:
        self._shelf.take()
        self._delay.reset()
        self._acked.reset()
        self._loss.reset()
        self._backlog.reset()
        self._busy.reset()
        self._competition = None
        self._peak_bps = 0.0

    def _poll_probe(self, rtt: float, now: float) -> Probe | None:
        # Probes do not wait for something to be sent: a picture that nobody gets yet sends nothing.
        if not self._transport_cc:
            return None
        if self._delay.usage is Usage.OVERUSE or self._backlog.delay > _PROBE_QUEUE:
            return None
        if math.isfinite(self._loss.bps) and not self._loss.is_past:
            return None  # what loss forbids, no burst can prove
        wanted = self._most_wanted if self._prober.starting else self._wanted
        if self.state is State.RECOVERING:
            wanted = max(wanted, self._good_bps)
        if self._padless:
            self._try(self.estimate_bps, now, calm=self.is_calm)
        return self._prober.poll(self._control.bps, min(wanted, self._max), rtt, now)

    def on_path_change(self, now: float) -> None:
        """The session moved to another address (ICE restart): start anew from half the rate.

        Unless nothing was learnt yet: while a session comes up its peer may try several.
        """
        self._trial.forget()
        if not self._has_feedback:
            return
        self._forget_path()
        self._control.restart(max(_MOVED_SHARE * self._control.bps, self._min))
        self._prober.restart(now)
        if self.state is not State.OUTAGE:  # else its end will
            self._settle()

    def abandon_probe(self, now: float) -> None:
        """The pacer could not send the probe (`Pacer.abandoned`)."""
        self._prober.abandon(now)
        self._padless = True

    # --- the target -------------------------------------------------------------------------------

    def _settle(self) -> None:
        """Bring together what each control allows."""
        control = self._control
        bps, self.reason = control.bps, Reason.DELAY
        if bps >= self._max:
            self.reason = Reason.MAXIMUM
        elif control.application_limited:
            self.reason = Reason.APPLICATION
        if self._competition is not None:
            self.reason = Reason.COMPETITION
        elif self._loss.bps < bps:
            bps, self.reason = self._loss.bps, Reason.LOSS
        factor = self._backlog.factor
        if factor < 1.0:
            bps, self.reason = bps * factor, Reason.QUEUE
        self.target_bps = min(max(bps, self._min), self._max)
        if self.state is not State.RECOVERING:
            self._move(STATE_OF_ACTION[control.action])

    def _move(self, state: State) -> None:
        if state is not self.state and state not in NEXT_STATES[self.state]:
            raise RuntimeError(f"{self.state.name} does not lead to {state.name}")
        self.state = state

"""The estimate of one viewer's link: delay, loss, probes and outages put together."""

from __future__ import annotations

import math

from relay.core.congestion.answers import Answers
from relay.core.congestion.delay_control import (
    BURST_QUEUE,
    LEAST_QUEUE,
    LIMITED_BELOW,
    DelayControl,
    Sending,
)
from relay.core.congestion.feedback_buffer import FeedbackBuffer
from relay.core.congestion.heartbeat import Heartbeat
from relay.core.congestion.loss import LossControl
from relay.core.congestion.outage import Outage
from relay.core.congestion.probe import Outcome, Probe, Prober
from relay.core.congestion.remb import RembControl
from relay.core.congestion.sent import SendRate, SentPackets, Told
from relay.core.congestion.state import NEXT_STATES, STATE_OF_ACTION, Reason, State
from relay.core.congestion.trial import Trial
from relay.core.wire.twcc import Feedback

START_BPS = 600_000.0  # between the lowest and the middle layer with sound; probes follow at once
MIN_BPS = 30_000.0  # sound alone
# Per viewer. A camera of 20 Mbit/s, the most that encoders for lessons are set to, with the margin
# that a climb needs.
MAX_BPS = 25_000_000.0

_TICK = 0.03  # s; more often `on_timer` has nothing to do: every second tick of the driver
_CALM_TICK = 0.09  # s; the same while there is nothing to probe for
_LITTLE_LOSS = 0.02
_PROBE_LOWERS = 0.9  # of the estimate, at most, by one probe that found the link full
_PROBE_QUEUE = 0.05  # s of queue above which there is nothing to probe for
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
        self._answers = Answers(transport_cc=transport_cc)
        self._min, self._max = min_bps, max_bps
        self._transport_cc = transport_cc
        self._loss = LossControl()
        self._prober = Prober()
        self._delay = DelayControl(
            start_bps, min_bps, max_bps, loss=self._loss, prober=self._prober, now=now
        )
        self._control = self._delay.control
        self._backlog = self._delay.backlog
        self._remb = RembControl(start_bps, min_bps, max_bps)
        self._wanted = self._most_wanted = 0.0
        self._epoch = 0
        self._tick_at = now
        self.due = now + _TICK
        self._rate = SendRate(now)
        self._buffer = FeedbackBuffer()
        self._outage = Outage()
        self._heartbeat = Heartbeat(now)
        self._trial = Trial()
        self._padless = False  # no probe could be sent: no padding is possible
        self._good_bps = start_bps  # before the outage
        self._resumed_at = -math.inf

    # --- figures ----------------------------------------------------------------------------------

    @property
    def sent_bps(self) -> float:
        """The rate sent in the last moments."""
        return self._rate.bps

    @property
    def estimate_bps(self) -> float:
        """The rate of the link: the target, but for the time in which a queue drains."""
        drained = self.state is not State.OUTAGE and self._answers.has_feedback
        return min(self._control.bps, self._loss.bps) if drained else self.target_bps

    @property
    def queue_delay(self) -> float:
        """Seconds that a packet waits in the link's queue."""
        return self._backlog.delay

    @property
    def loss(self) -> float:
        """Fraction lost lately."""
        return self._loss.loss if self._answers.has_feedback else self._answers.reported_loss

    @property
    def rtt(self) -> float | None:
        """Seconds; None until known."""
        return self._answers.rtt

    @property
    def acked_bps(self) -> float | None:
        """The rate that arrives, if known."""
        return self._delay.acked.bps

    @property
    def probes(self) -> tuple[int, int]:
        """Probes sent, and how many of them found the link full."""
        return self._prober.sent, self._prober.failed

    @property
    def application_limited(self) -> bool:
        """True while less is sent than may be."""
        return self.sent_bps < LIMITED_BELOW * self.target_bps

    @property
    def is_calm(self) -> bool:
        """True if no queue stands and little is lost: the link may well carry more."""
        return self.queue_delay < LEAST_QUEUE and self.loss < _LITTLE_LOSS

    @property
    def is_judged(self) -> bool:
        """True if a probe or a trial asked the link for more than it carried."""
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
        self._answers.on_feedback(self.sent.octets, now - told.sent[-1], now)
        if self.state is State.OUTAGE:
            self._resume(now)
        mean = sum(told.waits) / len(told.waits)  # the latest: calm before them would hide a queue
        before = self.estimate_bps
        buffer = self._buffer
        idle = self._is_idle(told)
        if not idle and (calm := buffer.take_old(now)) is not None:
            self._learn(calm, sum(calm.waits) / len(calm.waits), now, idle=True)
        told = buffer.put(told, now)
        if idle and buffer.holds(now, content=not self._has_wishes()):
            return None
        buffer.take()
        self._learn(told, mean, now, idle=idle)
        return before

    def _is_idle(self, told: Told) -> bool:
        """True if nothing can change: no queue, no loss, no probe, and less sent than may be."""
        return (
            self._delay.is_idle(told)
            and not told.lost
            and not told.probes
            and not self._loss.has_lost
            and (self.state is State.HOLDING or self.state is State.INCREASING)
        )

    def _learn(self, told: Told, mean: float, now: float, *, idle: bool) -> None:
        """Give every control what feedback told, something received; `mean`: the latest waits'."""
        for result in told.probes:
            self._prober.add(result)
        lost = 0
        octets = sum(told.sizes)
        for sent_at, size in told.lost:
            if sent_at >= self._resumed_at:
                lost += 1
                octets += size
        packets = len(told.sent) + lost
        sending = Sending(self.sent_bps, self.application_limited, self._answers.likely_rtt)
        self._delay.learn(
            told, mean, sending, now, octets=octets, packets=packets, lost=lost, idle=idle
        )
        self._loss.add(
            packets,
            lost,
            octets,
            delay_bps=self._control.bps,
            acked_bps=self._delay.acked.bps,
            queued=self._backlog.delay > BURST_QUEUE,
            now=now,
        )
        self._judge_probe(now)
        self._settle()

    def _judge_probe(self, now: float) -> None:
        result = self._prober.evaluate(self._control.bps, self._loss.loss, now)
        if result is None:
            return
        self._padless = False
        if self._delay.is_overused:
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
        self._answers.on_receiver_report(loss, rtt)
        if not self._answers.has_feedback:
            self._remb.on_report(loss, self.sent_bps, now)
            self._on_other_feedback(now)

    def _on_other_feedback(self, now: float) -> None:
        self._answers.on_report(self.sent.octets, now)
        if self._answers.has_feedback:
            return
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
        """True if the viewer could use more than the link is known to carry."""
        unsettled = self.state is State.RECOVERING or self.state is State.STARTING
        return unsettled or self._control.bps < max(self._wanted, self._most_wanted)

    def on_timer(self, now: float) -> Probe | None:
        """Call at each tick; a probe to be given to the pacer, if one is due."""
        if now < self.due:
            return None
        elapsed = now - self._tick_at
        self._tick_at = now
        self.due = now + (_TICK if self._has_wishes() else _CALM_TICK)
        self._rate.update(self.sent.octets, now)
        self._heartbeat.look(self.sent.octets, now)
        answers = self._answers
        answers.look(self.sent.octets, now)
        if self.state is State.OUTAGE or answers.are_overdue(self.sent.octets, now):
            self._decay(now)
            return self._knock(now)
        if answers.are_reports(now):
            self._remb.on_timer(elapsed, now)
            self._try(self._remb.bps, now, calm=self._remb.is_calm(now))
            self._settle_fallback()
            return None
        if self.state is State.RECOVERING and now - self._resumed_at > _RECOVERY_TIME:
            self._move(State.HOLDING)
        probe = self._poll_probe(now)
        if probe is None and self._transport_cc and self.estimate_bps < self._wanted:
            return self._keep_learning(now)
        return probe

    def _keep_learning(self, now: float) -> Probe | None:
        """See to it that a picture left out, the only thing sent, is not left out for ever."""
        if not self._padless:
            return self._heartbeat.poll(now)
        troubled = not self.is_calm or self._delay.is_overused
        if troubled and now - self._heartbeat.quiet_since > _QUEUE_GONE:
            self._forget_path()
            self._settle()
        return None

    def _knock(self, now: float) -> Probe | None:
        """In an outage: see to it that something is sent, which may be answered."""
        beat = self._heartbeat.poll(now)
        if not self._padless and (self._answers.has_feedback or not self._answers.has_reports):
            return beat
        if beat is not None and self._outage.may_attempt(now):
            self._attempt(now)
        return None

    def _attempt(self, now: float) -> None:
        """Send pictures again, since nothing else can tell whether the link is back."""
        self._answers.restart(self.sent.octets)
        self._recover(now)
        if self._answers.are_reports(now):
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
        if self._answers.has_feedback:
            self._settle()
        else:
            self.target_bps = tried

    def _decay(self, now: float) -> None:
        if self.state is not State.OUTAGE:
            if self.state is not State.RECOVERING:
                self._good_bps = self._control.bps
            self._move(State.OUTAGE)
            self.reason = Reason.OUTAGE
            self._buffer.take()  # of the path before it
            self._outage.begin(now)
        self.target_bps = self._outage.decayed(self.target_bps, self._min, now)

    def _resume(self, now: float) -> None:
        self._recover(now)  # what was sent before now was lost by the outage, not by the rate
        self._outage.end()
        self._forget_path()
        self._control.restart(max(_RESUME_SHARE * self._good_bps, self._min))
        self._prober.restart(now)

    def _forget_path(self) -> None:
        self._buffer.take()
        self._delay.reset()
        self._loss.reset()

    def _poll_probe(self, now: float) -> Probe | None:
        # Probes do not wait for something to be sent: a picture that nobody gets yet sends nothing.
        if not self._transport_cc:
            return None
        if self._delay.is_overused or self._backlog.delay > _PROBE_QUEUE:
            return None
        if math.isfinite(self._loss.bps) and not self._loss.is_past:
            return None  # what loss forbids, no burst can prove
        wanted = self._most_wanted if self._prober.starting else self._wanted
        if self.state is State.RECOVERING:
            wanted = max(wanted, self._good_bps)
        if self._padless:
            self._try(self.estimate_bps, now, calm=self.is_calm)
        wanted = min(wanted, self._max)
        return self._prober.poll(self._control.bps, wanted, self._answers.likely_rtt, now)

    def on_path_change(self, now: float) -> None:
        """The session moved to another address (ICE restart): start anew from half the rate.

        Unless nothing was learnt yet: while a session comes up its peer may try several.
        """
        self._trial.forget()
        if not self._answers.has_feedback:
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
        if self._delay.competition is not None:
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

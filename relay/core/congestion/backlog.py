"""The link's queue: its length, and an experiment that tells whose queue it is.

The delay gradient tells that a queue grows, not that a queue stands. So the sender sends less for a
moment when a queue stands. Our own queue then shrinks by exactly the missing bytes. A queue that a
TCP flow keeps full does not shrink. Yielding to such a flow would leave us nothing, so the sender
leaves that queue alone.
"""

from __future__ import annotations

import math
from enum import Enum, auto

_WINDOW = 30.0  # s; the least delay of the last one to two windows counts as the empty queue
_SMOOTHING = 0.5  # per update
_STANDS_ABOVE = 0.12  # s of queue
_GONE_BELOW = 0.06  # s
_MEASURED = 0.3  # s of arrivals until the link's rate is known well enough to drain below it
_FACTOR = 0.5  # of the link's rate is sent to drain it: 1 s of queue is gone in 2 s
_EXPERIMENT = 0.4  # s of sending whose delays are compared
_MAX_EXPERIMENT = 1.5  # s; then it must do
_MAX_SHARE = 0.75  # of the link's rate: with more really sent, the experiment shows nothing
_LEAST_SHRINKING = -0.1  # s/s
_OWN_SHARE = 0.5  # of the shrinking to be expected of our own queue, for it to count as that
# Sound is most of what such a link carries, so a fight for more would cost the sound. Reports and
# the control channel take so much of it that our own queue may stand.
_NARROW = 100e3  # bit/s
_FOREIGN_FOR = 30.0  # s for which a queue that did not shrink is left alone, doubled each time …
_MAX_FOREIGN = 240.0  # s … up to this
# A delay that hardly varies for so long is no queue: the path became longer.
_STEADY_FOR = 5.0  # s
_STEADY_SPREAD = 0.03  # s


class Queue(Enum):
    """States of the queue, and of the work on it."""

    SHORT = auto()
    MEASURING = auto()  # it stands; at what rate does it let us through?
    DRAINING = auto()  # less than that is sent
    FOREIGN = auto()  # it is not ours


_NEXT = {
    Queue.SHORT: {Queue.MEASURING},
    Queue.MEASURING: {Queue.SHORT, Queue.DRAINING},
    Queue.DRAINING: {Queue.SHORT, Queue.MEASURING, Queue.FOREIGN},
    Queue.FOREIGN: {Queue.SHORT, Queue.MEASURING},
}


class Backlog:
    """The one-way delay above its minimum.

    Attributes:
        delay: seconds that a packet waits, smoothed.
        state: see `Queue`.
    """

    __slots__ = (
        "_first",
        "_foreign_for",
        "_least",
        "_link_bps",
        "_octets",
        "_range",
        "_since",
        "_window_end",
        "delay",
        "state",
    )

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget the path."""
        self.delay = 0.0
        self.state = Queue.SHORT
        self._foreign_for = _FOREIGN_FOR / 2
        self._least = (math.inf, math.inf)  # of the window before and of this one
        self._window_end: float | None = None
        self._since = 0.0  # when the state began
        self._first: tuple[float, float] | None = None  # sending time and delay in the experiment
        self._octets = 0  # sent in the experiment
        self._link_bps = 0.0  # before it
        self._range = (math.inf, 0.0)  # of the delay while the queue is foreign

    @property
    def base(self) -> float:
        """The least delay, up to the clocks' difference; infinite while nothing is known."""
        return min(self._least)

    @property
    def factor(self) -> float:
        """The part of the estimate to send now."""
        return _FACTOR if self.state is Queue.DRAINING else 1.0

    @property
    def is_own(self) -> bool:
        """True while a queue stands that counts as ours so far."""
        return self.state is Queue.MEASURING or self.state is Queue.DRAINING

    def update(
        self,
        least: float,
        mean: float,
        *,
        sent_at: float,
        octets: int,
        link_bps: float | None,
        now: float,
    ) -> None:
        """Take a feedback packet's figures.

        Args:
            least: the least of arrival - sending time.
            mean: their mean, of the latest feedback packet.
            sent_at: when the latest of the packets was sent.
            octets: their bytes.
            link_bps: the rate at which packets leave the queue, if there was one.
            now: seconds.
        """
        if self._window_end is None:
            self._window_end = now + _WINDOW
        elif now >= self._window_end and self.state is Queue.SHORT:
            self._window_end = now + _WINDOW
            self._least = (self._least[1], math.inf)
        self._least = (self._least[0], min(self._least[1], least))
        waited = max(mean - self.base, 0.0)
        self.delay += _SMOOTHING * (waited - self.delay)
        if self.state is Queue.SHORT:
            self._foreign_for = _FOREIGN_FOR / 2
            if self.delay > _STANDS_ABOVE:
                self._move(Queue.MEASURING, now)
        elif self.delay < _GONE_BELOW:
            self._move(Queue.SHORT, now)
        elif self.state is Queue.DRAINING:
            self._judge(waited, sent_at, octets, now)
        elif self.state is Queue.MEASURING:
            if now - self._since < _MEASURED:
                return
            if self.delay < _STANDS_ABOVE:
                self._move(Queue.SHORT, now)  # it was a burst, on its way out
            elif link_bps is not None:
                self._link_bps = link_bps
                self._move(Queue.DRAINING, now)
        else:
            self._watch_foreign(now)

    def _watch_foreign(self, now: float) -> None:
        low, high = self._range
        self._range = low, high = min(low, self.delay), max(high, self.delay)
        elapsed = now - self._since
        if elapsed >= _STEADY_FOR and high - low < _STEADY_SPREAD:
            self._least = (math.inf, self.base + low)
            self.delay = 0.0
            self._move(Queue.SHORT, now)
        elif elapsed >= self._foreign_for:
            self._move(Queue.MEASURING, now)

    def _judge(self, waited: float, sent_at: float, octets: int, now: float) -> None:
        if sent_at <= self._since:
            return
        if self._first is None:
            self._first = (sent_at, waited)
            return
        self._octets += octets
        elapsed = sent_at - self._first[0]
        if elapsed < _EXPERIMENT:
            return
        share = 8 * self._octets / elapsed / self._link_bps
        if share > _MAX_SHARE and elapsed < _MAX_EXPERIMENT:
            return  # the pacer still had much to send
        # Sound is most of what arrives, so no less can be sent. Losses will soon tell whether the
        # link carries no more, or others leave us no more (`Competition`).
        shrunk = (waited - self._first[1]) / elapsed < _OWN_SHARE * min(share - 1, _LEAST_SHRINKING)
        own = shrunk or self._link_bps < _NARROW
        self._move(Queue.MEASURING if own else Queue.FOREIGN, now)
        if not own:
            self._foreign_for = min(2 * self._foreign_for, _MAX_FOREIGN)

    def claim(self, now: float) -> None:
        """Call the queue ours: too much of what we send is lost for it to be others'."""
        if self.state is Queue.FOREIGN:
            self._move(Queue.MEASURING, now)

    def _move(self, state: Queue, now: float) -> None:
        if state not in _NEXT[self.state]:
            raise RuntimeError(f"{self.state.name} does not lead to {state.name}")
        self.state = state
        self._since = now
        self._first = None
        self._octets = 0
        self._range = (math.inf, 0.0)

"""Rate control beside flows that fill the queue, as TCP does.

Delay says nothing of our share while others keep the queue long. A flow that steps back for delay
starves. TCP flows go by losses at each overflow of the queue, and so does this control. The rate
rises by a fixed amount and steps down by a factor once per overflow, so shares converge. At half
the link, the rise regains one step within the 5 to 10 s between two overflows of a CUBIC flow.
"""

from __future__ import annotations

_RISE_PER_SECOND = 0.025  # × the peak
_FAIR_SHARE = 0.5  # of the peak: the rate may rise so far though less is sent, to try it
_BETA = 0.9  # CUBIC's is 0.7 (RFC 9438 §4.6), but it rises faster
_OVERFLOW = 0.05  # loss in a window above the usual, taken for an overflow
_QUIET = 0.02  # loss below which the rate may rise
_WINDOW = 0.5  # s
_MIN_PACKETS = 10  # in a window
_MAX_INTERVAL = 1.0  # s
_ACKED_BOUND = 1.5  # × acknowledged
_HOPELESS = 0.2  # loss that lasts: this looks like our own overflow, try again whose queue it is
_SMOOTHING = 0.1  # per window, of that loss: the overflow of a TCP start lasts some seconds


class Competition:
    """The estimate while the queue is not ours.

    Args:
        bps: to begin with; half the peak, if that is more.
        peak_bps: the estimate before the others came.
        usual_loss: the link's own.
        now: seconds.

    Attributes:
        bps: the estimate.
    """

    __slots__ = (
        "_at",
        "_lost",
        "_packets",
        "_peak",
        "_quiet",
        "_smoothed",
        "_stepped_at",
        "_usual",
        "_window_at",
        "bps",
    )

    def __init__(self, bps: float, peak_bps: float, usual_loss: float, now: float) -> None:
        self._peak = max(peak_bps, bps)
        self.bps = max(bps, _FAIR_SHARE * self._peak)
        self._usual = usual_loss
        self._at = self._window_at = self._stepped_at = now
        self._packets = self._lost = 0
        self._quiet = True
        self._smoothed = 0.0  # loss above the usual, over some 4 s

    @property
    def is_hopeless(self) -> bool:
        """True if so much is lost that there may be nobody to compete with."""
        return self._smoothed > _HOPELESS

    def update(
        self,
        packets: int,
        lost: int,
        *,
        acked_bps: float | None,
        limited: bool,
        rtt: float,
        now: float,
    ) -> None:
        """Take what a feedback packet told; `limited`: less is sent than may be."""
        elapsed = min(max(now - self._at, 0.0), _MAX_INTERVAL)
        self._at = now
        self._packets += packets
        self._lost += lost
        if now - self._window_at >= _WINDOW and self._packets >= _MIN_PACKETS:
            loss = self._lost / self._packets - self._usual
            self._quiet = loss < _QUIET
            # What an overflow cost is reported over a round trip; it counts once.
            if loss > _OVERFLOW and not limited and now - self._stepped_at > rtt + _WINDOW:
                self.bps *= _BETA
                self._stepped_at = now
            self._smoothed += _SMOOTHING * (loss - self._smoothed)
            self._packets = self._lost = 0
            self._window_at = now
        if self._quiet:
            raised = self.bps + _RISE_PER_SECOND * self._peak * elapsed
            if acked_bps is not None:
                raised = min(raised, max(_ACKED_BOUND * acked_bps, _FAIR_SHARE * self._peak))
            self.bps = max(self.bps, raised)

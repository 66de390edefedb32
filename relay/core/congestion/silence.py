"""Notices that nothing comes back: the link is gone, in one direction or both."""

from __future__ import annotations

_FIRST = 3.0  # s from the first packet; a satellite hop and a browser's start included
_PATIENCE = 0.6  # s without transport-wide feedback: six times its usual interval
_RTT_SHARE, _MAX_PATIENCE = 0.5, 1.2  # + share of the round trip, at most (s)
_REPORT_PATIENCE = 6.0  # s without receiver report, where there is nothing else (RFC 3550 §6.2: 5)


class Silence:
    """Watches what was sent against what was heard.

    Attributes:
        heard: something came back so far.
    """

    __slots__ = ("_heard_at", "_octets", "_patience", "_unanswered_since", "heard")

    def __init__(self) -> None:
        self.heard = False
        self._heard_at = 0.0
        self._octets = 0  # sent, when something was last heard
        self._unanswered_since: float | None = None
        self._patience = _MAX_PATIENCE

    def on_feedback(self, octets: int, rtt: float, now: float) -> None:
        """Note transport-wide feedback, when so many bytes had been sent."""
        self._patience = min(_PATIENCE + _RTT_SHARE * rtt, _MAX_PATIENCE)
        self._note(octets, now)

    def on_report(self, octets: int, now: float) -> None:
        """Note a receiver report, where nothing better is to be expected."""
        self._patience = _REPORT_PATIENCE
        self._note(octets, now)

    def restart(self, octets: int) -> None:
        """Wait no more for answers to what was sent so far, only to what follows."""
        self._octets = octets
        self._unanswered_since = None

    def _note(self, octets: int, now: float) -> None:
        self.heard = True
        self._heard_at = now
        self._octets = octets
        self._unanswered_since = None

    def lasts(self, octets: int, rtt: float, now: float) -> bool:
        """True if an answer is overdue, a round trip after sending; `octets` are sent by now."""
        if octets == self._octets:
            return False
        if self._unanswered_since is None:
            self._unanswered_since = now
        if self.heard and now - self._heard_at <= self._patience:
            return False
        if not self.heard:
            return now - self._unanswered_since > _FIRST
        expected = max(self._heard_at, self._unanswered_since + min(rtt, _MAX_PATIENCE))
        return now - expected > self._patience

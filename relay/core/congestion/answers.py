"""Answers to what was sent: their kind, their round trip, and whether they stop."""

from __future__ import annotations

import math

from relay.core.congestion.silence import Silence

# s from the first packet within which transport-wide feedback comes, on any link but a satellite's.
_ANSWER_WITHIN = 0.5
_DEFAULT_RTT = 0.2  # s, until one is known
_SMOOTHING = 0.25  # per feedback packet or report


class Answers:
    """The answers of one viewer: transport-wide feedback, or reports in its place.

    Attributes:
        rtt: s; None until known.
        has_feedback: transport-wide feedback came.
        has_reports: a receiver report or a REMB came.
        reported_loss: fraction lost lately, by receiver reports.
    """

    __slots__ = (
        "_first_sent_at",
        "_promised",
        "_silence",
        "has_feedback",
        "has_reports",
        "reported_loss",
        "rtt",
    )

    def __init__(self, *, transport_cc: bool) -> None:
        """`transport_cc`: the viewer promised transport-wide feedback."""
        self.rtt: float | None = None
        self.has_feedback = self.has_reports = False
        self.reported_loss = 0.0
        self._promised = transport_cc
        self._silence = Silence()
        self._first_sent_at = math.inf

    @property
    def likely_rtt(self) -> float:
        """The round trip, or a usual one until it is known; s."""
        return self.rtt or _DEFAULT_RTT

    def on_feedback(self, octets: int, rtt: float, now: float) -> None:
        """Note transport-wide feedback, when so many bytes had been sent."""
        smoothed = self._smooth_rtt(max(rtt, 0.0))
        self.has_feedback = True
        self._silence.on_feedback(octets, smoothed, now)

    def on_receiver_report(self, loss: float, rtt: float | None) -> None:
        """Note the figures of a receiver report."""
        loss = min(max(loss, 0.0), 1.0)
        self.reported_loss += _SMOOTHING * (loss - self.reported_loss)
        if rtt is not None and not self.has_feedback:
            self._smooth_rtt(rtt)

    def on_report(self, octets: int, now: float) -> None:
        """Note a receiver report or a REMB, when so many bytes had been sent."""
        self.has_reports = True
        if not self.has_feedback:
            self._silence.on_report(octets, now)

    def _smooth_rtt(self, rtt: float) -> float:
        if self.rtt is not None:
            rtt = self.rtt + _SMOOTHING * (rtt - self.rtt)
        self.rtt = rtt
        return rtt

    def look(self, octets: int, now: float) -> None:
        """Note at each tick how much was sent in all."""
        if octets and not math.isfinite(self._first_sent_at):
            self._first_sent_at = now

    def restart(self, octets: int) -> None:
        """Wait no more for answers to what was sent so far, only to what follows."""
        self._silence.restart(octets)

    def are_reports(self, now: float) -> bool:
        """True if reports, or nothing, take the place of transport-wide feedback."""
        if self.has_feedback:
            return False
        overdue = now - self._first_sent_at > _ANSWER_WITHIN
        return self.has_reports or not self._promised or overdue

    def are_overdue(self, octets: int, now: float) -> bool:
        """True if an answer is overdue. A player that promised none may never report."""
        if not self._promised and not self._silence.heard:
            return False
        return self._silence.lasts(octets, self.likely_rtt, now)

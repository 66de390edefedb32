"""RTCP to a publisher: transport-wide feedback, receiver reports, requests."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence

from relay.core.counters import Counters
from relay.core.incoming.layer import IncomingLayer
from relay.core.wire import rtcp_writer
from relay.core.wire.twcc import ArrivalLog

CNAME = "tongke-relay"
_REPORT_INTERVAL_S = 1.0  # s
_FEEDBACK_INTERVAL_S = 0.08  # s; the draft's 50–100 ms, in whole ticks
_MAX_FEEDBACK_INTERVAL_S = 0.24  # s; at low rates
_FEEDBACK_BITS = 900.0  # bits of the link for one packet of feedback, headers included
_FEEDBACK_SHARE = 0.05  # of the rate that comes, at most for feedback, as in libwebrtc


class Reports:
    """The RTCP that one publisher gets.

    Attributes:
        arrivals: the transport-wide numbers that came.
        media_ssrc: of the latest packet with such a number.
    """

    __slots__ = (
        "_counters",
        "_feedback_at",
        "_feedback_interval",
        "_prelude",
        "_report_at",
        "_send_rtcp",
        "_ssrc",
        "arrivals",
        "media_ssrc",
    )

    def __init__(
        self, session_id: str, send_rtcp: Callable[[bytes], None], counters: Counters, now: float
    ) -> None:
        self.arrivals = ArrivalLog()
        self.media_ssrc = 0
        self._send_rtcp = send_rtcp
        self._counters = counters
        self._report_at = self._feedback_at = now
        self._feedback_interval = _FEEDBACK_INTERVAL_S
        # The relay's own SSRC is fixed per session, so that runs are repeatable.
        own = zlib.crc32(session_id.encode()) or 1
        self._ssrc = own
        description = rtcp_writer.source_description(own, CNAME)
        self._prelude = rtcp_writer.receiver_report(own) + description

    def send(self, media: int, make: Callable[[int, int], bytes]) -> None:
        """Send one packet about a stream; `make` gets the relay's SSRC and the stream's."""
        self._send_rtcp(self._prelude + make(self._ssrc, media))

    def send_feedback(self, now: float) -> None:
        """Send transport-wide feedback, if it is due."""
        if now - self._feedback_at < self._feedback_interval:
            return
        self._feedback_at = now
        for body in self.arrivals.feedback():
            self._counters.transport_feedback_sent += 1
            feedback = rtcp_writer.transport_feedback(self._ssrc, self.media_ssrc, body)
            self._send_rtcp(self._prelude + feedback)

    def send_reports(self, layers: Sequence[IncomingLayer], now: float) -> bool:
        """Send a receiver report of all streams, if it is due; whether it was."""
        if now - self._report_at < _REPORT_INTERVAL_S:
            return False
        self._report_at = now
        blocks = [block for layer in layers if (block := layer.report_block(now))]
        if blocks:
            description = rtcp_writer.source_description(self._ssrc, CNAME)
            self._send_rtcp(rtcp_writer.receiver_report(self._ssrc, blocks) + description)
        self._pace_feedback(sum(layer.meter.bitrate_bps for layer in layers))
        return True

    def _pace_feedback(self, received_bps: int) -> None:
        """Choose how often feedback goes out.

        A weak link is often weak both ways: reports on its weakness must not fill it.
        """
        due = _FEEDBACK_BITS / (_FEEDBACK_SHARE * received_bps) if received_bps else 0.0
        self._feedback_interval = min(max(due, _FEEDBACK_INTERVAL_S), _MAX_FEEDBACK_INTERVAL_S)

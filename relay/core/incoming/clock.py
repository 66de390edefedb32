"""Clocks of publishers: RTP timestamps become capture times on the relay's clock.

All streams of a publishing session share one offset between its NTP clock and the relay's. So sound
and picture keep exactly the relation that the publisher gave them (RFC 3550 §6.4.1). Sender reports
tell the offset. Until a stream's first report its earliest arrivals stand in.

A packet may also tell its own capture time (abs-capture-time [1]), on the same clock as the
reports. That time is better than the reports' time of the stream. libwebrtc's reports tell the
moment of sending, which for sound lies up to 26 ms after the capture [2]. The offset between the
clocks always comes from the reports.

[1] https://webrtc.googlesource.com/src/+/refs/heads/main/docs/native-code/rtp-hdrext/abs-capture-time
[2] `RTCPSender::BuildSR` counts on from the last packet's timestamp at the rate of its payload
    type. For RED the rate is unknown, and 8 kHz stand for 48. Without RED, older versions assume
    that a 20 ms packet's first sample was captured when the packet is sent.
"""

from __future__ import annotations

from relay.core.wire.serial import extend

NTP_UNIX_OFFSET = 2_208_988_800  # seconds from 1900 to 1970
_NTP_FRACTION = 1 << 32
_CAPTURE_OCTETS = 8  # bytes of the element; twice as many with another machine's clock offset
_WINDOW_S = 30.0  # s; two of these hold the minimum, long against jitter, short against clock drift
_STEP_S = 2.0  # s; samples further off mean that the sender's clock was set
_CAPTURE_SPACING_S = 0.5  # s; libwebrtc tells capture times once a second, others may each time
_CAPTURE_TRUST_S = 10.0  # s without a capture time, after which a stream goes by its reports
_MAX_CAPTURE_AGE_S = 10.0  # s; an older capture is on another clock
_MAX_CAPTURE_AHEAD_S = 1.0  # s into the future; the first report may have waited so long
_MAX_DISAGREEMENT_S = 2.0  # s between told times and arrivals; beyond, arrivals count
_LATE_SAMPLES = 3  # in a row, to be believed: a busy machine delays one or two


def ntp_to_unix(ntp: int) -> float:
    """A 64-bit NTP timestamp as Unix seconds."""
    return ntp / _NTP_FRACTION - NTP_UNIX_OFFSET


def unix_to_ntp(unix: float) -> int:
    """Unix seconds as a 64-bit NTP timestamp (wraps in 2036, as RFC 3550 allows)."""
    return int((unix + NTP_UNIX_OFFSET) * _NTP_FRACTION) & 0xFFFFFFFFFFFFFFFF


def read_capture_time(element: bytes) -> int | None:
    """The NTP timestamp, on the sender's clock, of an abs-capture-time element.

    Returns:
        None if it is malformed.
    """
    if len(element) not in (_CAPTURE_OCTETS, 2 * _CAPTURE_OCTETS):
        return None
    captured = int.from_bytes(element[:_CAPTURE_OCTETS], "big")
    # A mixer's: captured on a clock that is ahead of the sender's by the second value.
    ahead = int.from_bytes(element[_CAPTURE_OCTETS:], "big", signed=True)
    return (captured - ahead) & 0xFFFFFFFFFFFFFFFF


class WindowedMinimum:
    """The minimum of the samples of the last one to two windows: follows drift, ignores jitter.

    A sample far below the minimum is true at once, since nothing comes early. A sample far above
    may be a delayed one: several in a row are needed.
    """

    __slots__ = ("_current", "_late", "_previous", "_since", "value")

    def __init__(self) -> None:
        self.value: float | None = None
        self._late: list[float] = []
        self._current: float | None = None
        self._previous: float | None = None
        self._since = 0.0

    def add(self, sample: float, now: float) -> bool:
        """Take a sample; True if `value` changed."""
        if self.value is not None and sample > self.value + _STEP_S:
            self._late.append(sample)
            if len(self._late) < _LATE_SAMPLES:
                return False
            sample = min(self._late)
            self.value = None
        self._late.clear()
        if self.value is None or sample < self.value - _STEP_S:
            self._current, self._previous, self._since = sample, None, now
        elif now - self._since > _WINDOW_S:
            self._current, self._previous, self._since = sample, self._current, now
        elif self._current is None or sample < self._current:
            self._current = sample
        before = self.value
        self.value = self._current
        if self._previous is not None and self._current is not None:
            self.value = min(self._current, self._previous)
        return self.value != before


class SessionClock:
    """The offset of one publisher's NTP clock: ours = theirs + `offset`."""

    __slots__ = ("_minimum",)

    def __init__(self) -> None:
        self._minimum = WindowedMinimum()

    @property
    def offset(self) -> float | None:
        """Seconds, None before the first sender report."""
        return self._minimum.value

    def on_report(self, ntp: int, now: float) -> bool:
        """Take a sender report that arrived at `now`; True if the offset changed."""
        return self._minimum.add(now - ntp_to_unix(ntp), now)


class StreamClock:
    """Maps one stream's extended RTP timestamps to the relay's clock and back."""

    __slots__ = ("_captured_at", "_session", "_told_rtp", "_told_unix", "_transit", "rate")

    def __init__(self, session: SessionClock, rate: int) -> None:
        self.rate = rate
        self._session = session
        self._told_unix = 0.0
        self._told_rtp: int | None = None
        self._captured_at: float | None = None  # when a packet last told its capture time
        self._transit = WindowedMinimum()

    def reset(self) -> None:
        """The stream began anew; forget its reports."""
        self._told_rtp = None
        self._captured_at = None
        self._transit = WindowedMinimum()

    def on_arrival(self, timestamp: int, now: float) -> None:
        """The first packet of a frame arrived."""
        self._transit.add(now - timestamp / self.rate, now)

    def on_report(self, ntp: int, rtp_timestamp: int, near: int, now: float) -> None:
        """Take a sender report of this stream that arrived at `now`, unless packets know better.

        Its RTP timestamp is extended near the extended timestamp `near`.
        """
        if self._captured_at is None or now - self._captured_at > _CAPTURE_TRUST_S:
            self._told_unix = ntp_to_unix(ntp)
            self._told_rtp = extend(rtp_timestamp, near, 32)

    def on_capture(self, ntp: int, rtp_timestamp: int, near: int, now: float) -> bool:
        """Take a packet's own capture time, on the clock of the sender reports; as `on_report`.

        Returns:
            Whether it was taken: not before the first report, nor too often, nor if it cannot be.
        """
        offset = self._session.offset
        too_soon = self._captured_at is not None and now - self._captured_at < _CAPTURE_SPACING_S
        if offset is None or too_soon:
            return False
        unix = ntp_to_unix(ntp)
        if not -_MAX_CAPTURE_AHEAD_S <= now - offset - unix <= _MAX_CAPTURE_AGE_S:
            return False
        self._captured_at = now
        self._told_unix = unix
        self._told_rtp = extend(rtp_timestamp, near, 32)
        return True

    def near(self, timestamp: int, highest: int) -> int:
        """The extended timestamp near which one of 32 bits belongs.

        Args:
            timestamp: from the wire.
            highest: the highest extended timestamp so far; −1 before any packet.
        """
        if highest >= 0:
            return highest
        told = self._told_rtp  # a report may come before the first packet
        # One cycle on, so that −1 keeps its meaning: half of all streams begin above 2^31.
        return (1 << 32) + timestamp if told is None else told

    def stood_still(self, ticks: int, silence: float) -> bool:
        """True if RTP time stood still in a pause: it went on by so few ticks in so many seconds.

        It does before Chromium 111. The mapping to capture time is then wrong by the pause. Takers
        go on by arrival until a capture time or the next sender report sets the clock anew. Where
        time went on, a pause counts whole, but for the link's delay of its end.
        """
        return ticks / self.rate < silence / 2

    def shares_session(self, other: StreamClock) -> bool:
        """True if both streams' capture times go by one clock of one publisher."""
        return self._session is other._session

    @property
    def last_told(self) -> int | None:
        """The extended RTP timestamp whose capture time was told last."""
        return self._told_rtp

    def capture_time(self, timestamp: int) -> float | None:
        """The capture time of a sample, on the relay's clock; None before a sender report."""
        offset = self._session.offset
        if self._told_rtp is None or offset is None:
            return None
        return self._told_unix + offset + (timestamp - self._told_rtp) / self.rate

    def timestamp_at(self, moment: float) -> int | None:
        """The extended RTP timestamp of a moment on the relay's clock; None before any packet.

        Other people's lip sync depends on this time, so a publisher's word counts only near its
        arrivals.
        """
        transit = self._transit.value
        if transit is None:
            return None
        by_arrival = round((moment - transit) * self.rate)
        offset = self._session.offset
        if self._told_rtp is None or offset is None:
            return by_arrival
        told = self._told_rtp + round((moment - offset - self._told_unix) * self.rate)
        return told if abs(told - by_arrival) <= _MAX_DISAGREEMENT_S * self.rate else by_arrival

"""Missing packets of a stream: when to ask for them again, and when to give up."""

from __future__ import annotations

_MAX_MISSING = 256  # packets awaited at once; a larger hole needs a key frame, not NACKs
_MAX_TRIES = 10  # requests per packet, as libwebrtc
_GIVE_UP_S = 1.0  # s after which a packet is too late for anybody
_FIRST_DELAY_S = 0.01  # s; leaves reordered packets time to come by themselves
_MIN_SPACING_S = 0.02  # s between two requests for the same packet, as libwebrtc
_DEFAULT_RTT_S = 0.1  # s, until the first repair has been timed
_SURE_TRIES = 3  # after these each waits twice as long: answers may take longer than known


class _Missing:
    __slots__ = ("due", "first_sent", "since", "tries")

    def __init__(self, now: float) -> None:
        self.since = now
        self.due = now + _FIRST_DELAY_S
        self.first_sent = 0.0
        self.tries = 0


class MissingPackets:
    """The packets of one stream that are awaited, by extended sequence number.

    Attributes:
        rtt: smoothed seconds from a first request to the repair, None before one was timed.
        next_due: no packet is to be asked for before this.
    """

    __slots__ = ("_missing", "next_due", "rtt")

    def __init__(self) -> None:
        self._missing: dict[int, _Missing] = {}
        self.next_due = 0.0
        self.rtt: float | None = None

    def __len__(self) -> int:
        return len(self._missing)

    def on_gap(self, first: int, stop: int, now: float) -> bool:
        """Packets `first` … `stop`−1 did not come; False if the hole is too large."""
        if len(self._missing) + stop - first > _MAX_MISSING:
            self._missing.clear()
            return False
        if not self._missing or now + _FIRST_DELAY_S < self.next_due:
            self.next_due = now + _FIRST_DELAY_S
        for number in range(first, stop):
            self._missing[number] = _Missing(now)
        return True

    def on_packet(self, number: int, now: float) -> None:
        """A packet came after all."""
        entry = self._missing.pop(number, None)
        if entry is not None and entry.tries == 1:
            sample = now - entry.first_sent
            if sample > 0:  # else the packet was already here, unread, when it was asked for
                self.rtt = sample if self.rtt is None else self.rtt + (sample - self.rtt) / 8

    def due(self, now: float) -> tuple[list[int], int]:
        """The packets to request now, in rising order, and the number of those given up."""
        spacing = max(_MIN_SPACING_S, 1.25 * (self.rtt or _DEFAULT_RTT_S))
        wanted: list[int] = []
        hopeless: list[int] = []
        for number, entry in self._missing.items():
            if now < entry.due:
                continue
            if entry.tries >= _MAX_TRIES or now - entry.since > _GIVE_UP_S:
                hopeless.append(number)
                continue
            entry.tries += 1
            entry.due = now + spacing * 2 ** max(0, entry.tries - _SURE_TRIES)
            if entry.tries == 1:
                entry.first_sent = now
            wanted.append(number)
        for number in hopeless:
            del self._missing[number]
        self.next_due = min((entry.due for entry in self._missing.values()), default=now)
        return sorted(wanted), len(hopeless)

    def clear(self) -> None:
        """Forget all: the stream began anew."""
        self._missing.clear()

"""A watch for packets of a video track that are lost for good, while the lesson runs."""

from __future__ import annotations

from recorder.core.rtp import Unwrapper

REPAIR_TIME_S = 0.6  # s for the relay's retransmissions before a key frame is asked for
MAX_MISSING = 512  # sequence numbers; bounds memory and work


class LossWatch:
    """Follows one track's sequence numbers."""

    def __init__(self) -> None:
        self._sequence = Unwrapper(16)
        self._missing: dict[int, float] = {}

    def on_packet(self, sequence: int, now: float) -> None:
        """Note the sequence number of a packet."""
        last = self._sequence.last
        extended = self._sequence.near(sequence)
        if last is not None and extended <= last:
            self._missing.pop(extended, None)
            return
        self._sequence.extend(sequence)
        if last is not None and extended > last + 1:
            for number in range(max(last + 1, extended - MAX_MISSING), extended):
                self._missing[number] = now
            while len(self._missing) > MAX_MISSING:
                del self._missing[next(iter(self._missing))]

    def take_unrepaired(self, now: float) -> bool:
        """Tell once of each loss that was not repaired in time."""
        overdue = [n for n, since in self._missing.items() if now - since > REPAIR_TIME_S]
        for number in overdue:
            del self._missing[number]
        return bool(overdue)

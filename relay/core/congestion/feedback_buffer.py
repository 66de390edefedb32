"""A buffer for feedback that can change nothing: the buffered is read in one go.

Most feedback says that all is well. Giving each packet of it to every control would cost more than
everything else that is done with it.
"""

from __future__ import annotations

from relay.core.congestion.sent import Told

_HOLD_S = 0.15  # s; a viewer that could use more is to know soon what its link carries
_HOLD_CONTENT_S = 0.95  # s; a viewer that has all that it wants can wait
_MAX_PACKETS = 1024  # packets; bounds the memory: a second of 8 Mbit/s in full packets is 830


class FeedbackBuffer:
    """Feedback that was told and is not read yet.

    Attributes:
        told: the buffered feedback; None if there is none.
    """

    __slots__ = ("_since", "told")

    def __init__(self) -> None:
        self.told: Told | None = None
        self._since = 0.0

    def put(self, told: Told, now: float) -> Told:
        """Add feedback, and return all that is buffered then."""
        if self.told is None:
            self.told = told
            self._since = now
        else:
            self.told.add(told)
        return self.told

    def holds(self, now: float, *, content: bool) -> bool:
        """True if the buffered feedback may wait on; `content`: the viewer could use no more."""
        told = self.told
        if told is None or len(told.sent) >= _MAX_PACKETS:
            return False
        return now - self._since < (_HOLD_CONTENT_S if content else _HOLD_S)

    def take(self) -> Told | None:
        """Take everything out."""
        told, self.told = self.told, None
        return told

    def take_old(self, now: float) -> Told | None:
        """Take out feedback that is too old to be read together with trouble: it would hide it.

        Returns:
            None if the buffer is empty, or holds nothing old.
        """
        return self.take() if now - self._since >= _HOLD_S else None

"""Feedback that can change nothing is put aside, to be read as one.

Most feedback says that all is well, and to give it to every control costs more than all else that
is done with it.
"""

from __future__ import annotations

from relay.core.congestion.sent import Told

# s for which feedback lies here. Of a viewer that could use more it is soon to be known what its
# link carries; of one that has all that it wants it will do within a second.
_FOR, _FOR_CONTENT = 0.15, 0.95
_MOST = 1024  # packets, for the sake of memory: a second of 8 Mbit/s in full ones is 830


class Shelf:
    """What was told and not yet read.

    Attributes:
        told: it; None if nothing lies here.
    """

    __slots__ = ("_since", "told")

    def __init__(self) -> None:
        self.told: Told | None = None
        self._since = 0.0

    def put(self, told: Told, now: float) -> Told:
        """Put something on it; all that lies there then."""
        if self.told is None:
            self.told = told
            self._since = now
        else:
            self.told.add(told)
        return self.told

    def keeps(self, now: float, *, content: bool) -> bool:
        """Whether what lies here may go on lying; `content`: nothing more could be used."""
        told = self.told
        if told is None or len(told.sent) >= _MOST:
            return False
        return now - self._since < (_FOR_CONTENT if content else _FOR)

    def take(self) -> Told | None:
        """Take all."""
        told, self.told = self.told, None
        return told

    def take_old(self, now: float) -> Told | None:
        """Take what has lain too long to be read together with trouble, which it would hide.

        Returns:
            None if nothing lies here, or nothing old.
        """
        return self.take() if now - self._since >= _FOR else None

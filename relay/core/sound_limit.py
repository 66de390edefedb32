"""How many sounds at once a viewer's link carries.

Two voices that the link cannot carry together are both lost in part, and repairs of them as well:
then nothing is understood. So the quieter ones are left out, and the loudest goes alone.
"""

from __future__ import annotations

# × what one more sound would make of all sound: as with layers, the estimate may fall to 0.85 of
# itself when a queue begins, and that must not silence anybody again.
_UP_MARGIN = 1.3
_SHORT_FOR = 0.4  # s that all sounds are more than the estimate: it dips for as long by itself
_FIRST_PATIENCE = 2.0  # s that there is room before another sound is tried
_MAX_PATIENCE = 60.0  # s
_FAILED_WITHIN = 15.0  # s: a sound that must go so soon after it came was a mistake


class SoundLimit:
    """The limit of one viewer.

    Attributes:
        most: so many at most are to be heard now; at least 1.
    """

    __slots__ = ("_patience", "_room_since", "_rose_at", "_short_since", "most")

    def __init__(self, count: int) -> None:
        """`count`: how many slots for sound there are."""
        self.most = max(count, 1)
        self._patience = _FIRST_PATIENCE
        self._rose_at = float("-inf")
        self._short_since: float | None = None
        self._room_since: float | None = None

    def look(
        self, heard: int, wanted: int, sound_bps: float, carried_bps: float, now: float
    ) -> bool:
        """Compare what is heard with what the link carries; call it at each upkeep.

        Args:
            heard: how many sounds flow.
            wanted: how many would, were there no limit.
            sound_bps: what they take, without repetitions, headers included.
            carried_bps: the estimate of what the link carries in all.
            now: seconds.

        Returns:
            Whether `most` changed.
        """
        before = self.most
        if heard > 1 and sound_bps > carried_bps:
            self._room_since = None
            if self._short_since is None:
                self._short_since = now
            elif now - self._short_since >= _SHORT_FOR:
                self._fall(max(1, int(carried_bps / (sound_bps / heard))), now)
            return self.most != before
        self._short_since = None
        if not 0 < heard < wanted or carried_bps < _UP_MARGIN * sound_bps * (heard + 1) / heard:
            self._room_since = None
        elif self._room_since is None:
            self._room_since = now
        elif now - self._room_since >= self._patience:
            self.most += 1
            self._rose_at, self._room_since = now, None
        return self.most != before

    def _fall(self, most: int, now: float) -> None:
        self._short_since = None
        failed = now - self._rose_at < _FAILED_WITHIN
        self._patience = min(2 * self._patience, _MAX_PATIENCE) if failed else _FIRST_PATIENCE
        self.most = most

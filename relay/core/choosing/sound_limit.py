"""The number of sounds that a viewer's link carries at once.

Two voices that the link cannot carry together are both lost in part, and so are their repairs.
Nothing is understood then. So the sound that matters less is left out, and the rest is whole.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

# × the rate of all sound with one more. The estimate may fall to 0.85 of itself when a queue
# begins. That must not silence anybody again.
_UP_MARGIN = 1.3
_LEAST_BPS = 45e3  # bit/s: who is silent just now (DTX) may speak at any time
_SHORT_FOR = 0.4  # s that all sounds are more than the estimate: it dips for as long by itself
_FIRST_PATIENCE = 2.0  # s that there is room before another sound is tried
_MAX_PATIENCE = 60.0  # s
_ALL = 1 << 16  # sounds
_FAILED_WITHIN = 30.0  # s: a sound that must go so soon after it came was a mistake


class SoundLimit:
    """The limit of one viewer.

    Attributes:
        most: so many at most are to be heard now; more than anybody has until the link proved too
            narrow.
        wanted_bps: what the link must carry for one more; 0 while nobody is left out.
    """

    __slots__ = ("_patience", "_room_since", "_rose_at", "_short_since", "most", "wanted_bps")

    def __init__(self) -> None:
        self.most = _ALL
        self.wanted_bps = 0.0
        self._patience = _FIRST_PATIENCE
        self._rose_at = -math.inf
        self._short_since: float | None = None
        self._room_since: float | None = None

    def pause(self) -> None:
        """Forget waits: nothing is known of the link for a while."""
        self._short_since = self._room_since = None

    def look(
        self, rates: Sequence[float], carried_bps: float, now: float, beside_bps: float = 0.0
    ) -> bool:
        """Compare what is heard with what the link carries; call it at each upkeep.

        Args:
            rates: of all that could be heard, what matters most first; bit/s on the link, without
                repetitions.
            carried_bps: the estimate of what the link carries in all.
            now: seconds.
            beside_bps: what the pictures shown take at their lowest. They go for the sake of sounds
                that are heard; one that is left out does not come back to drive them away.

        Returns:
            Whether `most` changed.
        """
        heard = min(self.most, len(rates))
        sound = sum(rates[:heard])
        left_out = heard < len(rates)
        more = max(sound, heard * _LEAST_BPS) + max(rates[heard], _LEAST_BPS) if left_out else 0.0
        self.wanted_bps = _UP_MARGIN * more + beside_bps if left_out else 0.0
        is_short = heard > 1 and sound > carried_bps
        if not is_short:
            self._short_since = None
        elif self._short_since is None:
            self._short_since = now
        if is_short or not left_out or carried_bps < self.wanted_bps:
            self._room_since = None
        elif self._room_since is None:
            self._room_since = now
        if self._short_since is not None and now - self._short_since >= _SHORT_FOR:
            self._fall(_fitting(rates[:heard], carried_bps), now)
            return True
        if self._room_since is not None and now - self._room_since >= self._patience:
            self.most = heard + 1
            self._rose_at, self._room_since = now, None
            return True
        return False

    def _fall(self, most: int, now: float) -> None:
        self._short_since = None
        failed = now - self._rose_at < _FAILED_WITHIN
        self._patience = min(2 * self._patience, _MAX_PATIENCE) if failed else _FIRST_PATIENCE
        self.most = most


def _fitting(rates: Sequence[float], carried_bps: float) -> int:
    """Count how many of the first sounds the link carries; one at least."""
    fitting, sound = 1, rates[0]
    for rate in rates[1:]:
        sound += rate
        if sound > carried_bps:
            break
        fitting += 1
    return fitting

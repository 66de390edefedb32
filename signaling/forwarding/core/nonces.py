"""The nonces that a door has seen, for as long as an envelope could come a second time."""

from __future__ import annotations

from signaling.forwarding.core.envelope import WINDOW_MS

GENERATION_MS = 2 * WINDOW_MS  # a nonce signed by a clock ahead of ours is good for so long
MAX_PER_GENERATION = 200_000  # 3,300 requests/s; 25 MB


class NonceBook:
    """Remembers nonces in two generations; the older one is forgotten whole.

    Each nonce is kept for one generation at least, and for two at most.
    """

    def __init__(self, most: int = MAX_PER_GENERATION) -> None:
        self._most = most
        self._recent: set[str] = set()
        self._older: set[str] = set()
        self._began_ms: int | None = None

    def __len__(self) -> int:
        return len(self._recent) + len(self._older)

    def is_full(self, now_ms: int) -> bool:
        """Tell whether no further nonce can be kept. Forgetting one would let it come again."""
        self._turn(now_ms)
        return len(self._recent) >= self._most

    def take(self, nonce: str, now_ms: int) -> bool:
        """Note a nonce; False if it was seen before. `now_ms` is steady time."""
        self._turn(now_ms)
        if nonce in self._recent or nonce in self._older:
            return False
        self._recent.add(nonce)
        return True

    def _turn(self, now_ms: int) -> None:
        if self._began_ms is None:
            self._began_ms = now_ms
        passed = (now_ms - self._began_ms) // GENERATION_MS
        if passed > 0:
            self._older = self._recent if passed == 1 else set()
            self._recent = set()
            self._began_ms += passed * GENERATION_MS

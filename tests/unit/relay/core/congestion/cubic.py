"""A bulk TCP flow with CUBIC (RFC 9438) beside the flow under test: window and loss."""

from __future__ import annotations

from tests.simulated.network import World
from tests.unit.relay.core.congestion.link import Bottleneck

_SEGMENT = 1500
_C, _BETA = 0.4, 0.7  # RFC 9438 §4.1.2, §4.6
_DUPLICATES = 3
_TIMEOUT = 3.0


class Cubic:
    """Always has data to send; acknowledgements come back lossless after `back_delay`."""

    def __init__(self, world: World, link: Bottleneck, *, start: float = 0.0) -> None:
        self._world, self._link = world, link
        self._back = 0.03
        self._window, self._threshold = 10.0, 1e9  # segments
        self._most, self._epoch = 0.0, -1.0
        self._next = 0  # number of the next segment
        self._flying: dict[int, float] = {}
        self._recover = -1
        self._acked_at = world.now
        self._done = False
        self.delivered = 0
        world.after(start, self._send)
        world.every(0.2, self._check, start)

    def stop(self) -> None:
        """The file is through."""
        self._done = True

    def _send(self) -> None:
        while not self._done and len(self._flying) < self._window:
            number, self._next = self._next, self._next + 1
            self._flying[number] = self._world.now
            self._link.send(_SEGMENT, lambda number=number: self._arrived(number))

    def _arrived(self, number: int) -> None:
        self.delivered += _SEGMENT
        self._world.after(self._back, lambda: self._acked(number))

    def _acked(self, number: int) -> None:
        self._acked_at = self._world.now
        sent_at = self._flying.pop(number, None)
        if sent_at is None:
            return
        lost = [one for one in self._flying if one < number - _DUPLICATES]
        for one in lost:
            del self._flying[one]
        if lost and max(lost) > self._recover:
            self._back_off()
        elif self._window < self._threshold:
            self._window += 1
        else:
            self._grow(self._world.now - sent_at)
        self._send()

    def _back_off(self) -> None:
        self._recover = self._next
        self._most = self._window
        self._window = self._threshold = max(self._window * _BETA, 2.0)
        self._epoch = self._world.now

    def _grow(self, rtt: float) -> None:
        if self._epoch < 0:
            self._epoch = self._world.now
        k = (self._most * (1 - _BETA) / _C) ** (1 / 3)
        elapsed = self._world.now - self._epoch + rtt
        target = _C * (elapsed - k) ** 3 + self._most
        reno = self._most * _BETA + 3 * (1 - _BETA) / (1 + _BETA) * elapsed / rtt
        target = min(max(target, reno), 1.5 * self._window)
        self._window += max(target - self._window, 0.0) / self._window

    def _check(self) -> None:
        if self._flying and self._world.now - self._acked_at > _TIMEOUT:
            self._flying.clear()
            self._threshold, self._window = max(self._window / 2, 2.0), 2.0
            self._acked_at = self._world.now
            self._send()

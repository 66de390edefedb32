"""Spreads what is sent to one viewer over time, so that a key frame does not build a queue.

The pacer is a leaky bucket: each packet moves the moment at which the bucket is empty. While that
moment is near, packets pass straight through for one comparison and one addition. Else they wait.
Sound overtakes waiting packets, and waiting packets can still be dropped as a whole.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable
from enum import IntEnum

from relay.core.congestion.probe import Probe

_TICK = 0.02  # s; the driver's (`RelayConfig.tick_s`)
BURST = 0.02  # s at the pacing rate that pass at once: hardly more often would the timer look
_MAX_DEBT = 0.25  # s; sound that exceeds an outage's rate does not hold up what follows for long
_FACTOR = 1.5  # pacing rate ÷ estimate
_MAX_FACTOR = 2.5  # while more waits than leaves in time (libwebrtc's pacing factor)
_MAX_WAIT = 0.4  # s in which all that waits is to have left
_DROP_AFTER = 0.5  # s that a packet waits at most: the rate fell while it did
_MAX_QUEUED = 512 * 1024  # bytes, whatever the rate
_PROBE_CHUNKS = 6  # a probe's padding is asked for in so many parts
_PROBE_TIMEOUT = 0.3  # s beyond its own length
_MIN_RATE = 10_000.0  # bit/s
_MAX_PADDING = 255  # bytes of RTP padding in a packet (RFC 3550 §5.1)


class Priority(IntEnum):
    """The order of leaving. Sound never waits."""

    AUDIO = 0
    RETRANSMISSION = 1
    VIDEO = 2
    PADDING = 3


_QUEUES = len(Priority)
_Queued = tuple[object, int, float]  # data, bytes, since


class Pacer:
    """One viewer's packets on their way out.

    Args:
        send: sends a packet that waited: (data, size in bytes, now). The transport-wide number is
            to be written there and not before, so that numbers rise in the order of sending.
        fill: sends padding or repeats of about so many bytes at `now`. No packet of it is larger.
            Returns how many bytes it sent, 0 if it cannot.
        tick: seconds between calls of `on_timer`: what a probe sends in one go lasts so long.

    Attributes:
        held: something waits or a probe is under way: there is no straight way through.
        free: when the bucket is empty.
        seconds_per_byte: at the pacing rate. These three are public for `Outlet.send`, which goes
            the straight way of `on_packet` by itself.
        probe: the number of the probe under way, to be given to `on_sent`; 0 if none is.
        queued_bytes: what waits.
        dropped_bytes: what was dropped so far because it waited too long or too much waited.
    """

    __slots__ = (
        "_fill",
        "_plan",
        "_probe_at",
        "_probe_bytes",
        "_probe_packets",
        "_queues",
        "_rate",
        "_send",
        "_tick",
        "abandoned",
        "dropped_bytes",
        "free",
        "held",
        "probe",
        "queued_bytes",
        "seconds_per_byte",
    )

    def __init__(
        self,
        send: Callable[[object, int, float], None],
        fill: Callable[[int, float], int],
        tick: float = _TICK,
    ) -> None:
        self._send = send
        self._fill = fill
        self._tick = tick
        self._queues: tuple[deque[_Queued], ...] = tuple(deque() for _ in range(_QUEUES))
        self.held = False
        self.free = -math.inf
        self._rate = _MIN_RATE
        self.seconds_per_byte = 0.0
        self.set_rate(_MIN_RATE)
        self._plan: Probe | None = None
        self._probe_at = 0.0
        self._probe_bytes = self._probe_packets = 0
        self.probe = 0
        self.abandoned = False
        self.queued_bytes = 0
        self.dropped_bytes = 0

    def set_rate(self, target_bps: float) -> None:
        """Take the estimate; cheap, call it whenever that may have changed."""
        self._rate = max(target_bps, _MIN_RATE)
        self.seconds_per_byte = 8 / (_FACTOR * self._rate)

    def on_packet(self, data: object, size: int, priority: int, now: float) -> bool:
        """Offer a packet.

        Returns:
            True: the caller is to send it now. False: it waits, or was dropped (see
            `dropped_bytes`); `send` is called when its turn comes.
        """
        if not self.held:
            free = self.free
            if free <= now:
                self.free = now + size * self.seconds_per_byte
                return True
            if free <= now + BURST:
                self.free = free + size * self.seconds_per_byte
                return True
            if not priority:
                self._account(size, now)
                return True
        elif not priority:
            self._account(size, now)
            return True
        self._queue(data, size, priority, now)
        return False

    def _queue(self, data: object, size: int, priority: int, now: float) -> None:
        if self.queued_bytes + size > self._bound():
            self.dropped_bytes += size
            return
        self._queues[priority].append((data, size, now))
        self.queued_bytes += size
        self.held = True

    def _bound(self) -> float:
        """Bytes that leave in time at the highest pacing rate."""
        return min(_MAX_FACTOR * self._rate * _MAX_WAIT / 8 + 1500, _MAX_QUEUED)

    def _account(self, size: int, now: float) -> None:
        """Charge what is sent while the straight way is closed."""
        free = max(self.free, now) + size * self.seconds_per_byte
        self.free = min(free, now + _MAX_DEBT)
        if self.probe:
            self._probe_bytes += size
            self._probe_packets += 1

    # --- time -------------------------------------------------------------------------------------

    @property
    def next_due(self) -> float:
        """The time at which `on_timer` has something to do; infinite if nothing waits."""
        plan = self._plan
        if plan is not None:
            half = plan.size_bytes / (2 * _PROBE_CHUNKS)  # of the part that may be sent ahead
            return self._probe_at + 8 * max(self._probe_bytes - half, 0) / plan.bps
        return self.free if self.held else math.inf

    def on_timer(self, now: float) -> None:
        """Send what is due. Call at `next_due` or soon after: 1–5 ms for probes, else a tick."""
        if not self.held:
            return
        self._drop_old(now)
        if self._plan is not None:
            self._on_probe(self._plan, now)
        self._drain(now)

    def _drain(self, now: float) -> None:
        if self._plan is None:
            # So fast that the last in the queue leaves in time.
            needed = 8 * self.queued_bytes / _MAX_WAIT
            rate = min(max(_FACTOR * self._rate, needed), _MAX_FACTOR * self._rate)
            self.seconds_per_byte = 8 / rate
            while self.queued_bytes and self.free <= now + BURST:
                self._send_next(now)
            self.seconds_per_byte = 8 / (_FACTOR * self._rate)
        self.held = self.queued_bytes > 0 or self._plan is not None

    def _send_next(self, now: float) -> None:
        for queue in self._queues:
            if queue:
                data, size, _ = queue.popleft()
                self.queued_bytes -= size
                self._account(size, now)
                self._send(data, size, now)
                return

    def _drop_old(self, now: float) -> None:
        for queue in self._queues:
            while queue and now - queue[0][2] > _DROP_AFTER:
                _, size, _ = queue.popleft()
                self.queued_bytes -= size
                self.dropped_bytes += size

    def clear(self, priority: int) -> None:
        """Forget what waits at a priority: its layer was left."""
        queue = self._queues[priority]
        while queue:
            self.queued_bytes -= queue.popleft()[1]

    # --- probes -----------------------------------------------------------------------------------

    def start(self, plan: Probe, now: float) -> None:
        """Send a probe: all that leaves from now on belongs to it, until it is large enough."""
        self._plan = plan
        self.probe = plan.number
        self.abandoned = False
        self._probe_at = now
        self._probe_bytes = self._probe_packets = 0
        self.held = True
        self.on_timer(now)

    def _on_probe(self, plan: Probe, now: float) -> None:
        chunk = max(plan.size_bytes // _PROBE_CHUNKS, math.ceil(plan.bps * self._tick / 8))
        due = plan.bps * (now - self._probe_at) / 8 + chunk
        while self._probe_bytes < due:
            if self.queued_bytes:
                self._send_next(now)
            else:
                # `fill` sends by the caller's own way, not through `on_packet`.
                part = max(plan.size_bytes // _PROBE_CHUNKS, 1)
                filled = self._fill(min(part, math.ceil(due - self._probe_bytes)), now)
                if filled <= 0:
                    self._end_probe(abandoned=True)
                    return
                self._probe_packets += math.ceil(filled / max(part, _MAX_PADDING))
                self._probe_bytes += filled
                free = max(self.free, now) + filled * self.seconds_per_byte
                self.free = min(free, now + _MAX_DEBT)
            if self._probe_bytes >= plan.size_bytes and self._probe_packets >= plan.packets:
                self._end_probe(abandoned=False)
                return
        if now - self._probe_at > 8 * plan.size_bytes / plan.bps + _PROBE_TIMEOUT:
            self._end_probe(abandoned=True)

    def _end_probe(self, *, abandoned: bool) -> None:
        self._plan = None
        self.probe = 0
        self.abandoned = abandoned

"""The way out to one viewer: every packet is numbered, paced and remembered here.

Slots hand in finished packets. If the viewer negotiated transport-wide feedback, a slot also says
where the number stands. A packet that may leave at once already carries `number` + 1. A packet that
had to wait gets its number when it leaves: numbers must rise in the order of sending.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import cast

from relay.core.congestion.estimator import BandwidthEstimator
from relay.core.congestion.pacer import BURST, Pacer
from relay.core.congestion.sent import REMEMBERED, RING_MASK
from relay.core.wire.twcc import Feedback

_U16 = struct.Struct("!H")
# Bytes of the link beside the RTP packet: SRTP tag (AES-GCM), UDP, IPv4 headers.
OVERHEAD = 16 + 8 + 20

_REPAIR_SHARE = 0.25  # of the rate: enough for a tenth lost and asked for twice, with headers
_REPAIR_BURST_S = 0.5  # s of that share may go at once
_MIN_REPAIR_OCTETS = 4000.0  # bytes at once: three packets, whatever the rate
# Loss from which every repair goes out twice. At this loss one in three pictures of twenty
# packets loses something, and one in a hundred loses the repair as well.
_LOSSY_SHARE = 0.02
_LONG_RTT_S = 0.2  # s; from here every repair goes out twice: a second round trip is a freeze
_MAX_QUEUE_S = 0.06  # s; a longer queue may be the relay's own, and repeats would lengthen it
_PACE_S = 0.005  # s between two calls of `pace`, as the driver makes them, or a little later

Filler = Callable[[int, float], int]
# The origin of a packet: a key of its slot, and its outgoing sequence number.
Origin = tuple[int, int]


class Outlet:
    """One viewer's outgoing RTP.

    Attributes:
        number: the transport-wide number last used.
        far: the round trip is long. Then slots tell each packet's `origin` before `send`, and
            `take_lost` knows by it which packets were lost.
        origin: the origin of the next packet for `send`; None if nobody may ask for it again.
        estimator: the estimate of the link's rate.
        pacer: the packets that wait.
    """

    __slots__ = (
        "_latest",
        "_origins",
        "_paced_bps",
        "_repair_at",
        "_repair_octets",
        "_send",
        "_sent",
        "estimator",
        "far",
        "number",
        "origin",
        "pacer",
    )

    def __init__(
        self,
        send: Callable[[bytes], None],
        fill: Filler,
        *,
        transport_cc: bool,
        start_bps: float,
        now: float,
    ) -> None:
        """Make an idle way out.

        Args:
            send: protects and sends one plain RTP packet.
            fill: sends a probe's bytes by `send_now`; see `Pacer`.
            transport_cc: whether the viewer negotiated transport-wide feedback.
            start_bps: the estimate before anything is known.
            now: seconds.
        """
        self.number = 0
        self.far = False
        self.origin: Origin | None = None
        self._origins: list[Origin | None] = []  # by transport-wide number, as in `SentPackets`
        self._latest = now
        self.estimator = BandwidthEstimator(transport_cc=transport_cc, start_bps=start_bps, now=now)
        self.pacer = Pacer(self._leave, fill, tick=_PACE_S)
        self._paced_bps = self.estimator.target_bps
        self.pacer.set_rate(self._paced_bps)
        self._repair_octets = _MIN_REPAIR_OCTETS
        self._repair_at = now  # when `_repair_octets` was last brought up to date
        self._send = send
        self._sent = self.estimator.sent

    @property
    def repairs_twice(self) -> bool:
        """True if losing a repair costs more than sending it twice, and there is room for that."""
        estimator = self.estimator
        costly = estimator.loss > _LOSSY_SHARE or (estimator.rtt or 0.0) > _LONG_RTT_S
        return costly and estimator.queue_delay < _MAX_QUEUE_S

    def send(self, data: bytes, number_at: int, priority: int, now: float) -> None:
        """Send a packet, or let it wait. Hot: once per packet and viewer.

        The usual case is `Pacer.on_packet` and `SentPackets.on_sent` written out: two calls would
        cost more than their work. `_send` is read into a local name first:
        in `self._send(data)` CPython would search the class for a method each time.

        Args:
            data: plain RTP, with number `number` + 1 at `number_at`.
            number_at: offset of the number in `data`; 0 if there is none.
            priority: of `Priority`.
            now: seconds. The arrival of the packet, or of the request for it, will do: a time
                before the last one counts as the last one.
        """
        if now < self._latest:
            now = self._latest
        else:
            self._latest = now
        size = len(data) + OVERHEAD
        pacer = self.pacer
        free = pacer.free
        if pacer.held or free > now + BURST:
            origin, self.origin = self.origin, None
            if pacer.on_packet((data, number_at, origin), size, priority, now):
                self._leave_now(data, size, now, origin)
            return
        pacer.free = (free if free > now else now) + size * pacer.seconds_per_byte
        self.number = number = (self.number + 1) & 0xFFFF
        sent = self._sent
        slot = number & RING_MASK
        sent.times[slot] = now
        sent.notes[slot] = size
        sent.octets += size
        sent.last_number = number
        if self.far:
            self._origins[slot], self.origin = self.origin, None
        send = self._send
        send(data)

    def send_now(self, data: bytes, now: float) -> int:
        """Send a packet of a probe, numbered as for `send`; returns its size on the link."""
        size = len(data) + OVERHEAD
        self._leave_now(data, size, now)
        return size

    def _leave(self, waited: object, size: int, now: float) -> None:
        data, at, origin = cast("tuple[bytes, int, Origin | None]", waited)
        if at:
            number = _U16.pack((self.number + 1) & 0xFFFF)
            data = b"".join((data[:at], number, data[at + 2 :]))
        self._leave_now(data, size, now, origin)

    def _leave_now(self, data: bytes, size: int, now: float, origin: Origin | None = None) -> None:
        self.number = number = (self.number + 1) & 0xFFFF
        if self.far:
            self._origins[number & RING_MASK] = origin
        self._sent.on_sent(number, size, now, self.pacer.probe)
        self._send(data)

    def take_lost(self, feedback: Feedback) -> list[Origin]:
        """Return the origins of packets that feedback reports lost, each once; none unless `far`.

        A viewer also asks for its lost packets. The request may be lost as well, and over a
        satellite the next one comes too late. Feedback has a datagram of its own.
        """
        if not self.far or feedback.run:
            return []
        lost = []
        for number, arrival in feedback.arrivals:
            place = number & RING_MASK
            origin = self._origins[place]
            if origin is None or (self.number - number) & 0xFFFF >= REMEMBERED:
                continue
            self._origins[place] = None
            if arrival is None:
                lost.append(origin)
        return lost

    def _update_far(self) -> None:
        far = (self.estimator.rtt or 0.0) > _LONG_RTT_S
        if far and not self.far:
            self._origins = [None] * REMEMBERED
        self.far = far

    @property
    def is_outdated(self) -> bool:
        """True if the estimate changed since `on_timer`."""
        return self.estimator.target_bps != self._paced_bps

    def on_timer(self, now: float) -> None:
        """Do a tick's work: renew the estimate if due, begin a probe, send what waits."""
        estimator, pacer = self.estimator, self.pacer
        probe = None
        if now >= estimator.due:
            self._update_far()
            probe = estimator.on_timer(now)
        target = estimator.target_bps
        if target != self._paced_bps:
            self._earn_repairs()
            self._paced_bps = target
            pacer.set_rate(target)
        self._latest = now
        if probe is not None:
            pacer.start(probe, now)
        if pacer.held or pacer.abandoned:
            self.pace(now)

    @property
    def repair_octets(self) -> float:
        """Octets that may be sent again now; the sender of a repair subtracts it.

        Repairs have a share of the rate: viewers behind a queue that overflows ask for everything
        lost, and unbounded repairs would keep the queue full.
        """
        self._earn_repairs()
        return self._repair_octets

    @repair_octets.setter
    def repair_octets(self, octets: float) -> None:
        self._repair_octets = octets

    def _earn_repairs(self) -> None:
        """Add the octets earned up to the last packet's time; done on demand, since few ask."""
        earned = _REPAIR_SHARE / 8 * self._paced_bps
        most = max(_MIN_REPAIR_OCTETS, earned * _REPAIR_BURST_S)
        self._repair_octets += earned * (self._latest - self._repair_at)
        self._repair_octets = min(self._repair_octets, most)
        self._repair_at = self._latest

    def pace(self, now: float) -> None:
        """Send the waiting packets that are due; called every few ms."""
        pacer = self.pacer
        pacer.on_timer(now)
        if pacer.abandoned:
            pacer.abandoned = False
            self.estimator.abandon_probe(now)

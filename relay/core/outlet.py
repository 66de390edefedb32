"""The way out to one viewer: every packet is numbered, paced and remembered here.

Slots hand in finished packets; where the viewer negotiated transport-wide feedback, the number's
place is told with it. A packet that may leave at once already carries the number that
`next_number` promised; one that had to wait gets its number when it leaves, since numbers must rise
in the order of sending.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import cast

from relay.core.congestion.estimator import BandwidthEstimator
from relay.core.congestion.pacer import BURST, Pacer
from relay.core.congestion.sent import REMEMBERED, RING_MASK
from relay.core.twcc import Feedback

_U16 = struct.Struct("!H")
# What the link carries beside the RTP packet: SRTP tag (AES-GCM), UDP, IPv4 headers.
OVERHEAD = 16 + 8 + 20

_REPAIR_SHARE = 0.25  # of the rate: a tenth lost, asked for twice, with headers
_REPAIR_BURST = 0.5  # s of it at once
_LEAST_REPAIR = 4000.0  # bytes at once: three packets, whatever the rate
# When every repair goes out twice: of a picture of a dozen packets one in three loses something at
# that loss, and one in a hundred the repair as well; and a second long round trip is a freeze.
_LOSSY = 0.02
_LONG_RTT = 0.2  # s
_NO_QUEUE = 0.06  # s; beyond, losses may be our own doing, and more packets the wrong answer
_PACE = 0.005  # s between two calls of `pace`, as the driver makes them, or a little later

Filler = Callable[[int, float], int]
# Whose packet it was: a key of its slot, and its outgoing sequence number.
Origin = tuple[int, int]


class Outlet:
    """One viewer's outgoing RTP.

    Attributes:
        number: the transport-wide number last used.
        far: the round trip is long. Then `send` is to be told the packet's `origin`, and what
            feedback tells of as lost is known by it: see `take_lost`.
        origin: of the packet that `send` is given next, if that may be asked for again.
        estimator: what the link carries.
        pacer: what waits.
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
        self._origins: list[Origin | None] = []  # by the transport-wide number, as the ring of sent
        self._latest = now
        self.estimator = BandwidthEstimator(transport_cc=transport_cc, start_bps=start_bps, now=now)
        self.pacer = Pacer(self._leave, fill, tick=_PACE)
        self._paced_bps = self.estimator.target_bps
        self.pacer.set_rate(self._paced_bps)
        self._repair_octets = _LEAST_REPAIR
        self._repair_at = now  # when that was so
        self._send = send
        self._sent = self.estimator.sent

    @property
    def repairs_twice(self) -> bool:
        """Whether losing a repair costs more than sending it twice, and there is room for that."""
        estimator = self.estimator
        dear = estimator.loss > _LOSSY or (estimator.rtt or 0.0) > _LONG_RTT
        return dear and estimator.queue_delay < _NO_QUEUE

    def send(self, data: bytes, number_at: int, priority: int, now: float) -> None:
        """Send a packet, or let it wait. Hot: once per packet and viewer.

        The usual case is `Pacer.on_packet` and `SentPackets.on_sent` written out: two calls cost
        more than all that they do. And a function kept in an attribute is read first, then called:
        called as it stands, CPython takes it for a method and looks through the class each time.

        Args:
            data: plain RTP, with number `number` + 1 at `number_at`.
            number_at: where the number stands; 0: nowhere.
            priority: of `Priority`.
            now: seconds; when it arrived, or what asks for it, will do, though that may lie
                before what was sent last.
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
        """Whose packets a feedback packet tells of as lost, each once; while `far` only.

        A viewer asks for what it lacks, but that question may be lost as well, and over a satellite
        the next one comes too late. The same link's feedback is another datagram.
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

    def _look_how_far(self) -> None:
        far = (self.estimator.rtt or 0.0) > _LONG_RTT
        if far and not self.far:
            self._origins = [None] * REMEMBERED
        self.far = far

    @property
    def is_outdated(self) -> bool:
        """Whether the estimate changed since `on_timer`."""
        return self.estimator.target_bps != self._paced_bps

    def on_timer(self, now: float) -> None:
        """Every tick in which something waits, or is due or outdated: do it, begin a probe."""
        estimator, pacer = self.estimator, self.pacer
        probe = None
        if now >= estimator.due:
            self._look_how_far()
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
        """What may be sent again now; who sends it takes it off.

        Repairs have a share of the rate: where a queue overflows, everything lost would be asked
        for, and keep it full.
        """
        self._earn_repairs()
        return self._repair_octets

    @repair_octets.setter
    def repair_octets(self, octets: float) -> None:
        self._repair_octets = octets

    def _earn_repairs(self) -> None:
        """Up to what was sent last, at the rate of then. Seldom asked for, so not added always."""
        earned = _REPAIR_SHARE / 8 * self._paced_bps
        most = max(_LEAST_REPAIR, earned * _REPAIR_BURST)
        self._repair_octets += earned * (self._latest - self._repair_at)
        self._repair_octets = min(self._repair_octets, most)
        self._repair_at = self._latest

    def pace(self, now: float) -> None:
        """Every few ms: send what is due of what waits."""
        pacer = self.pacer
        pacer.on_timer(now)
        if pacer.abandoned:
            pacer.abandoned = False
            self.estimator.abandon_probe(now)

"""The line of one end of a pipe: keys both ways, what was heard, what was refused."""

from __future__ import annotations

from collections.abc import Callable

from relay.aiortc_adapter import KeyedSrtp, SrtpError
from relay.api import PipeEnd
from relay.cluster.ends import FarEnd, end_of, new_key
from relay.cluster.pipe_socket import PipeSocket
from relay.core.piping.outlet import CONTROL_SSRC
from relay.core.wire.datagram import DatagramKind, classify
from relay.transport_counters import TransportCounters

SILENT_AFTER_S = 5.0  # s; the other end sends something every second
_CONTROL = CONTROL_SSRC.to_bytes(4, "big")


class PipeLine:
    """Sends and receives for one end.

    Args:
        socket: of the process.
        counters: one per reason for which something is dropped.
        on_rtp: given each authentic RTP packet with its arrival.
        on_rtcp: likewise for RTCP.
        expects: true for the SSRC (4 bytes) of media that may come; other media is not looked into.

    Attributes:
        end: to be told to the other side.
        heard_at: when the last authentic packet arrived; None before the first.
        refused: datagrams that were dropped.
    """

    def __init__(
        self,
        socket: PipeSocket,
        counters: TransportCounters,
        *,
        on_rtp: Callable[[bytes, float], None],
        on_rtcp: Callable[[bytes, float], None],
        expects: Callable[[bytes], bool],
    ) -> None:
        self._socket = socket
        self._counters = counters
        self._on_rtp = on_rtp
        self._on_rtcp = on_rtcp
        self._expects = expects
        key = new_key()
        self._inbound = KeyedSrtp(key, inbound=True)
        self._outbound: KeyedSrtp | None = None
        self._address = ("", 0)
        self._id = socket.add(self)
        self.end: PipeEnd = end_of(socket.host, socket.port, self._id, key)
        self.heard_at: float | None = None
        self.refused = 0
        self._open = True

    def connect(self, far: PipeEnd) -> None:
        """Send to `far` from now on.

        Raises:
            ValueError: it is malformed, or another was told before.
        """
        if self._outbound is not None or not self._open:
            raise ValueError("the pipe is connected already, or closed")
        end = FarEnd(far, version=self._socket.version)
        self._address = end.address
        self._outbound = KeyedSrtp(end.key, inbound=False, prefix=end.pipe_id)

    @property
    def connected(self) -> bool:
        """True once the other end is known."""
        return self._outbound is not None

    def send_rtp(self, packet: bytes) -> None:
        """Protect and send one RTP packet."""
        if self._outbound is not None:
            try:
                self._socket.send(self._outbound.rtp(packet), self._address)
            except SrtpError:
                self._counters.srtp_protect_failed += 1

    def send_rtcp(self, packet: bytes) -> None:
        """Protect and send a compound of RTCP that begins with `CONTROL_SSRC`."""
        if self._outbound is not None:
            try:
                self._socket.send(self._outbound.rtcp(packet), self._address)
            except SrtpError:
                self._counters.srtp_protect_failed += 1

    def on_datagram(self, data: bytes, now: float) -> None:
        """See `PipeReceiver`."""
        kind = classify(data)
        try:
            if kind is DatagramKind.RTP:
                if not self._expects(data[8:12]):
                    self._counters.pipe_ssrc_unknown += 1
                    return
                plain = self._inbound.rtp(data).tobytes()
            elif kind is DatagramKind.RTCP and data[4:8] == _CONTROL:
                plain = self._inbound.rtcp(data).tobytes()
            else:
                self.refused += 1
                self._counters.pipe_malformed += 1
                return
        except SrtpError:
            self.refused += 1
            self._counters.pipe_unauthentic += 1
            return
        self.heard_at = now
        (self._on_rtp if kind is DatagramKind.RTP else self._on_rtcp)(plain, now)

    def heard_s(self, now: float) -> float | None:
        """Seconds since something authentic came; None before the first."""
        return None if self.heard_at is None else max(0.0, now - self.heard_at)

    def forget(self, ssrc: int) -> None:
        """Free a stream's state; its SSRC never comes again."""
        self._inbound.forget(ssrc)
        if self._outbound is not None:
            self._outbound.forget(ssrc)

    def close(self) -> None:
        """Let go of the socket. Closing twice does nothing."""
        if self._open:
            self._open = False
            self._socket.remove(self._id)
            self._outbound = None

"""The way out of one pipe: bounded, counted, and shared by all of its streams."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from relay.core.incoming.allowance import Allowance
from relay.core.wire import rtcp_writer
from relay.core.wire.negotiated import Codec

# The sender of all RTCP in a pipe, both ways: one stream for SRTCP however many sources come and
# go. No media stream has this number.
CONTROL_SSRC = 1
AUDIO_LEVEL_ID = 1  # of the audio level (RFC 6464) in a pipe, the only header extension there
_FIRST_DYNAMIC_TYPE = 96  # RFC 3551 §6
_LAST_TYPE = 127
_SSRCS = 1 << 32
_PRELUDE = rtcp_writer.receiver_report(CONTROL_SSRC)


class PipeOutlet:
    """Sends the packets of one pipe.

    Attributes:
        packets: media packets sent.
        octets: their bytes, before encryption.
        repairs: retransmissions among them.
        dropped: media packets that were too much for the pipe's bound.
        wall_offset: Unix time minus monotonic seconds: the clock of sender reports.
        rtt: s, by the edge's reports; None until known.
    """

    __slots__ = (
        "_allowance",
        "_next_ssrc",
        "_send_rtcp",
        "_send_rtp",
        "dropped",
        "octets",
        "packets",
        "repairs",
        "rtt",
        "wall_offset",
    )

    def __init__(
        self,
        send_rtp: Callable[[bytes], None],
        send_rtcp: Callable[[bytes], None],
        *,
        packets_per_s: float,
        bps: float,
        first_ssrc: int,
        wall_offset: float,
        now: float,
    ) -> None:
        """Make it.

        Args:
            send_rtp: protects and sends one plain RTP packet.
            send_rtcp: likewise for a compound RTCP packet.
            packets_per_s: the pipe's bound.
            bps: likewise, in bits.
            first_ssrc: where its streams' numbers begin: random, so that nobody guesses them.
            wall_offset: Unix time minus `now`, fixed for the pipe's life.
            now: seconds.
        """
        self.wall_offset = wall_offset
        self._send_rtp = send_rtp
        self._send_rtcp = send_rtcp
        self._allowance = Allowance(packets_per_s, bps, now)
        self._next_ssrc = first_ssrc
        self.packets = self.octets = self.repairs = self.dropped = 0
        self.rtt: float | None = None

    def new_ssrc(self) -> int:
        """A number that this pipe never used: AES-GCM forbids to begin one anew under one key."""
        self._next_ssrc = (self._next_ssrc + 1) % _SSRCS
        if self._next_ssrc <= CONTROL_SSRC:
            self._next_ssrc = CONTROL_SSRC + 1
        return self._next_ssrc

    def send(self, packet: bytes, now: float, *, repair: bool = False) -> bool:
        """Send one media packet; False if the bound is reached."""
        if not self._allowance.take(len(packet), now):
            self.dropped += 1
            return False
        self.packets += 1
        self.octets += len(packet)
        self.repairs += repair
        self._send_rtp(packet)
        return True

    def send_rtcp(self, packets: bytes = b"") -> None:
        """Send RTCP packets as a compound; none: a keep-alive."""
        self._send_rtcp(_PRELUDE + packets)


def repair_types(codecs: Iterable[Codec]) -> dict[int, int]:
    """The payload type of repairs for each codec's own: the negotiated one, else a free one."""
    listed = list(codecs)
    taken = {number for codec in listed for number in codec.payload_types}
    free = [one for one in range(_LAST_TYPE, _FIRST_DYNAMIC_TYPE - 1, -1) if one not in taken]
    found: dict[int, int] = {}
    for codec in listed:
        if codec.payload_type in found:
            continue
        if codec.rtx_payload_type is not None:
            found[codec.payload_type] = codec.rtx_payload_type
        elif free:
            found[codec.payload_type] = free.pop(0)
    return found

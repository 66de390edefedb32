"""Kinds of datagrams on the one port, told by their first bytes (RFC 7983 §7, RFC 5761 §4)."""

from __future__ import annotations

from enum import Enum, auto


class DatagramKind(Enum):
    """The protocols that share the port."""

    STUN = auto()
    DTLS = auto()
    RTP = auto()
    RTCP = auto()
    UNKNOWN = auto()


MIN_RTP_BYTES = 12  # RFC 3550 §5.1, the fixed header
MIN_RTCP_BYTES = 8  # RFC 3550 §6.4, header and SSRC


def classify(datagram: bytes) -> DatagramKind:
    """The kind of a datagram; `UNKNOWN` is for dropping."""
    if len(datagram) < MIN_RTCP_BYTES:
        return DatagramKind.UNKNOWN
    first = datagram[0]
    if 128 <= first <= 191:
        if 192 <= datagram[1] <= 223:
            return DatagramKind.RTCP
        return DatagramKind.RTP if len(datagram) >= MIN_RTP_BYTES else DatagramKind.UNKNOWN
    if 20 <= first <= 63:
        return DatagramKind.DTLS
    return DatagramKind.STUN if first <= 3 else DatagramKind.UNKNOWN

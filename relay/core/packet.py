"""A packet in its place: what is known of it once, for all takers."""

from __future__ import annotations

from relay.core.rtp import RtpPacket


class MediaPacket:
    """One packet in its place.

    Attributes:
        sequence: extended.
        timestamp: extended.
        marker: 0x80 or 0.
        payload: what follows the rewritten part: with a VP8 picture id, all after it and TL0PICIDX.
        size: bytes of the whole payload.
        switchable: a taker can start at this packet.
        head: the first two bytes of a VP8 descriptor with picture id.
        picture_id: extended; −1 where there is none.
        tl0_index: −1 where there is none.
        level: the audio level element's byte (RFC 6464); 0xFF (voice, silent) where there is none.
        arrival: seconds.
    """

    __slots__ = (
        "arrival",
        "head",
        "level",
        "marker",
        "payload",
        "picture_id",
        "sequence",
        "size",
        "switchable",
        "timestamp",
        "tl0_index",
    )

    def __init__(self, sequence: int, timestamp: int, packet: RtpPacket, now: float) -> None:
        self.sequence = sequence
        self.timestamp = timestamp
        self.marker = packet.marker
        self.payload = packet.payload
        self.size = len(packet.payload)
        self.arrival = now
        self.switchable = False
        self.head = 0
        self.picture_id = -1
        self.tl0_index = -1
        self.level = 0xFF

    def made(self, sequence: int, payload: bytes) -> MediaPacket:
        """A packet of our own that belongs to the same picture."""
        header = RtpPacket(0, 0, sequence & 0xFFFF, self.timestamp & 0xFFFFFFFF, 0, {}, payload)
        return MediaPacket(sequence, self.timestamp, header, self.arrival)

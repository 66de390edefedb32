"""A packet in its place in the stream, with everything that its takers must know."""

from __future__ import annotations

from relay.core.wire.rtp import RtpPacket


class MediaPacket:
    """One packet of a stream; worked out once, for all takers.

    Attributes:
        sequence: extended.
        timestamp: extended.
        marker: 0x80 or 0.
        payload: all after the rewritten part, which is a VP8 picture id with TL0PICIDX, if any.
        size: bytes of the whole payload.
        switchable: a taker can start at this packet.
        head: the first two bytes of a VP8 descriptor with picture id.
        picture_id: extended; −1 where there is none.
        tl0_index: −1 where there is none.
        temporal: temporal layer, from 0; −1 where there is none or nothing could be left out.
        sync: a viewer of the temporal layers below can begin with this one here.
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
        "sync",
        "temporal",
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
        self.temporal = -1
        self.sync = False
        self.level = 0xFF

    @property
    def begins_picture(self) -> bool:
        """True if a VP8 picture begins here: S is set in partition 0 (RFC 7741 §4.2)."""
        return self.head & 0x1700 == 0x1000

    def sibling(self, sequence: int, payload: bytes) -> MediaPacket:
        """A packet made by the relay that belongs to the same picture."""
        header = RtpPacket(0, 0, sequence & 0xFFFF, self.timestamp & 0xFFFFFFFF, 0, {}, payload)
        return MediaPacket(sequence, self.timestamp, header, self.arrival)

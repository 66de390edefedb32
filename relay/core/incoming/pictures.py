"""Pictures of a video stream, as its packets show them: key frames, sizes, picture ids."""

from __future__ import annotations

from relay.core.wire import h264, vp8
from relay.core.wire.negotiated import Codec
from relay.core.wire.packet import MediaPacket
from relay.core.wire.serial import extend


class Pictures:
    """The pictures of one stream.

    Attributes:
        width: of the latest key frame that told it; 0 while unknown.
        height: likewise.
        highest_id: the highest extended VP8 picture id; −1 before any.
        highest_tl0_index: TL0PICIDX of that picture.
        b_pictures: H.264 pictures with B slices since the last key frame.
    """

    __slots__ = (
        "_last_b_picture",
        "_sets_in_band",
        "b_pictures",
        "height",
        "highest_id",
        "highest_tl0_index",
        "width",
    )

    def __init__(self) -> None:
        self.width = self.height = 0
        self.highest_id = self.highest_tl0_index = -1
        self.b_pictures = 0
        self._last_b_picture = -1  # extended timestamp
        self._sets_in_band = False  # H.264 parameter sets came in the stream itself

    def adopt(self, codec: Codec) -> bool:
        """Go on in another codec; return whether that tells another size."""
        self._sets_in_band = False
        sets = self.sets_apart(codec)
        return sets is not None and self._resize(sets.width, sets.height)

    def sets_apart(self, codec: Codec | None) -> h264.ParameterSets | None:
        """H.264 parameter sets that only the offer gave: each taker needs them first."""
        if codec is None or codec.name != "H264" or self._sets_in_band:
            return None
        return h264.parameter_sets(codec.fmtp)

    def read(self, media: MediaPacket, codec: Codec) -> bool:
        """Look into a packet, and note in it what takers must know. Hot: once per packet.

        Returns:
            Whether another size than before is known.

        Raises:
            RtpError: the payload is not what the codec says.
        """
        if codec.name == "VP8":
            return self._read_vp8(media)
        if codec.name != "H264":
            return False
        found = h264.parse(media.payload)
        media.switchable = found.key_frame
        self._sets_in_band |= found.has_sps
        if found.key_frame:
            self.b_pictures = 0
        if found.bi_predicted and media.timestamp != self._last_b_picture:
            self._last_b_picture = media.timestamp
            self.b_pictures += 1
        return found.width > 0 and self._resize(found.width, found.height)

    def _read_vp8(self, media: MediaPacket) -> bool:
        found = vp8.parse(media.payload)
        media.switchable = found.key_frame
        if found.picture_id >= 0:
            media.head = found.head
            bits = found.picture_id_bits
            if self.highest_id < 0:
                media.picture_id = found.picture_id + 0x8000
            else:
                media.picture_id = extend(found.picture_id, self.highest_id, bits)
            media.tl0_index = found.tl0_index
            media.temporal = found.temporal
            media.sync = found.sync
            media.payload = media.payload[found.tail :]
        return found.key_frame and self._resize(found.width, found.height)

    def _resize(self, width: int, height: int) -> bool:
        changed = (width, height) != (self.width, self.height)
        self.width, self.height = width, height
        return changed

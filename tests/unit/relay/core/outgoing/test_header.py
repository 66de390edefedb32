"""Header templates: the fields to patch stand where the template says."""

from __future__ import annotations

from dataclasses import replace

import pytest

from relay.api import MediaKind
from relay.core.outgoing.header import AFTER_TIMESTAMP, PATCH, U16, header_template
from relay.core.wire import rtp
from relay.core.wire.negotiated import ExtensionIds, OutgoingSlot

SOUND = OutgoingSlot(
    index=0,
    mid="7",
    kind=MediaKind.AUDIO,
    codecs=(),
    extensions=ExtensionIds(mid=1, transport_cc=3, audio_level=4),
    ssrc=0x01020304,
    rtx_ssrc=0,
    cname="c",
)


def test_a_patched_template_is_read_as_a_packet() -> None:
    head, wide_at, level_at = header_template(SOUND, SOUND.ssrc)
    PATCH.pack_into(head, 1, 0x80 | 111, 65535, 0xFFFFFFFE)
    U16.pack_into(head, wide_at, 0xABCD)
    head[level_at] = 0x85
    packet = rtp.parse(bytes(head) + b"sound")
    assert (packet.marker, packet.payload_type) == (0x80, 111)
    assert (packet.sequence_number, packet.timestamp) == (65535, 0xFFFFFFFE)
    assert packet.ssrc == SOUND.ssrc
    assert packet.extensions == {1: b"7", 3: b"\xab\xcd", 4: b"\x85"}
    assert packet.payload == b"sound"
    assert head[AFTER_TIMESTAMP : AFTER_TIMESTAMP + 4] == b"\x01\x02\x03\x04"


@pytest.mark.parametrize(
    ("changes", "elements"),
    [
        ({"extensions": ExtensionIds()}, 0),
        ({"mid": "a name of more than 16"}, 2),
        ({"kind": MediaKind.VIDEO}, 2),  # pictures have no level
    ],
)
def test_what_was_not_agreed_on_is_not_in_the_header(
    changes: dict[str, object], elements: int
) -> None:
    head, wide_at, level_at = header_template(replace(SOUND, **changes), 5)  # type: ignore[arg-type]
    packet = rtp.parse(bytes(head))
    assert len(packet.extensions) == elements
    assert (wide_at > 0) == (3 in packet.extensions)
    assert (level_at > 0) == (4 in packet.extensions)

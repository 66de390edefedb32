"""What a publisher has its room do."""

from __future__ import annotations

import struct

from relay.api import CloseReason, Layer, MediaKind
from relay.core import rtcp, rtp
from relay.core.counters import Counters
from relay.core.negotiated import Codec, ExtensionIds, IncomingTrack
from relay.core.publisher import Publisher

IDS = ExtensionIds(mid=1)
VP8 = Codec("VP8", 96, 90_000, nack=True, pli=True)
PICTURE = IncomingTrack("1", MediaKind.VIDEO, (VP8,), IDS)


class Host:
    """Stands for the room; counts how often it has to choose again."""

    def __init__(self) -> None:
        self.choices = 0

    def on_layers_changed(self, publisher: Publisher, now: float) -> None:
        self.choices += 1

    def on_publisher_closed(self, publisher: Publisher, reason: CloseReason, now: float) -> None:
        pass


def key_frame(number: int, height: int) -> bytes:
    """A packet with a whole VP8 key frame (RFC 6386 §9.1)."""
    payload = b"\x10\x10\x02\x00\x9d\x01\x2a" + struct.pack("<HH", 640, height) + bytes(50)
    return rtp.build(96, number, number * 90, 10, payload, extensions={IDS.mid: b"1"})


def publish() -> tuple[Publisher, Host]:
    host = Host()
    publisher = Publisher(
        "p", "s", [PICTURE], host=host, send_rtcp=lambda data: None, counters=Counters(), now=0.0
    )
    return publisher, host


def test_a_first_picture_is_told_at_once() -> None:
    publisher, host = publish()
    publisher.on_rtp(key_frame(1, 360), 0.0)
    assert host.choices == 1


def test_a_picture_that_changes_with_every_packet_costs_one_choice_per_tick() -> None:
    publisher, host = publish()
    for tick in range(50):
        for packet in range(20):
            number = 20 * tick + packet
            publisher.on_rtp(key_frame(number, 360 + packet), 0.02 * tick)
            publisher.on_rtcp(rtcp.receiver_report(10) + rtcp.bye([10]), 0.02 * tick)
        publisher.on_timer(0.02 * (tick + 1))
    assert 50 <= host.choices <= 8 + 2 * 50
    told = host.choices
    publisher.on_rtp(key_frame(1000, 720), 1.0)
    publisher.on_timer(1.02)
    assert host.choices > told
    assert publisher.video[Layer.HIGH].height == 720
    assert publisher.info().layers == (Layer.HIGH,)
    told = host.choices
    publisher.on_timer(1.04)
    assert host.choices == told  # nothing changed, nothing waits

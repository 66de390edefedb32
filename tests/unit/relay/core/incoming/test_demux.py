"""Demultiplexing: from an SSRC to its stream."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import replace
from itertools import permutations

import pytest

from relay.api import CloseReason, Layer, MediaKind
from relay.core.counters import Counters
from relay.core.incoming.publisher import Publisher
from relay.core.wire import rtp
from relay.core.wire.negotiated import Codec, ExtensionIds, IncomingTrack

IDS = ExtensionIds(mid=1, rid=2, repaired_rid=3)
VP8 = Codec("VP8", 96, 90_000, rtx_payload_type=97, nack=True, pli=True)
OPUS = Codec("opus", 111, 48_000, channels=2)
AUDIO = IncomingTrack("0", MediaKind.AUDIO, (OPUS,), IDS)
SIMULCAST = IncomingTrack("1", MediaKind.VIDEO, (VP8,), IDS, {"h": Layer.HIGH, "l": Layer.LOW})
PLAIN = IncomingTrack("1", MediaKind.VIDEO, (VP8,), IDS)
DELTA = b"\x10\x01rest"


class Host:
    """Stands for the room."""

    def on_layers_changed(self, publisher: Publisher, now: float) -> None:
        pass

    def on_publisher_closed(self, publisher: Publisher, reason: CloseReason, now: float) -> None:
        pass


def publish(*tracks: IncomingTrack) -> tuple[Publisher, Counters, Callable[..., None]]:
    counters = Counters()
    publisher = Publisher(
        "p", "s", tracks, host=Host(), send_rtcp=lambda data: None, counters=counters, now=0.0
    )

    def send(
        ssrc: int,
        number: int,
        now: float = 0.0,
        *,
        payload: bytes = DELTA,
        payload_type: int = 96,
        padding: int = 0,
        **names: bytes,
    ) -> None:
        elements = {getattr(IDS, name): data for name, data in names.items()}
        packet = rtp.build(
            payload_type, number, number * 90, ssrc, payload, extensions=elements, padding=padding
        )
        publisher.on_rtp(packet, now)

    return publisher, counters, send


def test_mid_and_rid_tell_layers_apart_and_need_not_be_repeated() -> None:
    publisher, counters, send = publish(AUDIO, SIMULCAST)
    send(10, 1, mid=b"1", rid=b"h")
    send(11, 1, mid=b"1", rid=b"l")
    send(10, 2)
    send(12, 1, payload_type=111, mid=b"0")
    assert publisher.video[Layer.HIGH].ssrc == 10
    assert publisher.video[Layer.HIGH].highest & 0xFFFF == 2
    assert publisher.video[Layer.LOW].ssrc == 11
    assert publisher.audio is not None
    assert publisher.audio.ssrc == 12
    assert counters.rtp_ssrc_unknown == 0


def test_repair_packets_find_their_layer_by_the_repaired_rid() -> None:
    publisher, counters, send = publish(SIMULCAST)
    for number in (1, 4):
        send(10, number, mid=b"1", rid=b"h")
    send(20, 77, payload_type=97, payload=b"\0\2" + DELTA, mid=b"1", repaired_rid=b"h")
    send(20, 78, payload_type=97, payload=b"\0\3" + DELTA)
    high = publisher.video[Layer.HIGH]
    base = high.highest - 4
    assert [high.at(base + number) is not None for number in (1, 2, 3, 4)] == [True] * 4
    assert counters.rtx_unwrapped == 2
    send(20, 79, payload_type=97, payload=b"", padding=200)
    send(20, 80, payload_type=97, payload=b"\0\3" + DELTA)
    assert counters.rtx_padding == 1
    assert counters.rtx_redundant == 1
    assert counters.rtp_duplicate == 0
    send(10, 4)
    assert counters.rtp_duplicate == 1


def test_unknown_rids_mids_and_types_are_dropped_and_counted() -> None:
    publisher, counters, send = publish(AUDIO, SIMULCAST)
    send(10, 1, mid=b"1", rid=b"x")
    send(10, 1, mid=b"9", rid=b"h")
    send(10, 1, mid=b"1")
    send(10, 1)
    assert counters.rtp_ssrc_unknown == 4
    send(10, 1, payload_type=99, mid=b"1", rid=b"h")
    send(10, 1, payload_type=97, payload=b"\0\1" + DELTA, mid=b"1", rid=b"h")
    assert counters.rtp_payload_type_unknown == 2
    assert publisher.info().layers == ()


def test_an_ssrc_stays_with_whom_it_belongs_to() -> None:
    publisher, counters, send = publish(AUDIO, SIMULCAST)
    send(10, 1, mid=b"1", rid=b"h")
    send(10, 2, mid=b"1", rid=b"l")
    send(10, 2, mid=b"0", payload_type=111)
    send(11, 5, mid=b"1", rid=b"h")  # a second SSRC for a layer that flows
    assert counters.rtp_ssrc_conflict == 3
    assert publisher.video[Layer.HIGH].ssrc == 10
    assert publisher.video[Layer.HIGH].highest & 0xFFFF == 1


def test_a_silent_layers_place_may_be_taken() -> None:
    publisher, counters, send = publish(SIMULCAST)
    send(10, 1, mid=b"1", rid=b"h")
    send(11, 40_000, 2.0, mid=b"1", rid=b"h")
    send(11, 40_001, 2.0)
    assert publisher.video[Layer.HIGH].ssrc == 11
    assert publisher.video[Layer.HIGH].highest & 0xFFFF == 40_001
    send(10, 2, 2.1)  # the old one is nobody now
    assert counters.rtp_ssrc_unknown == 1


def test_declared_ssrcs_are_known_without_extensions() -> None:
    publisher, counters, send = publish(AUDIO, replace(PLAIN, ssrcs={10: 20}))
    send(10, 1)
    send(10, 3)
    send(20, 1, payload_type=97, payload=b"\0\2" + DELTA)
    send(10, 4, mid=b"0", payload_type=111)
    assert publisher.video[Layer.HIGH].highest & 0xFFFF == 3
    assert counters.rtx_unwrapped == 1
    assert counters.rtp_ssrc_conflict == 1


def test_a_declared_ssrc_is_not_to_be_had_by_another_track() -> None:
    publisher, counters, send = publish(AUDIO, replace(PLAIN, ssrcs={10: None}))
    send(10, 1, mid=b"0", payload_type=111)
    assert counters.rtp_ssrc_conflict == 1
    assert publisher.audio is not None
    assert publisher.audio.ssrc is None


def test_the_payload_type_is_enough_where_only_one_track_has_it() -> None:
    publisher, _, send = publish(AUDIO, PLAIN)
    send(33, 1)
    send(34, 1, payload_type=111)
    assert publisher.video[Layer.HIGH].ssrc == 33
    assert publisher.audio is not None
    assert publisher.audio.ssrc == 34
    assert publisher.info().layers == (Layer.HIGH,)


def test_one_wild_packet_does_not_move_the_window_two_do() -> None:
    publisher, counters, send = publish(PLAIN)
    send(33, 100)
    send(33, 30_000)
    send(33, 101)
    high = publisher.video[Layer.HIGH]
    assert high.highest & 0xFFFF == 101
    send(33, 20_000)
    send(33, 20_001)
    assert high.highest & 0xFFFF == 20_001
    assert counters.rtp_off_window == 2


def key_frame(width: int, height: int) -> bytes:
    """The beginning of a VP8 key frame (RFC 6386 §9.1), behind its descriptor."""
    return b"\x10\x10\x02\x00\x9d\x01\x2a" + struct.pack("<HH", width, height) + bytes(50)


@pytest.mark.parametrize("guessed", [True, False])
@pytest.mark.parametrize("order", list(permutations((180, 360, 720))))
def test_sizes_tell_which_layer_is_which_where_rids_do_not(
    order: tuple[int, ...], guessed: bool
) -> None:
    layers = {"0": Layer.HIGH, "1": Layer.MIDDLE, "2": Layer.LOW}
    publisher, _, send = publish(
        IncomingTrack("1", MediaKind.VIDEO, (VP8,), IDS, layers, layers_guessed=guessed)
    )
    for index, height in enumerate(order):
        payload = key_frame(height * 16 // 9, height)
        send(10 + index, 1, payload=payload, mid=b"1", rid=str(index).encode())
    heights = {name: layer.pictures.height for name, layer in publisher.video.items()}
    assert all(layer.layer is name for name, layer in publisher.video.items())
    if guessed:
        assert heights == {Layer.HIGH: 720, Layer.MIDDLE: 360, Layer.LOW: 180}
    else:
        assert tuple(heights.values()) == order
    assert publisher.info().layers == (Layer.HIGH, Layer.MIDDLE, Layer.LOW)


def test_layers_of_one_size_keep_their_names() -> None:
    layers = {"0": Layer.HIGH, "1": Layer.MIDDLE, "2": Layer.LOW}
    publisher, _, send = publish(
        IncomingTrack("1", MediaKind.VIDEO, (VP8,), IDS, layers, layers_guessed=True)
    )
    for number in (1, 2, 3):
        for index, rid in enumerate(layers):
            payload = key_frame(640, 360 + number)
            send(10 + index, number, payload=payload, mid=b"1", rid=rid.encode())
    assert {name: layer.ssrc for name, layer in publisher.video.items()} == {
        Layer.HIGH: 10,
        Layer.MIDDLE: 11,
        Layer.LOW: 12,
    }


def test_obs_with_one_layer_names_a_rid_that_it_did_not_offer() -> None:
    publisher, counters, send = publish(PLAIN)
    send(10, 1, payload=key_frame(1280, 720), mid=b"1", rid=b"0")
    send(10, 2, mid=b"1", rid=b"0")
    assert publisher.video[Layer.HIGH].pictures.height == 720
    assert counters.rtp_ssrc_conflict == counters.rtp_ssrc_unknown == 0

"""Repair and order of received packets."""

from __future__ import annotations

import struct

from load_tests import rtp
from load_tests.packetize import packetize_vp8
from load_tests.receive import SlotReceiver

KEY = b"\x10\x02\x00\x9d\x01\x2a" + (640).to_bytes(2, "little") + (360).to_bytes(2, "little")
DELTA = b"\x11\x02\x00"


class _Slot:
    def __init__(self, kind="video"):
        self.frames, self.sounds, self.feedback = [], [], []
        self.receiver = SlotReceiver(
            kind, 99, clock_rate=90_000, own_ssrc=1,
            feedback=self.feedback.append,
            on_frame=lambda frame, _at: self.frames.append(frame),
            on_audio=lambda stamp, payload, _at: self.sounds.append(payload),
        )  # fmt: skip

    def send(self, number, *, now=0.0, repaired=False, key=False):
        payload = packetize_vp8(KEY + b"x" if key else DELTA, number)[0]
        packet = rtp.RtpPacket(96, True, (65_530 + number) & 0xFFFF, 4500 * number, 99, payload)
        self.receiver.receive(packet, "VP8", now, repaired=repaired)


def test_a_missing_packet_is_asked_for_and_repaired_in_order():
    slot = _Slot()
    slot.send(0, key=True)
    slot.send(1)
    for number in (3, 4, 9):  # across the wrap of the sequence numbers
        slot.send(number)
    slot.receiver.on_timer(0.02)
    assert [packet[12:] for packet in slot.feedback] == [struct.pack("!HH", 65_532, 0b111100)]

    for number in (2, 5, 6, 7, 8):
        slot.send(number, now=0.03, repaired=True)
    assert [frame.picture_id for frame in slot.frames] == list(range(10))
    assert (slot.receiver.stats.repaired, slot.receiver.stats.lost) == (5, 0)


def test_after_a_loss_nothing_is_shown_until_a_key_frame():
    slot = _Slot()
    slot.send(0, key=True)
    slot.send(2)
    for tick in range(80):
        slot.receiver.on_timer(tick * 0.02)
    slot.send(3, now=1.7)
    assert slot.receiver.stats.lost == 1
    assert len(slot.frames) == 1
    assert slot.receiver.stats.plis_sent > 1
    nacks = slot.receiver.stats.nacks_sent
    assert 1 <= nacks <= 8

    slot.send(4, now=1.8, key=True)
    slot.send(5, now=1.8)
    assert [frame.picture_id for frame in slot.frames] == [0, 4, 5]
    assert slot.receiver.stats.undecodable == 2


def test_a_packet_is_never_taken_twice():
    slot = _Slot()
    slot.send(0, key=True)
    slot.send(1)
    slot.send(1)
    slot.send(0, key=True)

    assert slot.receiver.stats.duplicates == 2
    assert len(slot.frames) == 2

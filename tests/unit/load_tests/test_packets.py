"""Payloads, SDP text and repair of the synthetic peers."""

from __future__ import annotations

import random
import struct

import pytest

from load_tests import rtp, sdp
from load_tests.impairment import Impairment
from load_tests.packetize import FrameAssembler, packetize_h264, packetize_vp8, vp8_size
from load_tests.participants import Ear
from load_tests.receive import SlotReceiver
from load_tests.sound import Silence, Tone

KEY = b"\x10\x02\x00\x9d\x01\x2a" + (640).to_bytes(2, "little") + (360).to_bytes(2, "little")
DELTA = b"\x11\x02\x00"


def _assemble(codec, payloads, assembler=None):
    assembler = assembler or FrameAssembler()
    made = None
    for index, payload in enumerate(payloads):
        made = assembler.feed(codec, 9000, payload, marker=index == len(payloads) - 1)
    return made


@pytest.mark.parametrize("size", [20, 1150, 1151, 9000])
def test_a_vp8_frame_comes_back_whole(size):
    frame = KEY + bytes(random.Random(1).randbytes(size))
    made = _assemble("VP8", packetize_vp8(frame, 0x7FFF))

    assert made is not None
    assert (made.data, made.key, made.size, made.picture_id) == (frame, True, (640, 360), 0x7FFF)


@pytest.mark.parametrize("size", [20, 1150, 1151, 9000])
def test_an_h264_frame_comes_back_whole(size):
    body = bytes(random.Random(1).randbytes(size)).replace(b"\x00", b"\x01")
    units = [b"\x67\x42\xe0\x1f\x01", b"\x68\xce\x01", b"\x65\x88" + body]
    frame = b"".join(b"\x00\x00\x00\x01" + unit for unit in units)
    made = _assemble("H264", packetize_h264(frame))

    assert made is not None
    assert (made.data, made.key) == (frame, True)


def test_a_stap_a_is_taken_apart():
    units = [b"\x67\x42\xe0", b"\x68\xce\x01"]
    payload = b"\x78" + b"".join(len(unit).to_bytes(2, "big") + unit for unit in units)
    made = _assemble("H264", [payload])

    assert made is not None
    assert made.data == b"".join(b"\x00\x00\x00\x01" + unit for unit in units)


def test_rtp_packets_come_back_with_their_extensions():
    packet = rtp.RtpPacket(96, True, 65535, 2**32 - 1, 7, b"media", {4: b"0", 10: b"h", 3: b"\0\1"})

    assert rtp.parse_rtp(rtp.build_rtp(packet)) == packet


@pytest.mark.parametrize("cut", range(20))
def test_truncated_rtp_is_refused_or_read_but_never_fatal(cut):
    data = rtp.build_rtp(rtp.RtpPacket(96, True, 1, 2, 3, b"", {4: b"0"}))
    try:
        rtp.parse_rtp(data[:cut])
    except ValueError:
        return
    assert cut >= 12


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


def test_impairment_is_the_same_on_each_run():
    runs = [
        [imp.drops() for _ in range(2000)] for imp in (Impairment(0.05, 7), Impairment(0.05, 7))
    ]

    assert runs[0] == runs[1]
    assert 60 < sum(runs[0]) < 140
    assert not any(Impairment(0, 1).drops() for _ in range(100))
    with pytest.raises(ValueError, match="loss"):
        Impairment(1.5, 1)


def test_offers_name_their_streams_and_answers_are_read():
    me = sdp.LocalIdentity("frag", "password" * 3, "AA:BB")
    simulcast = sdp.publish_offer(
        me, audio=sdp.AudioOffer(5), video=sdp.VideoOffer("VP8", ("l", "m", "h"))
    )
    assert "a=simulcast:send l;m;h\r\n" in simulcast
    assert simulcast.count("\r\nm=") == 2

    watch = sdp.watch_offer(me, video_slots=2, audio_slots=1)
    read = sdp.parse_answer(watch)
    assert [section.kind for section in read.sections] == ["video", "video", "audio"]
    assert (read.ice_ufrag, read.fingerprints) == ("frag", [("sha-256", "AA:BB")])
    assert read.sections[0].apt == {97: 96, 103: 102}
    assert read.sections[0].payload_names[102] == "H264"


def test_a_vp8_delta_frame_has_no_size():
    assert vp8_size(KEY) == (640, 360)
    assert vp8_size(DELTA + bytes(10)) is None


def test_feedback_is_read_beside_padded_transport_feedback():
    padded = (
        bytes((0xA0 | 15, 205, 0, 6)) + bytes(8) + b"\0\1\0\1\0\0\0\0\x20\1\4" + bytes(4) + b"\1"
    )
    nack = rtp.build_nack(1, 99, [65_534, 65_535, 3, 30])
    pli = rtp.build_pli(1, 98)
    parts = rtp.split_rtcp(padded + nack + pli)

    assert parts[0].is_transport_feedback
    assert (parts[1].is_nack, parts[1].media_ssrc) == (True, 99)
    assert parts[1].nacked() == [65_534, 65_535, 3, 30]
    assert parts[2].key_frame_ssrcs() == [98]


@pytest.mark.parametrize("seed", range(50))
def test_random_bytes_are_never_fatal_as_rtcp(seed):
    data = b"\x81\xcd" + random.Random(seed).randbytes(seed)
    for part in rtp.split_rtcp(data):
        part.nacked()
        part.key_frame_ssrcs()
        part.fractions_lost()


def test_a_tone_is_heard_from_where_it_began_but_a_click_is_not():
    ear = Ear({"room1": 1600.0})
    tone, silence = Tone(1600).samples(0, 960), Silence().samples(0, 960)
    for block, sound in enumerate([silence, tone, tone, silence, *[tone] * 4, silence]):
        ear.hear(0, sound, block * 0.02)
        ear.hear(1, silence, block * 0.02)

    assert ear.first == {"room1": pytest.approx(0.08)}
    assert ear.last == {"room1": pytest.approx(0.14)}

"""Whatever a publisher sends, or an archive holds, all before and after it that decodes is kept."""

from __future__ import annotations

import functools
import random
import struct
import zlib
from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from recorder.api import Manifest, SourceManifest
from recorder.core.archive_format import Packet, SegmentReader, TrackBegin, encode_record
from recorder.core.manifest import SourceFailure
from recorder.finishing.finish import NothingRecordedError, finish
from relay.api import MediaKind
from tests.support.recording import START, archive_sink, finished, recorded, segment_paths
from tests.support.rtp_media import (
    Coded,
    Decoded,
    TrackFeed,
    decode,
    encode_audio,
    encode_video,
    feed,
    flash_on,
    rtp_packet,
)

CODECS = ("VP8", "H264")
AT_S = 2.98  # when something absurd is sent; the next true key frame comes at 4 s


def bits(*fields: tuple[str, int]) -> bytes:
    """Bits of ue(v) and u(1) fields, with the stop bit of an RBSP."""
    text = ""
    for kind, value in fields:
        code = bin(value + 1)[2:]
        text += str(value) if kind == "u" else "0" * (len(code) - 1) + code
    text += "1"
    text += "0" * (-len(text) % 8)
    return int(text, 2).to_bytes(len(text) // 8, "big")


def sps(width: int, height: int) -> bytes:
    """A baseline SPS (H.264 §7.3.2.1.1) for so many macroblocks."""
    size = (("e", width - 1), ("e", height - 1))
    head = (("e", 0), ("e", 0), ("e", 2), ("e", 1), ("u", 0))
    tail = (("u", 1), ("u", 1), ("u", 0), ("u", 0))
    return b"\x67\x42\xe0\x33" + bits(*head, *size, *tail)


PPS = b"\x68\xce\x3c\x80"
IDR = b"\x65\x88\x84" + bytes(range(1, 200))
ABSURD = {
    "VP8": b"\x50\x03\x00\x9d\x01\x2a\xff\x3f\xff\x3f" + bytes(200),
    "H264": b"".join(b"\x00\x00\x00\x01" + unit for unit in (sps(1024, 1024), PPS, IDR)),
}


def video(codec: str, *, replaced: bytes | None = None) -> tuple[Coded, ...]:
    """Six seconds with a key frame every two; at `AT_S` something else is sent as well."""
    frames = encode_video(codec, 6.0, key_every_s=2.0)
    if replaced is None:
        return frames
    before = [one for one in frames if one.time < AT_S]
    after = [one for one in frames if one.time > AT_S]
    return (*before, Coded(AT_S, replaced, True), *after)


def camera(codec: str, frames: tuple[Coded, ...], source: str = "lead.camera") -> TrackFeed:
    return TrackFeed(1, source, codec, frames, START)


def microphone(frames: tuple[Coded, ...] | None = None) -> TrackFeed:
    return TrackFeed(2, "lead.camera", "opus", frames or encode_audio(6.0), START)


def source(manifest: Manifest, source_id: str = "lead.camera") -> SourceManifest:
    return next(item for item in manifest.sources if item.source_id == source_id)


def decoded(folder: Path, manifest: Manifest) -> Decoded:
    (file,) = source(manifest).files
    return decode(folder / file.name)


@pytest.mark.parametrize("codec", CODECS)
def test_a_key_frame_of_absurd_size_costs_the_time_to_the_next_one(
    tmp_path: Path, codec: str
) -> None:
    pictures = camera(codec, video(codec, replaced=ABSURD[codec]))
    manifest = recorded(tmp_path, pictures.happenings(), microphone().happenings())
    media = decoded(tmp_path, manifest)
    assert media.sizes == {(320, 180)}
    assert {round(time * 25) for time in media.picture_times} == {*range(75), *range(100, 150)}
    assert media.sound_seconds == pytest.approx(6.0, abs=0.05)
    assert source(manifest).failure is None
    (gap,) = source(manifest).gaps
    assert (gap.start_s, gap.end_s) == pytest.approx((2.96, 4.0), abs=0.05)
    assert manifest.entry.has_thumbnail


@pytest.mark.parametrize("codec", CODECS)
def test_a_garbage_key_frame_costs_no_file(tmp_path: Path, codec: str) -> None:
    sent = {
        "VP8": b"\x10\xff\xff\x9d\x01\x2a\x40\x01\xb4\x00" + bytes(90),
        "H264": b"\x00\x00\x00\x01\x65\xff" + bytes(range(90)),
    }[codec]
    pictures = camera(codec, video(codec, replaced=sent))
    manifest = recorded(tmp_path, pictures.happenings(), microphone().happenings())
    media = decoded(tmp_path, manifest)
    assert {round(time * 25) for time in media.picture_times} == {*range(75), *range(100, 150)}


@pytest.mark.parametrize("codec", CODECS)
def test_pictures_of_noise_under_a_true_head_spoil_only_themselves(
    tmp_path: Path, codec: str
) -> None:
    noise = random.Random(3).randbytes(900)
    sent = {
        "VP8": b"\x10\x10\x00\x9d\x01\x2a\x40\x01\xb4\x00" + noise,
        "H264": b"\x00\x00\x00\x01\x65\x88\x84" + noise.replace(b"\0", b"\1"),
    }[codec]
    manifest = recorded(tmp_path, camera(codec, video(codec, replaced=sent)).happenings())
    shown = set()
    with av.open(str(tmp_path / source(manifest).files[0].name)) as container:
        for packet in container.demux(video=0):
            try:
                shown |= {round(float(frame.time) * 25) for frame in packet.decode()}
            except av.FFmpegError:  # a player shows what it showed before
                continue
    assert shown >= {*range(74), *range(100, 150)}


@pytest.mark.parametrize("codec", CODECS)
def test_a_source_that_sends_nothing_playable_is_told_as_a_failure(
    tmp_path: Path, codec: str
) -> None:
    hostile = TrackFeed(
        3, "room-1.camera", codec, tuple(Coded(n / 5, ABSURD[codec], True) for n in range(9)), START
    )
    pictures = camera("VP8", video("VP8"))
    manifest = recorded(tmp_path, pictures.happenings(), hostile.happenings())
    assert source(manifest, "room-1.camera").failure == SourceFailure.NOTHING_PLAYABLE
    assert source(manifest, "room-1.camera").files == ()
    assert source(manifest).failure is None
    assert len(decoded(tmp_path, manifest).picture_times) == 150


def test_a_camera_that_came_in_the_last_moment_is_no_failure(tmp_path: Path) -> None:
    late = (Coded(0.0, b"\x11 no key frame", False), Coded(0.3, b"\x11 no key frame", False))
    manifest = recorded(
        tmp_path,
        camera("VP8", video("VP8")).happenings(),
        TrackFeed(3, "room-1.camera", "VP8", late, START).happenings(),
    )
    assert source(manifest, "room-1.camera").failure is None


def test_a_recording_of_nothing_playable_is_none(tmp_path: Path) -> None:
    with pytest.raises(NothingRecordedError):
        recorded(tmp_path, camera("VP8", (Coded(0.0, ABSURD["VP8"], True),)).happenings())


@pytest.mark.parametrize(
    "garbage",
    [
        b"\x00",
        b"\xff",
        b"\xfb\xff" + bytes(9),
        b"\xf9" + bytes(8),
        b"\xfe\xfc",
        bytes([252] * 1400),
    ],
    ids=["empty", "code 3 alone", "63 frames", "odd halves", "cut length", "oversize"],
)
def test_malformed_sound_is_a_hole_of_its_own_length(tmp_path: Path, garbage: bytes) -> None:
    frames = list(encode_audio(6.0))
    for number in (100, 101, 200):
        frames[number] = Coded(frames[number].time, garbage, True)
    manifest = recorded(tmp_path, microphone(tuple(frames)).happenings())
    media = decoded(tmp_path, manifest)
    assert media.sound_seconds == pytest.approx(6.0, abs=0.05)
    assert [round(beep) for beep in media.beeps] == [1, 3, 5]


@pytest.mark.parametrize("leap_s", [9.0, -9.0, 3000.0])
def test_one_timestamp_that_leaps_moves_nothing_else(tmp_path: Path, leap_s: float) -> None:
    pictures = list(encode_video("VP8", 6.0, key_every_s=2.0))
    sound = list(encode_audio(6.0))
    clean = recorded(
        tmp_path / "clean",
        camera("VP8", tuple(pictures)).happenings(),
        microphone(tuple(sound)).happenings(),
    )
    with archive_sink(tmp_path / "leaps") as (sink, _):
        for track in (camera("VP8", tuple(pictures)), microphone(tuple(sound))):
            happenings = list(track.happenings())
            shift = round(leap_s * track.clock_rate)
            place = track.packet_count() // 2
            packet = list(track._packets())[place][1]
            stamp = struct.unpack_from(">I", packet, 4)[0] + shift & 0xFFFFFFFF
            lying = packet[:4] + struct.pack(">I", stamp) + packet[8:]
            order = track.track_id * 10_000_000 + 1 + place
            for one in happenings:
                if one.order == order:
                    one.action = lambda to, now, t=track, p=lying: to.on_packet(t.track_id, p, now)
            feed(sink, happenings)
    manifest = finished(tmp_path / "leaps")
    expected, media = decoded(tmp_path / "clean", clean), decoded(tmp_path / "leaps", manifest)
    moved = set(expected.picture_times) - set(media.picture_times)
    assert len(moved) <= 1.1 * 25
    assert media.duration == pytest.approx(6.0, abs=0.2)
    assert media.beeps[-1] == pytest.approx(expected.beeps[-1], abs=0.03)


# --- archives that no recorder wrote --------------------------------------------------------------


def record(kind: int, body: bytes) -> bytes:
    """A record with a true CRC."""
    return struct.pack("<IIB", len(body), zlib.crc32(body, kind), kind) + body


def absurd_records() -> Iterable[bytes]:
    rtp = rtp_packet(9, 9, b"\xfc\xff\xfe")
    for now in (float("nan"), float("inf"), -1.0, 1e300, 4e9):
        yield record(1, struct.pack("<Id", 1 << 16 | 1, now) + rtp)
    yield record(1, struct.pack("<Id", 1 << 16 | 1, START + 1) + bytes(60_000))
    for now in (float("nan"), 1e300):
        yield record(2, struct.pack("<IIdd", 1 << 16 | 1, 5, now, START + 2))
        yield record(2, struct.pack("<IIdd", 1 << 16 | 1, 5, START + 2, now))
    yield record(3, b'{"type":' + b"[" * 100_000)
    yield record(3, b'{"type":"stage","x":' + b"[" * 50_000 + b"]" * 50_000 + b"}")
    yield record(3, b'{"type":"end","now":1e300}')
    yield record(3, b'{"type":"lesson_end","now":-5}')
    yield record(3, b'{"type":"never heard of"}')
    yield record(77, b"what is this")
    yield b"\xff\xff\xff\xff" + record(3, b"a length that no file has")[4:]
    for track in (
        TrackBegin(5, "x" * 5000, MediaKind.VIDEO, "VP8", 90_000, 1, "", START),
        TrackBegin(6, "y", MediaKind.VIDEO, "VP8", 10**12, 1, "", START),
        TrackBegin(-7, "z", MediaKind.AUDIO, "opus", 48_000, 1, "", START),
        TrackBegin(8, "z", MediaKind.VIDEO, "H264", 90_000, 1, "f" * 9000, START),
        TrackBegin(9, "z", MediaKind.VIDEO, "VP8", 90_000, 1, "", 1e300),
    ):
        yield encode_record(track)


def test_absurd_records_are_passed_over_and_counted(tmp_path: Path) -> None:
    with archive_sink(tmp_path) as (sink, _):
        feed(sink, camera("VP8", video("VP8")).happenings(), microphone().happenings())
    expected = finished(tmp_path)
    (path,) = segment_paths(tmp_path)
    data = path.read_bytes()
    middle = data.index(encode_record(_packet_at(path, 300)))
    absurd = list(absurd_records())
    path.write_bytes(data[:middle] + b"".join(absurd) + data[middle:])
    counts: list[int] = []
    assert finish(tmp_path, lambda progress: None, counts.append) == expected
    assert counts == [len(absurd)]


def _packet_at(path: Path, number: int) -> Packet:
    packets = [one for one in SegmentReader(path.read_bytes()) if isinstance(one, Packet)]
    return packets[number]


def test_one_sequence_number_that_lies_costs_seconds_not_the_lesson(tmp_path: Path) -> None:
    sound = encode_audio(40.0)
    with archive_sink(tmp_path) as (sink, _):
        feed(sink, TrackFeed(2, "lead.camera", "opus", sound, START).happenings())
    (path,) = segment_paths(tmp_path)
    data = path.read_bytes()
    true = _packet_at(path, 300)
    sequence = struct.unpack_from(">H", true.rtp, 2)[0]
    lying = Packet(true.track, true.now, rtp_packet(sequence + 1500, 7, sound[0].data))
    place = data.index(encode_record(true))
    path.write_bytes(data[:place] + encode_record(lying) + data[place:])
    manifest = finished(tmp_path)
    beeps = [round(beep) for beep in decoded(tmp_path, manifest).beeps]
    assert beeps[:3] == [1, 3, 5]
    assert beeps[-8:] == [25, 27, 29, 31, 33, 35, 37, 39]


# --- pictures that are sent in another order than they are shown in -------------------------------


@functools.cache
def with_b_frames(seconds: float) -> tuple[Coded, ...]:
    """H.264 with a pyramid of B-frames, in the order of decoding."""
    context = av.CodecContext.create("libx264", "w")
    context.width, context.height, context.pix_fmt = 320, 180, "yuv420p"
    context.time_base, context.framerate, context.gop_size = Fraction(1, 25), 25, 50
    context.thread_count = 1
    context.options = {"preset": "veryfast", "bf": "3", "x264-params": "b-pyramid=normal:b-adapt=0"}
    coded = []
    ramp = np.tile(np.arange(320, dtype=np.uint16) % 96, (180, 1))
    for number in range(round(seconds * 25)):
        luma = np.full((180, 320), 235) if flash_on(number / 25) else 16 + (ramp + number * 3) % 96
        planes = np.vstack((luma, np.full((90, 320), 128))).astype(np.uint8)
        frame = av.VideoFrame.from_ndarray(planes, format="yuv420p")
        frame.pts = number
        coded += context.encode(frame)
    coded += context.encode(None)
    return tuple(Coded(packet.pts / 25, bytes(packet), packet.is_keyframe) for packet in coded)


def test_b_frames_are_played_in_the_order_in_which_they_were_taken(tmp_path: Path) -> None:
    frames = with_b_frames(6.0)
    assert [one.time for one in frames] != sorted(one.time for one in frames)
    manifest = recorded(tmp_path, camera("H264", frames).happenings(), microphone().happenings())
    media = decoded(tmp_path, manifest)
    assert media.picture_times == sorted(media.picture_times)
    assert [round(time * 25) for time in media.picture_times] == list(range(150))
    assert len(media.flashes) == 3
    for flash, beep in zip(media.flashes, media.beeps, strict=True):
        assert abs(flash - beep) <= 0.04
    with av.open(str(tmp_path / source(manifest).files[0].name)) as container:
        demuxed = [one for one in container.demux(video=0) if one.dts is not None]
    decode_times = [one.dts for one in demuxed]
    assert decode_times == sorted(set(decode_times))
    assert all(one.pts >= one.dts for one in demuxed)

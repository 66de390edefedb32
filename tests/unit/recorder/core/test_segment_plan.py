"""Tracks become sources and parts."""

import pytest

from recorder.core.archive_format import Packet, TrackBegin
from recorder.core.opus import LOOKAHEAD_SAMPLES
from recorder.core.segment_plan import SourcePlan, date_tracks, plan_sources
from recorder.core.track_index import TrackIndex
from relay.api import MediaKind
from tests.support.rtp_media import encode_video, packetize_h264, packetize_vp8, rtp_packet


def video(
    number: int, start: float, *, codec: str = "VP8", source: str = "lead.camera", width: int = 320
) -> TrackIndex:
    track = TrackIndex(TrackBegin(number, source, MediaKind.VIDEO, codec, 90000, 1, "", start))
    packetize = packetize_vp8 if codec == "VP8" else packetize_h264
    sequence = 0
    for coded in encode_video(codec, 2.0, width=width, height=width * 9 // 16):
        for payload in packetize(coded.data):
            sequence += 1
            packet = rtp_packet(sequence, round(coded.time * 90000), payload)
            track.add_packet(Packet(number, start + coded.time, packet))
    return track


def audio(number: int, start: float, seconds: float, source: str = "lead.camera") -> TrackIndex:
    track = TrackIndex(TrackBegin(number, source, MediaKind.AUDIO, "opus", 48000, 2, "", start))
    for n in range(round(seconds * 50)):
        track.add_packet(Packet(number, start + n / 50, rtp_packet(n, n * 960, b"\xfc\xff\xfe")))
    return track


def plan(*tracks: TrackIndex) -> list[SourcePlan]:
    return plan_sources(date_tracks(tracks))


def test_camera_and_courseware_are_two_sources() -> None:
    first, second = plan(
        audio(1, 99.9, 3), video(2, 100.0), video(3, 101.0, source="lead.courseware")
    )
    assert (first.source_id, first.tracks) == ("lead.camera", (1, 2))
    (part,) = first.parts
    assert (part.name, part.mime, part.channels) == ("lead.camera-1.webm", "video/webm", 2)
    assert (part.width, part.height) == (320, 180)
    assert part.start == pytest.approx(99.9 - LOOKAHEAD_SAMPLES / 48_000)
    assert second.parts[0].channels == 0


def test_a_source_published_again_in_the_same_codec_stays_one_file() -> None:
    (source,) = plan(video(1, 100.0), video(2, 110.0, width=640))
    (part,) = source.parts
    assert part.video_tracks == {1, 2}
    assert (part.width, part.height) == (640, 360)


def test_a_change_of_codec_begins_a_new_file() -> None:
    (source,) = plan(video(1, 100.0), audio(2, 100.0, 20), video(3, 110.0, codec="H264"))
    first, second = source.parts
    assert (first.codec, second.codec) == ("VP8", "H264")
    assert (second.name, second.mime) == ("lead.camera-2.mp4", "video/mp4")
    assert second.parameters is not None
    assert (first.channels, second.channels) == (2, 2)


def test_sound_alone_is_a_file_too() -> None:
    (source,) = plan(audio(1, 100.0, 2))
    assert source.parts[0].mime == "audio/webm"
    assert source.parts[0].codec is None


def test_tracks_without_packets_make_nothing() -> None:
    empty = TrackIndex(TrackBegin(1, "x.camera", MediaKind.VIDEO, "VP8", 90000, 1, "", 0.0))
    assert plan(empty) == []


def test_source_ids_from_outside_make_safe_and_different_file_names() -> None:
    ids = ["../../etc/passwd", "a/b", "a b", "..", "", "王.camera", "A_B"]
    plans = plan(*(audio(n, 100.0, 1, source) for n, source in enumerate(ids)))
    names = [source.parts[0].name for source in plans]
    assert len({name.lower() for name in names}) == len(ids)
    for name in names:
        assert "/" not in name
        assert not name.startswith(".")

"""Playlists, by RFC 8216."""

from __future__ import annotations

from recorder.core.fragments import Fragment, Layout
from recorder.core.hls import (
    Run,
    Segment,
    Track,
    VideoTrack,
    h264_codec,
    highest_codec,
    media_playlist,
    multivariant_playlist,
    rates,
    run_of,
)

SMALL = VideoTrack(Track("avc1.4d401e", "s.mp4", "s.m3u8", 400_000, 300_000), 640, 360, 25.0)
LARGE = VideoTrack(Track("avc1.64001f", "l.mp4", "l.m3u8", 1_500_000, 1_000_000), 1280, 720, 25.0)
AAC = Track("mp4a.40.2", "a.m4a", "a.m3u8", 70_000, 64_000)
OPUS = Track("opus", "o.m4a", "o.m3u8", 50_000, 40_000)


def test_fragments_are_joined_to_segments() -> None:
    times = (0, 90, 180, 400, 700)  # ticks of 1/90 s
    layout = Layout(10, tuple(Fragment(10 + 5 * n, 5, time) for n, time in enumerate(times)))
    run = run_of(layout, at=100, timescale=90, end_s=8.0)
    assert run.head_offset == 100
    assert [(one.offset, one.length) for one in run.segments] == [(110, 15), (125, 5), (130, 5)]
    assert sum(one.duration_s for one in run.segments) == 8.0


def test_a_media_playlist_names_byte_ranges() -> None:
    runs = [
        Run(0, 10, (Segment(10, 20, 4.0),)),
        Run(30, 12, (Segment(42, 8, 3.2), Segment(50, 7, 1.25))),
    ]
    assert media_playlist("x.mp4", runs).splitlines() == [
        "#EXTM3U",
        "#EXT-X-VERSION:7",
        "#EXT-X-TARGETDURATION:4",
        "#EXT-X-MEDIA-SEQUENCE:0",
        "#EXT-X-PLAYLIST-TYPE:VOD",
        "#EXT-X-INDEPENDENT-SEGMENTS",
        '#EXT-X-MAP:URI="x.mp4",BYTERANGE="10@0"',
        "#EXTINF:4.000000,",
        "#EXT-X-BYTERANGE:20@10",
        "x.mp4",
        '#EXT-X-MAP:URI="x.mp4",BYTERANGE="12@30"',
        "#EXTINF:3.200000,",
        "#EXT-X-BYTERANGE:8@42",
        "x.mp4",
        "#EXTINF:1.250000,",
        "#EXT-X-BYTERANGE:7@50",
        "x.mp4",
        "#EXT-X-ENDLIST",
    ]
    assert rates(runs) == (45, 34)


def test_every_size_is_offered_with_every_sound() -> None:
    lines = multivariant_playlist([SMALL, LARGE], [("aac", AAC), ("opus", OPUS)]).splitlines()
    variants = [line for line in lines if line.startswith("#EXT-X-STREAM-INF:")]
    assert len(variants) == 4
    assert variants[1] == (
        "#EXT-X-STREAM-INF:BANDWIDTH=1570000,AVERAGE-BANDWIDTH=1064000,"
        'CODECS="avc1.64001f,mp4a.40.2",RESOLUTION=1280x720,FRAME-RATE=25.000,AUDIO="aac"'
    )
    assert 'CODECS="avc1.4d401e,opus"' in variants[2]
    sounds = [line for line in lines if line.startswith("#EXT-X-MEDIA:")]
    assert len(sounds) == 2
    assert 'GROUP-ID="opus"' in sounds[1]
    assert sounds[1].endswith('URI="o.m3u8"')


def test_sound_alone_and_pictures_alone() -> None:
    alone = multivariant_playlist([], [("aac", AAC), ("opus", OPUS)])
    assert "EXT-X-MEDIA" not in alone
    assert alone.splitlines()[3:5] == [
        '#EXT-X-STREAM-INF:BANDWIDTH=70000,AVERAGE-BANDWIDTH=64000,CODECS="mp4a.40.2"',
        "a.m3u8",
    ]
    silent = multivariant_playlist([SMALL], [])
    assert "AUDIO" not in silent
    assert 'CODECS="avc1.4d401e"' in silent


def test_codecs_are_named_by_their_configuration() -> None:
    assert h264_codec(b"\x01\x64\x00\x1f\xff") == "avc1.64001f"
    assert highest_codec(["avc1.42c01e", "avc1.4d400d", "avc1.4d401e"]) == "avc1.4d401e"

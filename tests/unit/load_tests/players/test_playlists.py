"""Playlists as the simulated players read them."""

import pytest

from load_tests.players.playlists import BadPlaylist, Part, parts, variants
from recorder.core.hls import (
    Run,
    Segment,
    Track,
    VideoTrack,
    media_playlist,
    multivariant_playlist,
)

SMALL = VideoTrack(Track("avc1.42c01e", "a.mp4", "a.m3u8", 400_000, 300_000), 640, 360, 10.0)
LARGE = VideoTrack(Track("avc1.42c01f", "b.mp4", "b.m3u8", 900_000, 800_000), 1280, 720, 10.0)
SOUND = Track("mp4a.40.2", "s.m4a", "s.m3u8", 64_000, 64_000)


def test_sizes_are_read_with_their_sound_the_smallest_first() -> None:
    found = variants(multivariant_playlist([LARGE, SMALL], [("aac", SOUND)]))
    assert [(one.playlist, one.sound) for one in found] == [
        ("a.m3u8", "s.m3u8"),
        ("b.m3u8", "s.m3u8"),
    ]
    assert found[0].codecs == "avc1.42c01e,mp4a.40.2"


def test_of_sound_alone_there_is_one_playlist() -> None:
    (found,) = variants(multivariant_playlist([], [("aac", SOUND)]))
    assert (found.playlist, found.sound) == ("s.m3u8", None)


def test_heads_and_segments_are_ranges_of_the_file() -> None:
    runs = [
        Run(0, 100, (Segment(100, 50, 4.0), Segment(150, 60, 2.0))),
        Run(210, 20, (Segment(230, 5, 4.0),)),
    ]
    assert parts(media_playlist("a.mp4", runs)) == (
        Part("a.mp4", 0, 99, 0.0),
        Part("a.mp4", 100, 149, 4.0),
        Part("a.mp4", 150, 209, 2.0),
        Part("a.mp4", 210, 229, 0.0),
        Part("a.mp4", 230, 234, 4.0),
    )
    assert Part("a.mp4", 100, 149, 4.0).range == "bytes=100-149"


@pytest.mark.parametrize("text", ["", "<html>", "#EXTM3U\n", "#EXTM3U\n#EXTINF:4,\na.ts\n"])
def test_what_is_no_playlist_is_refused(text: str) -> None:
    with pytest.raises(BadPlaylist):
        variants(text)
    with pytest.raises(BadPlaylist):
        parts(text)

"""Editions in the shape in which the player takes recordings."""

from __future__ import annotations

from recorder.api import Edition, EditionSource, Storyboard
from recorder.api import Span as RecordedSpan
from signaling.library.edition_view import HLS_TYPE, edition_sources, media_type
from signaling.library.wire import Span

SOURCE = EditionSource(
    source_id="lead.camera",
    kind="camera",
    name="王老师",
    lead=True,
    playlist="lead.camera-1a.m3u8",
    offset_s=2.5,
    duration_s=30.0,
    width=1280,
    height=720,
    has_audio=True,
    has_video=True,
    spans=(RecordedSpan(2.5, 32.5),),
    storyboard=Storyboard("b.vtt", ("b.jpg",)),
    waveform=None,
)


def test_a_source_is_played_by_its_playlist() -> None:
    edition = Edition("e", "r", 32.5, (SOURCE,), (), (), None)
    (shown,) = edition_sources("/media/resources/x/1", edition)
    (file,) = shown.files
    assert (file.url, file.mime) == ("/media/resources/x/1/lead.camera-1a.m3u8", HLS_TYPE)
    assert (file.offset_s, file.duration_s, file.width) == (2.5, 30.0, 1280)
    assert shown.spans == (Span(2.5, 32.5),)
    assert shown.storyboard_url == "/media/resources/x/1/b.vtt"
    assert shown.waveform_url is None


def test_only_what_editions_hold_is_served() -> None:
    assert media_type("a.m4a") == "audio/mp4"
    assert media_type("a.html") is None
    assert media_type("lead.camera.made.json") == "application/json"

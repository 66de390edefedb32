"""Acts of the tests of the recorder's service."""

from pathlib import Path

from recorder.api import (
    PublishedFile,
)
from tests.support.recording import START, HandRelay
from tests.support.rtp_media import TrackFeed, encode_audio, encode_video, feed

ROOM = "room-a"


def teach(relay: HandRelay, *, seconds: float = 6.0, begin_s: float = 0.0, first: int = 1) -> None:
    """A lesson's media, told to the recorder's tap."""
    video, sound = encode_video("VP8", seconds), encode_audio(seconds)
    feed(
        relay.taps[ROOM],
        TrackFeed(
            first, "lead.camera", "VP8", video, START, begin_s=begin_s, end_reason=None
        ).happenings(),
        TrackFeed(
            first + 1, "lead.camera", "opus", sound, START, begin_s=begin_s, end_reason=None
        ).happenings(),
    )


def local(file: PublishedFile) -> Path:
    """A file of the folder, for a decoder."""
    assert file.local is not None
    return Path(file.local)

"""A recorded camera and microphone of the lead, and what finishing made of them."""

from pathlib import Path

from recorder.api import Manifest, MediaFile, SourceManifest
from tests.support.recording import START
from tests.support.rtp_media import (
    Coded,
    Decoded,
    TrackFeed,
    decode,
    encode_audio,
    encode_video,
)

CODECS = ["VP8", "H264"]


def camera(codec: str, seconds: float, **kwargs: object) -> TrackFeed:
    video = encode_video(codec, seconds)
    return TrackFeed(1, "lead.camera", codec, video, START, **kwargs)  # type: ignore[arg-type]


def microphone(seconds: float, **kwargs: object) -> TrackFeed:
    sound = encode_audio(seconds)
    return TrackFeed(2, "lead.camera", "opus", sound, START, **kwargs)  # type: ignore[arg-type]


def shifted(frames: tuple[Coded, ...], by_s: float) -> tuple[Coded, ...]:
    return tuple(Coded(frame.time + by_s, frame.data, frame.key) for frame in frames)


def source(manifest: Manifest, source_id: str = "lead.camera") -> SourceManifest:
    return next(item for item in manifest.sources if item.source_id == source_id)


def only_file(manifest: Manifest, source_id: str = "lead.camera") -> MediaFile:
    (file,) = source(manifest, source_id).files
    return file


def decoded(folder: Path, manifest: Manifest, source_id: str = "lead.camera") -> Decoded:
    return decode(folder / only_file(manifest, source_id).name)


def worst_lip_sync(media: Decoded) -> float:
    """The greatest distance of a flash to its beep; each flash must have one."""
    assert media.flashes
    return max(min(abs(flash - beep) for beep in media.beeps) for flash in media.flashes)

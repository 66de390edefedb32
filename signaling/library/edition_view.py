"""Editions as the API and players see them: the player of recordings plays them alike."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath
from urllib.parse import quote

from recorder.api import Edition, EditionSource
from recorder.api import Span as RecordedSpan
from signaling.library.wire import RecordingFile, RecordingSource, Span

HLS_TYPE = "application/vnd.apple.mpegurl"  # RFC 8216 §4; the page plays it by hls.js
# Types by suffix. What has another is not served.
MEDIA_TYPES = {
    ".m3u8": HLS_TYPE,
    ".mp4": "video/mp4",
    ".m4a": "audio/mp4",
    ".vtt": "text/vtt",
    ".jpg": "image/jpeg",
    ".json": "application/json",
}


def media_type(name: str) -> str | None:
    """Return the type of an edition's file; None for what is not to be served."""
    return MEDIA_TYPES.get(PurePosixPath(name).suffix)


def edition_sources(folder: str, edition: Edition) -> tuple[RecordingSource, ...]:
    """Show the sources of an edition; each has one file, its playlist.

    Args:
        folder: the address below which the edition's files are served.
        edition: the edition.
    """
    return tuple(_source(folder, source) for source in edition.sources)


def _source(folder: str, source: EditionSource) -> RecordingSource:
    board = source.storyboard
    file = RecordingFile(
        url=f"{folder}/{quote(source.playlist)}",
        mime=HLS_TYPE,
        offset_s=source.offset_s,
        duration_s=source.duration_s,
        width=source.width,
        height=source.height,
        has_audio=source.has_audio,
        has_video=source.has_video,
    )
    return RecordingSource(
        source_id=source.source_id,
        kind=source.kind,
        name=source.name,
        lead=source.lead,
        files=(file,),
        spans=_spans(source.spans),
        gaps=(),
        storyboard_url=None if board is None else f"{folder}/{quote(board.vtt)}",
        waveform_url=None if source.waveform is None else f"{folder}/{quote(source.waveform)}",
    )


def _spans(spans: Sequence[RecordedSpan]) -> tuple[Span, ...]:
    return tuple(Span(span.start_s, span.end_s) for span in spans)

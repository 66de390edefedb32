"""A recording's manifest, built from the archive and the finished files, and its JSON."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from enum import StrEnum

import msgspec

from recorder.api import (
    Entry,
    LessonFacts,
    Manifest,
    MediaFile,
    RecordingState,
    SourceManifest,
    Span,
    StageSpan,
    Storyboard,
)
from recorder.core.archive_format import Stage
from recorder.core.intervals import between, clip, merge, merge_to_count

MANIFEST_VERSION = 2  # storyboards and waveforms came with it; readers take any version
MAX_GAPS = 2000  # in one source; beyond that neighbours are joined
MIN_ABSENCE_S = 0.5  # s; a shorter hole between two tracks of a source is the change itself
JOIN_GAPS_S = 0.1  # s; gaps as close are one

_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Manifest)


class SourceFailure(StrEnum):
    """Reasons why not all files of a source could be made."""

    NOTHING_PLAYABLE = "nothing_playable"  # it sent, but nothing that anybody could play
    NOT_WRITTEN = "not_written"  # FFmpeg refused some of it; the log says why


class SourceResult(msgspec.Struct, frozen=True):
    """Findings about one source; times are Unix seconds."""

    source_id: str
    files: tuple[MediaFile, ...]
    present: tuple[tuple[float, float], ...]
    missing: tuple[tuple[float, float], ...]
    failure: SourceFailure | None = None
    storyboard: Storyboard | None = None
    waveform: str | None = None


def build_manifest(
    recording_id: str,
    facts: LessonFacts,
    *,
    names: Mapping[str, str],
    zero: float,
    sources: Sequence[SourceResult],
    stage: Iterable[Stage],
    has_thumbnail: bool,
    clock_ahead_s: float = 0.0,
    cuts: Iterable[tuple[float, float]] = (),
) -> Manifest:
    """Build the manifest of a finished recording.

    Args:
        recording_id: the recording.
        facts: the lesson.
        names: source id → name.
        zero: Unix seconds of the recording's start.
        sources: the files that were made.
        stage: the stage events, in order.
        has_thumbnail: a ``thumbnail.jpg`` was written.
        clock_ahead_s: seconds by which the machine's clock was set while it recorded. The date
            follows.
        cuts: pauses of unknown length.
    """
    duration = max(
        (file.offset_s + file.duration_s for source in sources for file in source.files),
        default=0.0,
    )
    entry = Entry(
        recording_id=recording_id,
        lesson_id=facts.lesson_id,
        lead_teacher_id=facts.lead_teacher_id,
        title=facts.title,
        subject=facts.subject,
        grade=facts.grade,
        class_kind=facts.class_kind,
        lead_teacher=facts.lead_teacher,
        started_at=datetime.fromtimestamp(zero + clock_ahead_s, UTC),
        duration_s=round(duration, 3),
        state=RecordingState.READY,
        progress=1.0,
        failure=None,
        has_thumbnail=has_thumbnail,
    )
    manifests = tuple(_source_manifest(source, facts, names, zero, duration) for source in sources)
    spans = [Span(max(0.0, start - zero), max(0.0, end - zero)) for start, end in cuts]
    return Manifest(
        entry,
        manifests,
        stage_spans(stage, zero, duration),
        tuple(_rounded(merge(spans))),
        MANIFEST_VERSION,
    )


def named_files(manifest: Manifest) -> frozenset[str]:
    """List the names of the files that a manifest names, but for the thumbnail."""
    names = {file.name for source in manifest.sources for file in source.files}
    for source in manifest.sources:
        if source.storyboard is not None:
            names |= {source.storyboard.vtt, *source.storyboard.sheets}
        if source.waveform is not None:
            names.add(source.waveform)
    return frozenset(names)


def _source_manifest(
    source: SourceResult,
    facts: LessonFacts,
    names: Mapping[str, str],
    zero: float,
    duration: float,
) -> SourceManifest:
    present = _relative(source.present, zero, duration)
    spans = merge(present, within_s=MIN_ABSENCE_S)
    gaps = [*_relative(source.missing, zero, duration), *between(spans)]
    return SourceManifest(
        source_id=source.source_id,
        kind=source.source_id.rpartition(".")[2],
        name=names.get(source.source_id, source.source_id),
        lead=source.source_id in facts.lead_sources,
        files=source.files,
        spans=tuple(_rounded(spans)),
        gaps=tuple(_rounded(merge_to_count(gaps, within_s=JOIN_GAPS_S, limit=MAX_GAPS))),
        failure=source.failure,
        storyboard=source.storyboard,
        waveform=source.waveform,
    )


def stage_spans(events: Iterable[Stage], zero: float, duration: float) -> tuple[StageSpan, ...]:
    """List who was on stage and when; a participant who never left stays to the end."""
    standing: dict[str, Stage] = {}
    spans: list[StageSpan] = []

    def leave(event: Stage, until: float) -> None:
        for span in clip([Span(event.now - zero, until - zero)], 0.0, duration):
            start, end = round(span.start_s, 3), round(span.end_s, 3)
            spans.append(StageSpan(event.participant_id, event.name, start, end))

    for event in events:
        if event.on_stage:
            standing.setdefault(event.participant_id, event)
        elif (began := standing.pop(event.participant_id, None)) is not None:
            leave(began, event.now)
    for began in standing.values():
        leave(began, zero + duration)
    return tuple(sorted(spans, key=lambda span: span.start_s))


def encode_manifest(manifest: Manifest) -> bytes:
    """Write the manifest as indented JSON, for people, too."""
    return msgspec.json.format(_encoder.encode(manifest), indent=1)


def decode_manifest(data: bytes) -> Manifest:
    """Read a manifest from JSON. Raises msgspec.DecodeError."""
    return _decoder.decode(data)


def _relative(intervals: Iterable[tuple[float, float]], zero: float, duration: float) -> list[Span]:
    return clip((Span(start - zero, end - zero) for start, end in intervals), 0.0, duration)


def _rounded(spans: Iterable[Span]) -> list[Span]:
    return [Span(round(span.start_s, 3), round(span.end_s, 3)) for span in spans]

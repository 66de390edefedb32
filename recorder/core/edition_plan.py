"""The plan of an edition: which pieces of which sources, in which sizes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import msgspec

from recorder.api import (
    EditionOrder,
    Manifest,
    MediaFile,
    NothingLeft,
    SourceManifest,
    Span,
    StageSpan,
)
from recorder.core.pieces import Piece, edited, kept_length, kept_spans, moment, pieces_of

FORM = 1  # of the files; another form is another edition


class Rendition(msgspec.Struct, frozen=True):
    """One size of the pictures.

    Attributes:
        name: as in names of files.
        bps: the most that the pictures take in the long run.
    """

    name: str
    width: int
    height: int
    bps: int


# The ladder. Two sources at the lowest step and their sound go through a link of 1 Mbit/s.
_STEPS = (("360p", 640, 360, 380_000), ("720p", 1280, 720, 1_500_000))


class SourceTask(msgspec.Struct, frozen=True):
    """Everything that is to be made of one source.

    Attributes:
        stem: the begin of all its names.
        start_s: the begin of its media on the edition's timeline, with `end_s`.
        duration_s: of the whole edition.
        cover_s: the moment of the edition that the cover shows.
        makes_cover: whether the cover is made of this source.
    """

    source_id: str
    stem: str
    files: tuple[MediaFile, ...]
    kept: tuple[Span, ...]
    pieces: tuple[Piece, ...]
    start_s: float
    end_s: float
    duration_s: float
    renditions: tuple[Rendition, ...]
    has_audio: bool
    makes_cover: bool
    cover_s: float | None


class EditionPlan(msgspec.Struct, frozen=True):
    """The plan: one task for each source that is shown."""

    duration_s: float
    kept: tuple[Span, ...]
    tasks: tuple[SourceTask, ...]


def edition_key(order: EditionOrder) -> bytes:
    """Say what an edition holds: the same order always gives the same bytes."""
    keep = sorted((round(one.start_s, 3), round(one.end_s, 3)) for one in order.keep)
    hidden, silent = sorted(set(order.hidden_sources)), sorted(set(order.hidden_pictures))
    return msgspec.json.encode((FORM, order.recording_id, keep, hidden, order.cover_s, silent))


def plan_edition(manifest: Manifest, order: EditionOrder) -> EditionPlan:
    """Plan an edition. Sources that are hidden have no place in the plan. Raises NothingLeft."""
    kept = kept_spans(order.keep, manifest.entry.duration_s)
    duration = kept_length(kept)
    shown = [
        (source, pieces)
        for source in (_seen(one, order) for one in manifest.sources)
        if source.source_id not in order.hidden_sources
        and (pieces := pieces_of(_playable(source.files), kept))
    ]
    if not shown:
        raise NothingLeft(order.recording_id)
    first = _cover_source(shown)
    cover = None if order.cover_s is None else moment(order.cover_s, kept)
    tasks = tuple(
        _task(source, pieces, kept, duration, cover, makes_cover=source.source_id == first)
        for source, pieces in shown
    )
    return EditionPlan(duration, kept, tasks)


def shown_stage(manifest: Manifest, plan: EditionPlan) -> tuple[StageSpan, ...]:
    """Move the times on stage to the edition's timeline; of rooms that are shown alone."""
    shown = {task.source_id.rpartition(".")[0] for task in plan.tasks}
    return tuple(
        StageSpan(one.participant_id, one.name, round(span.start_s, 3), round(span.end_s, 3))
        for one in manifest.stage
        if one.participant_id in shown
        for span in edited([Span(one.start_s, one.end_s)], plan.kept)
    )


def _seen(source: SourceManifest, order: EditionOrder) -> SourceManifest:
    """Return a source without its pictures where they are hidden."""
    if source.source_id not in order.hidden_pictures:
        return source
    files = tuple(replace(file, has_video=False, width=None, height=None) for file in source.files)
    return replace(source, files=files)


def _playable(files: Iterable[MediaFile]) -> list[MediaFile]:
    return [file for file in files if file.has_audio or file.has_video]


def _task(
    source: SourceManifest,
    pieces: tuple[Piece, ...],
    kept: tuple[Span, ...],
    duration: float,
    cover: float | None,
    *,
    makes_cover: bool,
) -> SourceTask:
    used = {piece.name for piece in pieces}
    files = tuple(file for file in source.files if file.name in used)
    return SourceTask(
        source_id=source.source_id,
        stem=files[0].name.rpartition(".")[0].rpartition("-")[0],
        files=files,
        kept=kept,
        pieces=pieces,
        start_s=pieces[0].at_s,
        end_s=pieces[-1].until_s,
        duration_s=duration,
        renditions=renditions(files),
        has_audio=any(file.has_audio for file in files),
        makes_cover=makes_cover,
        cover_s=cover,
    )


def renditions(files: Iterable[MediaFile]) -> tuple[Rendition, ...]:
    """Choose the sizes: none is larger than the pictures are, and their shape is kept."""
    sizes = [(file.width or 0, file.height or 0) for file in files if file.has_video]
    width, height = max(sizes, key=lambda size: size[0] * size[1], default=(0, 0))
    if not width or not height:
        return ()
    made: list[Rendition] = []
    for name, widest, highest, bps in _STEPS:
        scale = min(1.0, widest / width, highest / height)
        size = (_even(width * scale), _even(height * scale))
        if not made or (made[-1].width, made[-1].height) != size:
            made.append(Rendition(name, *size, bps))
    return tuple(made)


def _even(pixels: float) -> int:
    return max(2, round(pixels / 2) * 2)


def _cover_source(shown: Sequence[tuple[SourceManifest, tuple[Piece, ...]]]) -> str | None:
    """Choose the source of the cover: the lead's camera, else its courseware, else anybody's."""
    pictured = [source for source, _ in shown if any(file.has_video for file in source.files)]
    pictured.sort(key=lambda one: (not one.lead, one.kind != "camera"))
    return pictured[0].source_id if pictured else None

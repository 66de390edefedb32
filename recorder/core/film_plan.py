"""The plan of a film: which layout stands when, and which pieces are seen and heard."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

import msgspec

from recorder.api import FilmOrder, Manifest, NothingLeft, SourceManifest, Span
from recorder.core.film_layout import Box, Layout, Seen, arrange
from recorder.core.intervals import common, merge
from recorder.core.pieces import (
    Piece,
    edited,
    kept_length,
    kept_spans,
    moment,
    pieces_of,
    within,
)

FORM = 2  # of the file; another form is another film
HOLE_S = 0.5  # s between two files of a source; over a shorter hole its last picture stands
_SAME_S = 1e-6  # s; moments as near as this are one
COURSEWARE = "courseware"  # the kind of a source
_MAX_CARD_CHARS = 400  # of one text; metadata of the library are shorter


class Scene(msgspec.Struct, frozen=True):
    """One layout, from one moment of the film to another. Boxes from the back to the front."""

    start_s: float
    end_s: float
    layout: Layout
    boxes: tuple[Box, ...] = ()


class FilmSource(msgspec.Struct, frozen=True):
    """Pieces of one source: those that may be seen, and those that are heard."""

    source_id: str
    seen: tuple[Piece, ...] = ()
    heard: tuple[Piece, ...] = ()


class FilmPlan(msgspec.Struct, frozen=True):
    """Everything that is in a film. Its times are the film's.

    Attributes:
        scenes: cover the film from its begin to its end, without holes and overlaps.
        chapters: moments and titles, in order.
        card: texts that stand on the card; empty where no scene shows it.
        font: of the card, among the files of the process, and which of its faces; None: no texts.
    """

    duration_s: float
    scenes: tuple[Scene, ...]
    sources: tuple[FilmSource, ...]
    title: str = ""
    author: str = ""
    chapters: tuple[tuple[float, str], ...] = ()
    card: tuple[str, ...] = ()
    font: tuple[str, int] | None = None

    @property
    def files(self) -> tuple[str, ...]:
        """The names of the recording's files that are needed."""
        pieces = (piece for one in self.sources for piece in (*one.seen, *one.heard))
        return tuple(dict.fromkeys(piece.name for piece in pieces))


class _Part(msgspec.Struct, frozen=True):
    """One source's part of the film, and when it may be seen."""

    source: FilmSource
    seen: Seen
    spans: tuple[Span, ...]


def film_key(order: FilmOrder) -> bytes:
    """Say what a film holds: the same order always gives the same bytes."""
    keep = sorted((round(one.start_s, 3), round(one.end_s, 3)) for one in order.keep)
    hidden, silent = sorted(set(order.hidden_sources)), sorted(set(order.hidden_pictures))
    chapters = sorted((round(at_s, 3), title) for at_s, title in order.chapters)
    said = (order.title, order.author, chapters, order.card)
    return msgspec.json.encode(("film", FORM, order.recording_id, keep, hidden, silent, said))


def plan_film(manifest: Manifest, order: FilmOrder) -> FilmPlan:
    """Plan a film. Sources that are hidden have no place in the plan. Raises NothingLeft."""
    kept = kept_spans(order.keep, manifest.entry.duration_s)
    duration = kept_length(kept)
    hidden = set(order.hidden_sources)
    parts = [
        _part(source, manifest, order, kept)
        for source in manifest.sources
        if source.source_id not in hidden
    ]
    if not any(part.source.seen or part.source.heard for part in parts):
        raise NothingLeft(order.recording_id)
    scenes = plan_scenes([(part.seen, part.spans) for part in parts], duration)
    sources = (_used(part.source, scenes) for part in parts)
    moved = ((moment(at_s, kept), title) for at_s, title in order.chapters)
    return FilmPlan(
        duration_s=duration,
        scenes=scenes,
        sources=tuple(one for one in sources if one.seen or one.heard),
        title=order.title,
        author=order.author,
        chapters=tuple(sorted((at_s, title) for at_s, title in moved if at_s is not None)),
        card=_card(order.card, scenes),
    )


def plan_scenes(
    sources: Sequence[tuple[Seen, Sequence[Span]]], duration_s: float
) -> tuple[Scene, ...]:
    """Lay out a film, given when each source may be seen. Spans of a source do not overlap."""
    starts: dict[float, list[int]] = {0.0: []}
    ends: dict[float, list[int]] = {}
    for number, (_, spans) in enumerate(sources):
        for span in spans:
            starts.setdefault(span.start_s, []).append(number)
            ends.setdefault(span.end_s, []).append(number)
    moments = sorted({*starts, *ends, duration_s})
    present: dict[int, None] = {}  # in the order in which they came
    scenes: list[Scene] = []
    for at_s, until_s in pairwise(moments):
        for number in ends.get(at_s, ()):
            present.pop(number, None)
        for number in starts.get(at_s, ()):
            present[number] = None
        if until_s - at_s <= _SAME_S or at_s >= duration_s:
            continue
        layout, boxes = arrange([sources[number][0] for number in present])
        _add(scenes, Scene(at_s, min(until_s, duration_s), layout, boxes))
    if scenes:
        scenes[-1] = msgspec.structs.replace(scenes[-1], end_s=duration_s)
    return tuple(scenes)


def _add(scenes: list[Scene], scene: Scene) -> None:
    """Add a scene; one that is as the one before makes that one longer."""
    if scenes:
        last = scenes[-1]
        if (last.layout, last.boxes) == (scene.layout, scene.boxes):
            scenes[-1] = msgspec.structs.replace(last, end_s=scene.end_s)
            return
        scene = msgspec.structs.replace(scene, start_s=last.end_s)
    scenes.append(scene)


def _part(
    source: SourceManifest, manifest: Manifest, order: FilmOrder, kept: Sequence[Span]
) -> _Part:
    """Find out when a source is seen and heard: rooms only while they are on stage."""
    pieces = pieces_of([one for one in source.files if one.has_audio or one.has_video], kept)
    pictured = {one.name for one in source.files if one.has_video}
    sounding = {one.name for one in source.files if one.has_audio}
    if source.source_id in order.hidden_pictures:
        pictured = set()
    seen = [piece for piece in pieces if piece.name in pictured]
    heard = tuple(piece for piece in pieces if piece.name in sounding)
    spans = merge((Span(one.at_s, one.until_s) for one in seen), within_s=HOLE_S)
    if source.spans:
        spans = common(spans, edited(source.spans, kept))
    if not source.lead:
        stage = edited(_on_stage(source, manifest), kept)
        spans, heard = common(spans, stage), within(heard, stage)
    fact = Seen(source.source_id, source.lead, source.kind == COURSEWARE)
    return _Part(FilmSource(source.source_id, tuple(seen), heard), fact, tuple(spans))


def _card(texts: Sequence[str], scenes: Iterable[Scene]) -> tuple[str, ...]:
    shown = any(scene.layout is Layout.CARD for scene in scenes)
    return tuple(one[:_MAX_CARD_CHARS] for one in texts) if shown else ()


def _on_stage(source: SourceManifest, manifest: Manifest) -> list[Span]:
    owner = source.source_id.rpartition(".")[0]
    spans = (Span(one.start_s, one.end_s) for one in manifest.stage if one.participant_id == owner)
    return merge(spans)


def _used(source: FilmSource, scenes: Iterable[Scene]) -> FilmSource:
    """Leave of the pieces that may be seen those that some scene shows."""
    shown = merge(
        (
            Span(scene.start_s, scene.end_s)
            for scene in scenes
            if any(box.source_id == source.source_id for box in scene.boxes)
        ),
        within_s=_SAME_S,
    )
    return msgspec.structs.replace(source, seen=within(source.seen, shown))

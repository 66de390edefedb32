"""The sources that are published now."""

from __future__ import annotations

import msgspec

from signaling.classroom.messages import Event
from signaling.classroom.parts.part import Opening, Part, with_item
from signaling.lessons.sources import SourceKind


class Source(msgspec.Struct, frozen=True):
    """A source published now. ``source_id`` is ``<participant_id>.<kind>``."""

    source_id: str
    participant_id: str
    kind: SourceKind
    has_audio: bool
    has_video: bool
    layers: tuple[str, ...]


class SourceChanged(Event, frozen=True, tag="source_changed"):
    """A source appeared or its layers changed."""

    source: Source


class SourceRemoved(Event, frozen=True, tag="source_removed"):
    """A source is gone."""

    source_id: str


class PublishedPiece(msgspec.Struct, frozen=True):
    """Fields of the snapshot."""

    sources: tuple[Source, ...] = ()


class Published(Part[PublishedPiece]):
    """The published sources; the relay tells of every change."""

    piece = PublishedPiece
    events = (SourceChanged, SourceRemoved)

    def begin(self, opening: Opening) -> PublishedPiece:
        """Return no source: the relay tells what there is."""
        return PublishedPiece()

    @classmethod
    def apply(cls, piece: PublishedPiece, event: Event) -> PublishedPiece:
        """Put the source in the place of its former state, or take it out."""
        match event:
            case SourceChanged(source=source):
                return PublishedPiece(with_item(piece.sources, source, lambda one: one.source_id))
            case SourceRemoved(source_id=gone):
                return PublishedPiece(tuple(s for s in piece.sources if s.source_id != gone))
        return piece

    def source(self, source_id: str) -> Source | None:
        """Return one source, by id."""
        return next((one for one in self.shown.sources if one.source_id == source_id), None)

    def put(self, source: Source) -> None:
        """Note that a source appeared or changed."""
        if self.source(source.source_id) != source:
            self.emit(SourceChanged, source)

    def remove(self, source_id: str) -> None:
        """Note that a source is gone."""
        if self.source(source_id) is not None:
            self.emit(SourceRemoved, source_id)

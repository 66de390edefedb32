"""Pieces of a source's files along an edited timeline.

An edit keeps some spans of a recording and leaves out the rest. What is kept is laid end to end.
Without an edit the two timelines are one.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import msgspec

from recorder.api import MediaFile, Span
from recorder.core.intervals import clip, merge

MIN_PIECE_S = 0.02  # s; less than a frame of sound shows nothing


class Piece(msgspec.Struct, frozen=True):
    """A part of a file: media time `start_s` up to `end_s`, shown from `at_s` on."""

    name: str
    start_s: float
    end_s: float
    at_s: float

    @property
    def until_s(self) -> float:
        """The end on the edited timeline."""
        return self.at_s + self.end_s - self.start_s


def kept_spans(keep: Iterable[Span], duration_s: float) -> tuple[Span, ...]:
    """Put the spans that an edit keeps in order, within the recording; none means all."""
    wanted = list(keep) or [Span(0.0, duration_s)]
    return tuple(merge(clip(wanted, 0.0, duration_s)))


def kept_length(kept: Iterable[Span]) -> float:
    """Add up the spans that are kept."""
    return sum(span.end_s - span.start_s for span in kept)


def edited(spans: Iterable[Span], kept: Sequence[Span]) -> tuple[Span, ...]:
    """Move spans of the recording onto the edited timeline; what is cut out is gone."""
    moved: list[Span] = []
    given, at = list(spans), 0.0
    for span in kept:
        shift = at - span.start_s
        inside = clip(given, span.start_s, span.end_s)
        moved += [Span(one.start_s + shift, one.end_s + shift) for one in inside]
        at += span.end_s - span.start_s
    return tuple(merge(moved, within_s=1e-6))


def pieces_of(files: Iterable[MediaFile], kept: Sequence[Span]) -> tuple[Piece, ...]:
    """List the pieces of one source's files, in order; a later file ends the one before."""
    ordered = sorted(files, key=lambda file: file.offset_s)
    followers = [*(file.offset_s for file in ordered[1:]), math.inf][: len(ordered)]
    pieces, at = [], 0.0
    for span in kept:
        for file, follower in zip(ordered, followers, strict=True):
            end = min(file.offset_s + file.duration_s, follower, span.end_s)
            start = max(file.offset_s, span.start_s)
            if end - start >= MIN_PIECE_S:
                inside = (start - file.offset_s, end - file.offset_s)
                pieces.append(Piece(file.name, *inside, at + start - span.start_s))
        at += span.end_s - span.start_s
    return tuple(pieces)


def within(pieces: Iterable[Piece], spans: Sequence[Span]) -> tuple[Piece, ...]:
    """Cut pieces to spans of the edited timeline, which are sorted and do not overlap."""
    cut = []
    for piece in pieces:
        for span in clip(spans, piece.at_s, piece.until_s):
            if span.end_s - span.start_s >= MIN_PIECE_S:
                shift = piece.start_s - piece.at_s
                cut.append(
                    Piece(piece.name, span.start_s + shift, span.end_s + shift, span.start_s)
                )
    return tuple(cut)


def moment(recorded_s: float, kept: Iterable[Span]) -> float | None:
    """Move a moment to the edited timeline; None if it is cut out."""
    at = 0.0
    for span in kept:
        if span.start_s <= recorded_s < span.end_s:
            return at + recorded_s - span.start_s
        at += span.end_s - span.start_s
    return None

"""Edits: what is kept of a recording, and where it lies on the edited timeline."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.api import MediaFile, Span
from recorder.core.pieces import edited, kept_length, kept_spans, pieces_of

SECONDS = st.integers(0, 600).map(lambda tenth: tenth / 10)
SPANS = st.lists(st.tuples(SECONDS, SECONDS).map(lambda two: Span(min(two), max(two))), max_size=6)


def file(name: str, offset_s: float, duration_s: float) -> MediaFile:
    return MediaFile(name, "video/mp4", offset_s, duration_s, 320, 180, True, True)


def test_without_an_edit_everything_is_kept() -> None:
    kept = kept_spans((), 60.0)
    assert kept == (Span(0.0, 60.0),)
    (piece,) = pieces_of([file("a", 1.5, 58.5)], kept)
    assert (piece.start_s, piece.end_s, piece.at_s) == (0.0, 58.5, 1.5)


def test_a_trim_and_a_cut() -> None:
    kept = kept_spans([Span(40.0, 90.0), Span(10.0, 20.0)], 60.0)
    assert kept == (Span(10.0, 20.0), Span(40.0, 60.0))
    pieces = pieces_of([file("a", 5.0, 10.0), file("b", 15.0, 50.0)], kept)
    assert [(one.name, one.start_s, one.end_s, one.at_s) for one in pieces] == [
        ("a", 5.0, 10.0, 0.0),
        ("b", 0.0, 5.0, 5.0),
        ("b", 25.0, 45.0, 10.0),
    ]
    assert edited([Span(0.0, 15.0), Span(50.0, 60.0)], kept) == (Span(0.0, 5.0), Span(20.0, 30.0))


def test_a_later_file_ends_the_one_before() -> None:
    pieces = pieces_of([file("b", 9.9, 5.0), file("a", 0.0, 10.0)], kept_spans((), 15.0))
    assert [(one.name, one.at_s, one.until_s) for one in pieces] == [
        ("a", 0.0, 9.9),
        ("b", 9.9, pytest.approx(14.9)),
    ]


@given(SPANS, st.lists(st.tuples(SECONDS, SECONDS), max_size=4))
def test_pieces_show_nothing_that_is_cut_out(
    keep: list[Span], files: list[tuple[float, float]]
) -> None:
    media = [file(str(n), offset, length) for n, (offset, length) in enumerate(files)]
    kept = kept_spans(keep, 60.0)
    offsets = {one.name: one.offset_s for one in media}
    pieces = pieces_of(media, kept)
    for piece in pieces:
        start, end = offsets[piece.name] + piece.start_s, offsets[piece.name] + piece.end_s
        assert any(span.start_s - 1e-9 <= start and end <= span.end_s + 1e-9 for span in kept)
    for before, after in pairwise(pieces):
        assert before.until_s <= after.at_s + 1e-9
    assert all(piece.until_s <= kept_length(kept) + 1e-9 for piece in pieces)

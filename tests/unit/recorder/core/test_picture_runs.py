"""Which pictures are copied."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.api import MediaFile, Span
from recorder.core.edition_plan import Rendition
from recorder.core.picture_runs import PictureFacts, RunPlan, plan_runs
from recorder.core.pieces import Piece, kept_spans, pieces_of

SIZE = Rendition("720p", 1280, 720, 1_500_000)
FILE = MediaFile("a.mp4", "video/mp4", 0.0, 60.0, 1280, 720, False, True)
FACTS = PictureFacts(tuple(float(10 * n) for n in range(6)), True, False, 2e6)


def runs(*keep: Span, facts: PictureFacts = FACTS, file: MediaFile = FILE) -> tuple[RunPlan, ...]:
    pieces = pieces_of([file], kept_spans(keep, 60.0))
    return plan_runs(pieces, [file], {file.name: facts}, SIZE)


def test_a_whole_file_is_copied() -> None:
    assert runs() == (RunPlan(0.0, 60.0, Piece("a.mp4", 0.0, 60.0, 0.0)),)


def test_from_a_cut_to_the_next_key_frame_is_coded() -> None:
    assert runs(Span(12.0, 50.0)) == (
        RunPlan(0.0, 8.0),
        RunPlan(8.0, 38.0, Piece("a.mp4", 20.0, 50.0, 8.0)),
    )


def test_a_short_rest_is_not_worth_a_change() -> None:
    assert runs(Span(12.0, 25.0), Span(33.0, 36.0)) == (RunPlan(0.0, 16.0),)


@pytest.mark.parametrize(
    "facts",
    [
        msgspec.structs.replace(FACTS, uniform=False),
        msgspec.structs.replace(FACTS, reorders=True),
        msgspec.structs.replace(FACTS, bps=5e6),
        msgspec.structs.replace(FACTS, keys=(0.0, 30.0)),
        msgspec.structs.replace(FACTS, keys=()),
    ],
)
def test_what_players_could_not_follow_is_coded(facts: PictureFacts) -> None:
    assert runs(facts=facts) == (RunPlan(0.0, 60.0),)


def test_another_size_is_coded() -> None:
    assert runs(file=replace(FILE, width=1920, height=1080)) == (RunPlan(0.0, 60.0),)


@given(
    st.lists(st.tuples(st.integers(0, 600), st.integers(0, 600)), min_size=1, max_size=5),
    st.sets(st.integers(0, 600), max_size=12),
)
def test_runs_cover_the_timeline_and_copy_only_what_is_kept(
    keep: list[tuple[int, int]], keys: set[int]
) -> None:
    spans = [Span(min(two) / 10, max(two) / 10) for two in keep]
    kept = kept_spans(spans, 60.0)
    facts = msgspec.structs.replace(FACTS, keys=tuple(key / 10 for key in sorted(keys)))
    pieces = pieces_of([FILE], kept)
    planned = plan_runs(pieces, [FILE], {"a.mp4": facts}, SIZE)
    if not pieces:
        assert planned == ()
        return
    assert planned[0].start_s == pieces[0].at_s
    assert planned[-1].end_s == pytest.approx(pieces[-1].until_s)
    for before, after in pairwise(planned):
        assert before.end_s == pytest.approx(after.start_s)
        assert before.copied is not None or after.copied is not None
    for run in planned:
        if run.copied is not None:
            assert any(
                span.start_s - 0.003 <= run.copied.start_s and run.copied.end_s <= span.end_s + 1e-6
                for span in kept
            )

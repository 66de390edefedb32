"""Editions: when one is needed, how long it takes, and where a moment lies in it."""

from __future__ import annotations

import pytest

from signaling.library.editions.rules import (
    FOLLOWING,
    edited_chapters,
    edited_moment,
    minutes_left,
    needs_edition,
)
from signaling.library.versions.wire import Chapter, ResourceEdits
from signaling.library.wire import EditionState, Span

KEEP = (Span(10.0, 20.0), Span(50.0, 60.0))


@pytest.mark.parametrize(
    "edits",
    [
        ResourceEdits(keep=KEEP),
        ResourceEdits(hidden_sources=("a",)),
        ResourceEdits(hidden_pictures=("a",)),
    ],
)
def test_what_is_cut_or_hidden_is_played_from_an_edition_alone(edits: ResourceEdits) -> None:
    assert needs_edition(edits)


def test_chapters_and_a_cover_need_none() -> None:
    assert not needs_edition(ResourceEdits(chapters=(Chapter(1.0, "一"),), cover_s=3.0))


@pytest.mark.parametrize(
    ("at_s", "wanted"),
    [(10.0, 0.0), (19.5, 9.5), (20.0, None), (49.0, None), (50.0, 10.0), (9.0, None), (60.0, None)],
)
def test_moments_are_moved(at_s: float, wanted: float | None) -> None:
    assert edited_moment(at_s, KEEP) == wanted


def test_without_cuts_moments_stay() -> None:
    assert edited_moment(49.0, ()) == 49.0


def test_chapters_that_were_cut_out_are_gone() -> None:
    chapters = (Chapter(12.0, "一"), Chapter(30.0, "二"), Chapter(55.0, "三"))
    assert edited_chapters(chapters, KEEP) == (Chapter(2.0, "一"), Chapter(15.0, "三"))


def test_minutes_are_told_by_the_length_at_first_and_by_the_own_pace_later() -> None:
    before = minutes_left(2 * 2400.0, 0, 0, 0.0)
    assert before > 10
    assert minutes_left(2 * 2400.0, 2400, 4800, 600.0) == 10  # half is done in 10 minutes
    assert minutes_left(10.0, 0, 0, 0.0) == 1
    assert minutes_left(10.0, 10, 10, 100.0) == 1


def test_nothing_follows_the_removal() -> None:
    assert FOLLOWING[EditionState.REMOVING] == frozenset()
    assert all(
        EditionState.REMOVING in following
        for state, following in FOLLOWING.items()
        if state is not EditionState.REMOVING
    )

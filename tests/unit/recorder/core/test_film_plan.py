"""Plans of films: one layout at each moment, and nothing in them that may not be seen."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recorder.api import (
    Entry,
    FilmOrder,
    Manifest,
    MediaFile,
    NothingLeft,
    RecordingState,
    SourceManifest,
    Span,
    StageSpan,
)
from recorder.core.film_layout import HEIGHT, WIDTH, Box, Layout, Seen, arrange
from recorder.core.film_plan import FilmPlan, film_key, plan_film
from recorder.core.intervals import merge
from recorder.core.pieces import edited, kept_spans

LENGTH_S = 100.0
ENTRY = Entry(
    "r1", "l1", "t1", "", "", "", "dedicated", "", datetime(2026, 9, 1, tzinfo=UTC), LENGTH_S,
    RecordingState.READY, 1.0, None, True,
)  # fmt: skip
BOARD, CAMERA, ROOM = "lead.courseware", "lead.camera", "room-1.camera"


def source(
    source_id: str, *spans: tuple[float, float], video: bool = True, sound: bool = True
) -> SourceManifest:
    """A source with one file for each span."""
    files = tuple(
        MediaFile(
            f"{source_id}-{number}.webm", "video/webm", start, end - start, 640, 360, sound, video
        )
        for number, (start, end) in enumerate(spans)
    )
    kind = source_id.rpartition(".")[2]
    times = tuple(Span(start, end) for start, end in spans)
    return SourceManifest(source_id, kind, "", source_id.startswith("lead"), files, times, ())


def lesson(*sources: SourceManifest, stage: tuple[tuple[str, float, float], ...] = ()) -> Manifest:
    return Manifest(ENTRY, sources, tuple(StageSpan(who, who, a, b) for who, a, b in stage))


def told(plan: FilmPlan) -> list[tuple[float, float, str, list[str]]]:
    return [
        (one.start_s, one.end_s, str(one.layout), [box.source_id for box in one.boxes])
        for one in plan.scenes
    ]


def test_the_layout_follows_courseware_and_stage() -> None:
    manifest = lesson(
        source(CAMERA, (10, 100)),
        source(BOARD, (20, 40), (60, 70), sound=False),
        source(ROOM, (0, 100)),
        stage=(("room-1", 30, 50),),
    )
    assert told(plan_film(manifest, FilmOrder("r1"))) == [
        (0, 10, "card", []),
        (10, 20, "full", [CAMERA]),
        (20, 30, "courseware", [BOARD, CAMERA]),
        (30, 40, "courseware", [BOARD, CAMERA, ROOM]),
        (40, 50, "beside", [CAMERA, ROOM]),
        (50, 60, "full", [CAMERA]),
        (60, 70, "courseware", [BOARD, CAMERA]),
        (70, 100, "full", [CAMERA]),
    ]


def test_a_cut_takes_away_what_stood_there() -> None:
    manifest = lesson(source(CAMERA, (0, 100)), source(BOARD, (20, 40), sound=False))
    order = FilmOrder("r1", (Span(10, 15), Span(38, 50)), chapters=((12.0, "一"), (20.0, "剪掉")))
    plan = plan_film(manifest, order)
    assert plan.duration_s == 17
    assert told(plan) == [
        (0, 5, "full", [CAMERA]),
        (5, 7, "courseware", [BOARD, CAMERA]),
        (7, 17, "full", [CAMERA]),
    ]
    assert plan.chapters == ((2.0, "一"),)
    (board,) = [one for one in plan.sources if one.source_id == BOARD]
    assert [(one.start_s, one.end_s, one.at_s) for one in board.seen] == [(18, 20, 5)]


def test_of_a_hidden_picture_the_sound_is_left_and_of_a_hidden_source_nothing() -> None:
    manifest = lesson(source(CAMERA, (0, 100)), source(ROOM, (0, 100)), stage=(("room-1", 0, 50),))
    plan = plan_film(manifest, FilmOrder("r1", hidden_sources=(ROOM,), hidden_pictures=(CAMERA,)))
    assert told(plan) == [(0, 100, "card", [])]
    (left,) = plan.sources
    assert (left.source_id, left.seen, len(left.heard)) == (CAMERA, (), 1)
    with pytest.raises(NothingLeft):
        plan_film(manifest, FilmOrder("r1", hidden_sources=(ROOM, CAMERA)))


def test_a_room_is_heard_only_on_stage() -> None:
    manifest = lesson(source(CAMERA, (0, 100)), source(ROOM, (0, 100)), stage=(("room-1", 5, 9),))
    (room,) = [one for one in plan_film(manifest, FilmOrder("r1")).sources if one.source_id == ROOM]
    assert [(one.start_s, one.end_s) for one in room.heard] == [(5, 9)]
    assert [(one.start_s, one.end_s) for one in room.seen] == [(5, 9)]


def test_a_short_hole_between_two_files_changes_no_layout() -> None:
    camera = replace(source(CAMERA, (0, 50), (50.3, 100)), spans=(Span(0, 100),))
    assert told(plan_film(lesson(camera), FilmOrder("r1"))) == [(0, 100, "full", [CAMERA])]


def test_many_rooms_have_their_places_and_the_rest_none() -> None:
    seen = [Seen(f"room-{number}.camera", lead=False, is_courseware=False) for number in range(9)]
    teacher = Seen(CAMERA, lead=True, is_courseware=False)
    layout, boxes = arrange([*seen, teacher])
    assert (layout, len(boxes), boxes[0].source_id) == (Layout.BESIDE, 4, CAMERA)
    layout, boxes = arrange([*seen, teacher, Seen(BOARD, lead=True, is_courseware=True)])
    assert [one.source_id for one in boxes[:2]] == [BOARD, CAMERA]
    assert len(boxes) == 4


def test_the_order_of_what_is_hidden_makes_no_other_film_but_another_title_does() -> None:
    one = FilmOrder("r1", (Span(1, 2), Span(3, 4)), ("a", "b"), title="浮力")
    assert film_key(one) == film_key(
        replace(one, keep=one.keep[::-1], hidden_sources=("b", "a", "a"))
    )
    for other in (
        replace(one, title="力"),
        replace(one, hidden_sources=("a",)),
        replace(one, hidden_pictures=("a",)),
        replace(one, keep=one.keep[:1]),
        replace(one, chapters=((1.0, "一"),)),
        replace(one, recording_id="r2"),
    ):
        assert film_key(one) != film_key(other)


SOURCES = (CAMERA, BOARD, ROOM, "room-2.camera", "room-2.courseware", "room-3.camera")
times = st.integers(0, 100).map(float)


@st.composite
def span_sets(draw: st.DrawFn, most: int = 4) -> tuple[tuple[float, float], ...]:
    cuts = sorted(draw(st.sets(times, max_size=2 * most)))
    return tuple(zip(cuts[::2], cuts[1::2], strict=False))


@st.composite
def lessons(draw: st.DrawFn) -> Manifest:
    sources = [
        source(one, *draw(span_sets()), video=draw(st.booleans()), sound=draw(st.booleans()))
        for one in SOURCES
        if draw(st.booleans())
    ]
    stage = tuple(
        (f"room-{number}", start, end) for number in (1, 2, 3) for start, end in draw(span_sets(2))
    )
    return lesson(*sources, stage=stage)


@st.composite
def orders(draw: st.DrawFn) -> FilmOrder:
    return FilmOrder(
        "r1",
        tuple(Span(start, end) for start, end in draw(span_sets())),
        tuple(draw(st.sets(st.sampled_from(SOURCES), max_size=3))),
        tuple(draw(st.sets(st.sampled_from(SOURCES), max_size=3))),
    )


def inside(box: Box) -> bool:
    fits = box.left >= 0 and box.top >= 0 and min(box.width, box.height) > 0
    return fits and box.left + box.width <= WIDTH and box.top + box.height <= HEIGHT


def kept_moment(at_s: float, kept: tuple[Span, ...]) -> float:
    """Return the moment of the recording that the film shows at its moment."""
    for span in kept:
        if at_s < span.end_s - span.start_s:
            return span.start_s + at_s
        at_s -= span.end_s - span.start_s
    raise AssertionError("after the end")


@given(lessons(), orders())
@settings(max_examples=max(20, settings.default.max_examples // 2))
def test_every_kept_moment_has_one_layout_and_shows_only_what_may_be_seen(
    manifest: Manifest, order: FilmOrder
) -> None:
    try:
        plan = plan_film(manifest, order)
    except NothingLeft:
        return
    kept = kept_spans(order.keep, LENGTH_S)
    assert plan.scenes[0].start_s == 0.0
    assert plan.scenes[-1].end_s == plan.duration_s
    for before, after in zip(plan.scenes, plan.scenes[1:], strict=False):
        assert before.end_s == after.start_s
        assert (before.layout, before.boxes) != (after.layout, after.boxes)
    sources = {one.source_id: one for one in manifest.sources}
    for number in range(round(plan.duration_s * 2)):
        at_s = number / 2 + 0.25  # no moment at which something changes
        (scene,) = [one for one in plan.scenes if one.start_s <= at_s < one.end_s]
        recorded_s = kept_moment(at_s, kept)
        wanted = {
            one.source_id
            for one in manifest.sources
            if one.source_id not in {*order.hidden_sources, *order.hidden_pictures}
            and any(
                file.has_video and file.offset_s < recorded_s < file.offset_s + file.duration_s
                for file in one.files
            )
            and (one.lead or _on_stage(one.source_id, recorded_s, manifest))
        }
        shown = {box.source_id for box in scene.boxes}
        assert shown <= wanted
        assert bool(shown) == bool(wanted)
        assert all(map(inside, scene.boxes))
        assert len(shown) == len(scene.boxes)
    _demand_nothing_hidden(plan, order, kept, sources)


def _on_stage(source_id: str, recorded_s: float, manifest: Manifest) -> bool:
    owner = source_id.rpartition(".")[0]
    return any(
        one.participant_id == owner and one.start_s < recorded_s < one.end_s
        for one in manifest.stage
    )


def _demand_nothing_hidden(
    plan: FilmPlan,
    order: FilmOrder,
    kept: tuple[Span, ...],
    sources: dict[str, SourceManifest],
) -> None:
    """Every piece lies in what is kept, and is of a source that may be seen or heard."""
    for one in plan.sources:
        assert one.source_id not in order.hidden_sources
        assert not one.seen or one.source_id not in order.hidden_pictures
        files = {file.name: file for file in sources[one.source_id].files}
        for piece in (*one.seen, *one.heard):
            offset = files[piece.name].offset_s
            recorded = Span(offset + piece.start_s, offset + piece.end_s)
            (placed,) = edited([recorded], kept)
            length = recorded.end_s - recorded.start_s
            assert placed.end_s - placed.start_s == pytest.approx(length)
            assert placed.start_s == pytest.approx(piece.at_s)
        for pieces, has in ((one.seen, "has_video"), (one.heard, "has_audio")):
            assert all(getattr(files[piece.name], has) for piece in pieces)
            spans = merge(Span(piece.at_s, piece.until_s) for piece in pieces)
            assert sum(span.end_s - span.start_s for span in spans) == pytest.approx(
                sum(piece.end_s - piece.start_s for piece in pieces)
            )

"""Plans of editions: what is in them, and in which sizes."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from recorder.api import (
    EditionOrder,
    Entry,
    Manifest,
    MediaFile,
    NothingLeft,
    RecordingState,
    SourceManifest,
    Span,
    StageSpan,
)
from recorder.core.edition_plan import edition_key, plan_edition, renditions, shown_stage

ENTRY = Entry(
    "r1", "l1", "t1", "", "", "", "dedicated", "", datetime(2026, 9, 1, tzinfo=UTC), 60.0,
    RecordingState.READY, 1.0, None, True,
)  # fmt: skip


def media(name: str, width: int | None = 1280, height: int | None = 720) -> MediaFile:
    return MediaFile(name, "video/webm", 0.0, 60.0, width, height, True, width is not None)


def source(source_id: str, *, lead: bool = False, files: int = 1) -> SourceManifest:
    made = tuple(media(f"{source_id}-{number + 1}.webm") for number in range(files))
    kind = source_id.rpartition(".")[2]
    return SourceManifest(source_id, kind, "", lead, made, (Span(0.0, 60.0),), ())


MANIFEST = Manifest(
    ENTRY,
    (
        source("room-1.camera"),
        source("lead.courseware", lead=True),
        source("lead.camera", lead=True),
        source("room-2.camera", files=0),
    ),
    (StageSpan("room-1", "一", 10.0, 40.0), StageSpan("room-2", "二", 0.0, 5.0)),
)


def test_hidden_sources_have_no_place_in_it() -> None:
    plan = plan_edition(MANIFEST, EditionOrder("r1", (Span(20.0, 30.0),), ("room-1.camera",)))
    assert [task.source_id for task in plan.tasks] == ["lead.courseware", "lead.camera"]
    assert plan.duration_s == 10.0
    assert shown_stage(MANIFEST, plan) == ()
    assert [task.makes_cover for task in plan.tasks] == [False, True]


def test_of_a_hidden_picture_only_the_sound_is_planned() -> None:
    order = EditionOrder("r1", hidden_pictures=("lead.camera",))
    tasks = {one.source_id: one for one in plan_edition(MANIFEST, order).tasks}
    camera = tasks["lead.camera"]
    assert camera.has_audio
    assert (camera.renditions, camera.makes_cover) == ((), False)
    assert not any(file.has_video for file in camera.files)
    assert tasks["lead.courseware"].makes_cover
    assert edition_key(order) != edition_key(EditionOrder("r1"))


def test_times_on_stage_are_moved() -> None:
    plan = plan_edition(MANIFEST, EditionOrder("r1", (Span(20.0, 30.0), Span(38.0, 50.0))))
    assert shown_stage(MANIFEST, plan) == (StageSpan("room-1", "一", 0.0, 12.0),)


def test_nothing_left() -> None:
    with pytest.raises(NothingLeft):
        plan_edition(MANIFEST, EditionOrder("r1", (Span(60.0, 70.0),)))
    hidden = tuple(one.source_id for one in MANIFEST.sources)
    with pytest.raises(NothingLeft):
        plan_edition(MANIFEST, EditionOrder("r1", (), hidden))


def test_the_cover_that_is_cut_out_is_chosen_anew() -> None:
    keep = (Span(20.0, 30.0),)
    assert plan_edition(MANIFEST, EditionOrder("r1", keep, (), 25.0)).tasks[0].cover_s == 5.0
    assert plan_edition(MANIFEST, EditionOrder("r1", keep, (), 31.0)).tasks[0].cover_s is None


@pytest.mark.parametrize(
    ("size", "wanted"),
    [
        ((1280, 720), [("360p", 640, 360), ("720p", 1280, 720)]),
        ((1920, 1080), [("360p", 640, 360), ("720p", 1280, 720)]),
        ((640, 360), [("360p", 640, 360)]),
        ((320, 180), [("360p", 320, 180)]),
        ((640, 480), [("360p", 480, 360), ("720p", 640, 480)]),
        ((720, 1280), [("360p", 202, 360), ("720p", 404, 720)]),
        ((None, None), []),
    ],
)
def test_no_size_is_larger_than_the_pictures(
    size: tuple[int | None, int | None], wanted: list[tuple[str, int, int]]
) -> None:
    made = renditions([media("a", *size)])
    assert [(one.name, one.width, one.height) for one in made] == wanted


def test_the_order_of_what_is_hidden_makes_no_other_edition() -> None:
    one = EditionOrder("r1", (Span(1.0, 2.0), Span(3.0, 4.0)), ("a", "b"))
    other = EditionOrder("r1", (Span(3.0, 4.0), Span(1.0, 2.0)), ("b", "a", "a"))
    assert edition_key(one) == edition_key(other)
    assert edition_key(one) != edition_key(EditionOrder("r1", one.keep, ("a",)))
    assert edition_key(one) != edition_key(EditionOrder("r2", one.keep, ("a", "b")))

"""Films: what one holds, and how long it takes."""

from __future__ import annotations

from signaling.jobs.wire import JobState
from signaling.library.editions.rules import minutes_left
from signaling.library.films.rules import MAX_CHAPTERS, STATES, film_order
from signaling.library.versions.wire import MAX_CHAPTERS as MOST
from signaling.library.versions.wire import Chapter, ResourceEdits, ResourceMetadata
from signaling.library.wire import Span


def test_every_state_of_a_job_is_one_of_a_film() -> None:
    assert set(STATES) == set(JobState)


def test_an_order_has_what_the_version_keeps_and_hides() -> None:
    edits = ResourceEdits(
        keep=(Span(1.0, 2.0),),
        chapters=tuple(Chapter(float(number), "一") for number in range(MOST)),
        hidden_sources=("a",),
        hidden_pictures=("b",),
    )
    metadata = ResourceMetadata(
        title="浮力", subject="物理", grade="八年级", school_name="一小", teacher_name="王老师"
    )
    order = film_order("r1", edits, metadata, "李老师")
    assert [(one.start_s, one.end_s) for one in order.keep] == [(1.0, 2.0)]
    assert (order.hidden_sources, order.hidden_pictures) == (("a",), ("b",))
    assert (order.title, order.author) == ("浮力", "王老师")
    assert len(order.chapters) == MAX_CHAPTERS
    assert order.card == ("浮力", "王老师", "一小", "物理 八年级")


def test_a_card_names_what_is_known() -> None:
    order = film_order("r1", ResourceEdits(), ResourceMetadata(title="浮力"), "李老师")
    assert (order.author, order.card) == ("李老师", ("浮力", "李老师"))


def test_the_minutes_follow_the_pace() -> None:
    assert minutes_left(2400.0, 0, 0, 0.0, 0.5) == 20
    assert minutes_left(2400.0, 0, 0, 0.0, 1.0) == 40
    assert minutes_left(2400.0, 50, 100, 600.0, 1.0) == 10

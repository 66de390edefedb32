"""Rendering in parts: no step holds the loop, and what did not change is not written again."""

import asyncio
from itertools import pairwise

import pytest
import vobject

from signaling.timetable.feeds import rendering
from signaling.timetable.feeds.entries import Entry
from signaling.timetable.feeds.rendering import KNOWN_STEP, PART_EVENTS, Renderer
from signaling.timetable.feeds.writing import CalendarWriter
from tests.unit.signaling.timetable.feeds.sample_feed import ENTRIES, WRITER, entry, sample


class CountingWriter(CalendarWriter):
    def __init__(self) -> None:
        super().__init__("Asia/Shanghai", "tongke.example.cn")
        self.written: list[str] = []

    def event(self, entry: Entry) -> bytes:
        self.written.append(entry.lesson_id)
        return super().event(entry)


async def test_parts_make_the_same_calendar_as_all_at_once() -> None:
    assert await Renderer(WRITER).render("王老师 课表", ENTRIES) == sample()


async def test_media_go_between_the_parts_of_a_rendering() -> None:
    """How long a part takes is measured in `test_loop_time.py` of the integration tests."""
    writer = CountingWriter()
    renderer = Renderer(writer)
    entries = [entry(number) for number in range(500)]
    written = [0]
    rendering = asyncio.create_task(renderer.render("课表", entries))
    while not rendering.done():
        await asyncio.sleep(0)
        written.append(len(writer.written))
    text = rendering.result()
    assert max(later - sooner for sooner, later in pairwise(written)) == PART_EVENTS
    assert written[-1] == text.count(b"BEGIN:VEVENT") == len(entries)
    turns = 0
    again = asyncio.create_task(renderer.render("课表", entries))
    while not again.done():
        await asyncio.sleep(0)
        turns += 1
    assert again.result() == text
    assert turns > len(entries) / KNOWN_STEP


async def test_only_the_changed_lesson_is_written_again() -> None:
    writer = CountingWriter()
    renderer = Renderer(writer)
    entries = [entry(number) for number in range(20)]
    await renderer.render("王老师", entries)
    assert len(writer.written) == 20
    entries[7] = entry(7, version=1, teacher="李老师")
    text = await renderer.render("李老师", entries)
    assert writer.written[20:] == ["lesson7"]
    events = vobject.readOne(text.decode()).vevent_list
    assert [event.sequence.value for event in events] == ["0"] * 7 + ["1"] + ["0"] * 12


async def test_texts_are_kept_up_to_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rendering, "CACHED_EVENTS", 3)
    writer = CountingWriter()
    renderer = Renderer(writer)
    for number in (0, 1, 2, 0, 3, 0, 1):
        await renderer.render("课表", [entry(number)])
    assert writer.written == ["lesson0", "lesson1", "lesson2", "lesson3", "lesson1"]

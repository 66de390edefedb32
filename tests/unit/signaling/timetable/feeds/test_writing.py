"""Feeds as iCalendar, read by vobject; node-ical reads the same sample in the web client."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import vobject

from tests.unit.signaling.timetable.feeds.sample_feed import (
    CHANGED,
    ENTRIES,
    FIRST,
    SAMPLE,
    WRITER,
    entry,
    sample,
)


def test_the_sample_that_node_ical_reads_is_current() -> None:
    command = "python -m tests.unit.signaling.timetable.feeds.sample_feed"
    assert SAMPLE.read_bytes() == sample(), f"not current: run `{command}`"


def test_another_parser_reads_every_lesson_with_its_time_and_words() -> None:
    calendar = vobject.readOne(sample().decode())
    events = calendar.vevent_list
    assert [event.uid.value for event in events] == [
        f"{one.lesson_id}@tongke.example.cn" for one in ENTRIES
    ]
    first = events[0]
    assert first.dtstart.value == FIRST
    assert first.dtstart.value.utcoffset() == timedelta(hours=8)
    assert first.dtend.value - first.dtstart.value == timedelta(minutes=40)
    assert first.summary.value == "科学 三年级 声音的产生"
    assert first.location.value == "青山中心校 主讲教室"
    assert first.description.value.split("\n") == [
        "第2周(双)",
        "主讲教师: 王老师",
        "青山中心校 主讲教室",
        "石桥教学点 一教室",
    ]
    assert first.last_modified.value == CHANGED.replace(microsecond=0)
    assert [event.sequence.value for event in events] == ["0", "1", "2", "0"]


def test_a_cancelled_lesson_stays_with_its_status_and_reason() -> None:
    event = vobject.readOne(sample().decode()).vevent_list[2]
    assert event.status.value == "CANCELLED"
    assert event.summary.value.startswith("[已取消]")
    assert event.description.value.endswith("原因: 教师请假; 下周补课, 见通知")


def test_lines_are_folded_at_75_bytes_without_splitting_a_character() -> None:
    lines = sample().split(b"\r\n")
    assert max(map(len, lines)) <= 75
    for line in lines:
        line.decode()  # RFC 5545 §3.1: a fold within a character is legal, yet breaks readers


def test_programs_are_asked_to_come_again_after_an_hour() -> None:
    head, _ = WRITER.frame("课表")
    assert b"REFRESH-INTERVAL;VALUE=DURATION:PT1H\r\n" in head
    assert b"X-PUBLISHED-TTL:PT1H\r\n" in head
    assert b"BEGIN:VTIMEZONE\r\nTZID:Asia/Shanghai\r\n" in head


def test_nothing_repeats_by_rule() -> None:
    assert b"RRULE" not in sample()


def test_a_substitution_changes_sequence_and_text_but_neither_uid_nor_neighbours() -> None:
    later = CHANGED + timedelta(days=3)
    before, after = entry(), replace(entry(), version=1, teacher="李老师", changed_at=later)
    old, new = (WRITER.event(one).decode() for one in (before, after))
    changed = {line.partition(":")[0] for line in {*new.splitlines()} - {*old.splitlines()}}
    assert changed == {"DTSTAMP", "LAST-MODIFIED", "SEQUENCE", "DESCRIPTION"}


def test_a_lesson_is_written_in_the_time_of_the_county() -> None:
    text = WRITER.event(replace(entry(), starts_at=datetime(2026, 12, 31, 16, 0, tzinfo=UTC)))
    local = datetime(2027, 1, 1, tzinfo=ZoneInfo("Asia/Shanghai"))
    assert f"DTSTART;TZID=Asia/Shanghai:{local:%Y%m%dT%H%M%S}".encode() in text

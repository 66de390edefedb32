"""Reading a county file: what is wrong is named by line and field."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from signaling.command.county_file import CountyFileError, read

ZONE = ZoneInfo("Asia/Shanghai")
SCHOOL = """
[[schools]]
id = "center"
name = "中心小学"
kind = "center_school"
rooms = [{ id = "lead-1", name = "录播教室" }]
"""
LESSON = """
[[lessons]]
title = "观潮"
subject = "语文"
grade = "四年级"
starts_at = 2026-11-23T10:00:00
lead_teacher = "wang"
"""
PERSON = '[[people]]\nlogin = "a"\nname = "a"\n'


def test_a_time_without_an_offset_is_the_countys() -> None:
    file, _ = read(LESSON.encode(), ZONE)
    (lesson,) = file.lessons
    assert lesson.starts_at == datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
    assert lesson.minutes == 40


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[county\nname = 1", ["line 1"]),
        (SCHOOL + SCHOOL, ["第 8 行", "schools[1].id", "schools[0].id"]),
        (SCHOOL.replace("center_school", "school_center"), ["第 2 行", "schools[0].kind"]),
        (SCHOOL.replace("lead-1", "lead.1"), ["schools[0].rooms[0].id"]),
        (SCHOOL.replace("name", "nam"), ["schools[0]", "nam"]),
        (LESSON.replace("title", "# title"), ["第 2 行", "lessons[0]", "title"]),
        (LESSON + 'receive_rooms = ["a", "a"]', ["lessons[0].receive_rooms[1]"]),
        (LESSON + 'lead_room = "a"\nreceive_rooms = ["a"]', ["lessons[0].lead_room"]),
        (PERSON + "roles = []", ["people[0].roles"]),
        (PERSON + 'roles = ["receive_room"]', ["people[0].roles"]),
        (PERSON + 'roles = ["assistant"]\npassword = "short"', ["people[0].password"]),
    ],
)
def test_what_is_wrong_is_named(text: str, says: list[str]) -> None:
    with pytest.raises(CountyFileError) as refused:
        read(text.encode(), ZONE)
    for part in says:
        assert part in str(refused.value)


@pytest.mark.parametrize("data", [b"\xff", b"a = " + b"[" * 5000, b"#" * (5 * 1024 * 1024)])
def test_what_is_no_file_of_ours_is_refused(data: bytes) -> None:
    with pytest.raises(CountyFileError):
        read(data, ZONE)

"""What files may be."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signaling.files.records import FileRecord
from signaling.files.rules import MAX_NAME_CHARS, PURPOSES, fits, giving_way, short_name
from signaling.files.wire import FilePurpose, FileState

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)


def test_every_purpose_has_its_rule() -> None:
    assert set(PURPOSES) == set(FilePurpose)
    for rule in PURPOSES.values():
        assert rule.most_bytes > 0
        assert (rule.upload is None) == (not rule.kinds)


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("课表.xlsx", "课表.xlsx"),
        ("C:\\Users\\王\\课表.xlsx", "课表.xlsx"),
        ("../../etc/passwd", "passwd"),
        ("长" * 300 + ".xlsx", "长" * (MAX_NAME_CHARS - 5) + ".xlsx"),
        ("长" * 300, "长" * MAX_NAME_CHARS),
        ("a." + "b" * 300, ("a." + "b" * 300)[:MAX_NAME_CHARS]),
    ],
)
def test_names_are_shortened_and_keep_their_ending(name: str, short: str) -> None:
    assert short_name(name) == short


@given(st.text(max_size=400))
def test_no_name_is_too_long_or_has_folders(name: str) -> None:
    short = short_name(name)
    assert len(short) <= MAX_NAME_CHARS
    assert not {"/", "\\"} & set(short)


def _file(hours: int, size: int, state: FileState = FileState.READY) -> FileRecord:
    at = NOW - timedelta(hours=hours)
    purpose = FilePurpose.IMPORT_WORKBOOK
    return FileRecord("f", "wang", purpose, state, "a", None, size, size, None, at, NOW)


RULE = replace(PURPOSES[FilePurpose.IMPORT_WORKBOOK], most_files=3, most_total=100)


def test_old_finished_files_give_way_and_no_more_than_needed() -> None:
    old, older, coming = _file(2, 10), _file(3, 10), _file(4, 10, FileState.COMING)
    assert giving_way([older, old], RULE, 10, NOW) == []
    assert giving_way([coming, older, old], RULE, 10, NOW) == [older]
    assert giving_way([older, old], RULE, 85, NOW) == [older]
    assert giving_way([older, old], RULE, 95, NOW) == [older, old]
    young = _file(0, 10)
    assert giving_way([young, young, young], RULE, 10, NOW) == []


@given(
    st.lists(st.builds(_file, st.integers(0, 5), st.integers(0, 60), st.sampled_from(FileState))),
    st.integers(0, 100),
)
def test_what_gives_way_makes_room_where_that_is_possible(
    files: list[FileRecord], size: int
) -> None:
    files = sorted(files, key=lambda file: file.created_at)
    gone = giving_way(files, RULE, size, NOW)
    left = len(files) - len(gone)
    total = sum(file.size for file in files) - sum(file.size for file in gone)
    old = [file for file in files if file.state is FileState.READY and file.created_at < NOW]
    assert fits(RULE, left, total, size) or gone == old
    if gone:  # the last one had to go, too
        assert not fits(RULE, left + 1, total + gone[-1].size, size)

"""One row of the log for one person, file and hour, whatever ranges are asked for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from signaling.audit.rules import CAPACITY, ROW_EACH, Download, NotedDownloads

START = datetime(2026, 9, 1, 8, tzinfo=UTC)
FILM: Download = ("film_download", "wang", "film-1")


def test_a_row_for_the_first_request_and_for_the_first_after_an_hour() -> None:
    noted = NotedDownloads()
    assert noted.wants_row(FILM, START)
    noted.has_row(FILM, START)
    assert not noted.wants_row(FILM, START)
    assert not noted.wants_row(FILM, START + ROW_EACH - timedelta(seconds=1))
    assert noted.wants_row(FILM, START + ROW_EACH)


def test_another_person_file_or_action_has_its_own() -> None:
    noted = NotedDownloads()
    noted.has_row(FILM, START)
    for other in (
        ("film_download", "li", "film-1"),
        ("film_download", "wang", "film-2"),
        ("consent_page_read", "wang", "film-1"),
    ):
        assert noted.wants_row(other, START)


def test_what_was_not_written_is_wanted_again() -> None:
    noted = NotedDownloads()
    assert noted.wants_row(FILM, START)
    assert noted.wants_row(FILM, START)  # the database was away: nothing was remembered


def test_a_clock_that_was_set_back_loses_nothing() -> None:
    noted = NotedDownloads()
    noted.has_row(FILM, START)
    assert noted.wants_row(FILM, START - timedelta(hours=5))


def test_memory_is_bounded_and_what_is_forgotten_has_a_row_too_many() -> None:
    noted = NotedDownloads()
    noted.has_row(FILM, START)
    for number in range(CAPACITY):
        noted.has_row(("film_download", "li", str(number)), START)
    assert len(noted) == CAPACITY
    assert noted.wants_row(FILM, START)


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 60 * 24)), max_size=200))
def test_rows_of_one_download_are_an_hour_apart_and_no_hour_is_without(
    requests: list[tuple[str, int]],
) -> None:
    noted = NotedDownloads()
    rows: dict[str, list[datetime]] = {}
    for file, minute in sorted(requests, key=lambda one: one[1]):
        now, download = START + timedelta(minutes=minute), ("film_download", "wang", file)
        if noted.wants_row(download, now):
            noted.has_row(download, now)
            rows.setdefault(file, []).append(now)
        # Each request stands within the hour of some row.
        assert now - rows[file][-1] < ROW_EACH
    for moments in rows.values():
        assert all(b - a >= ROW_EACH for a, b in pairwise(moments))

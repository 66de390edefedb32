"""Which bytes of an archive count where several processes wrote it."""

from msgspec.structs import replace

from recorder.core.archive_format import Begin
from recorder.core.archive_runs import kept_bytes, latest_run
from tests.support.recording import FACTS, START

FIRST = Begin("r1", START, FACTS, run=1, take=1)
SECOND = replace(FIRST, run=3, take=2, after=(2, 500))
THIRD = replace(FIRST, run=5, take=3, after=(4, 900))


def test_runs_one_after_the_other_are_whole_but_for_what_came_late() -> None:
    archive = {1: FIRST, 2: FIRST, 3: SECOND, 4: SECOND, 5: THIRD}
    assert kept_bytes(archive) == {1: None, 2: 500, 3: None, 4: 900, 5: None}
    assert latest_run(archive) == (THIRD, 5)


def test_segments_that_a_run_made_after_a_later_one_began_do_not_count() -> None:
    archive = {1: FIRST, 2: FIRST, 3: SECOND, 4: FIRST, 5: SECOND}
    assert kept_bytes(archive) == {1: None, 2: 500, 3: None, 4: 0, 5: None}
    assert latest_run(archive) == (SECOND, 5)


def test_a_run_that_was_taken_up_earlier_and_began_later_cuts_nothing() -> None:
    late = replace(FIRST, run=5, take=2, after=(4, 10))
    archive = {1: FIRST, 3: replace(SECOND, take=3), 4: replace(SECOND, take=3), 5: late}
    assert kept_bytes(archive) == {1: None, 3: None, 4: None, 5: 0}


def test_archives_of_earlier_versions_and_unreadable_segments_are_whole() -> None:
    old = replace(FIRST, take=0)
    archive = {1: replace(old, run=0), 2: old, 3: None, 4: replace(old, run=4)}
    assert kept_bytes(archive) == dict.fromkeys(archive)
    assert latest_run({1: None}) is None

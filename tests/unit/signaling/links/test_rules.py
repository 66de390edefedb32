"""Judging links: what makes one good, fair, poor or offline, and how long before it is said."""

import pytest

from signaling.links.rules import (
    Downlink,
    LayerWatch,
    LinkJudge,
    Uplink,
    Withheld,
    grade_downlink,
    grade_uplink,
    two_digits,
)
from signaling.links.wire import LinkLimit, LinkState

GOOD, FAIR, POOR, OFFLINE = LinkState


@pytest.mark.parametrize(
    ("link", "grade"),
    [
        (Downlink(rtt_ms=80, loss=0.01, queue_ms=30), GOOD),
        (Downlink(rtt_ms=None), GOOD),
        (Downlink(rtt_ms=600, loss=0.01), FAIR),  # a satellite
        (Downlink(rtt_ms=60, loss=0.03), FAIR),
        (Downlink(queue_ms=250), FAIR),
        (Downlink(limit=LinkLimit.RATE, withheld=Withheld.QUALITY), FAIR),
        (Downlink(limit=LinkLimit.RATE, withheld=Withheld.PICTURE), POOR),
        (Downlink(rtt_ms=900), POOR),
        (Downlink(loss=0.12, withheld=Withheld.QUALITY), POOR),
        (Downlink(queue_ms=600), POOR),
        (Downlink(connected=False), POOR),
        (Downlink(limit=LinkLimit.OUTAGE), OFFLINE),
    ],
)
def test_a_downlink_is_as_good_as_what_a_viewer_has_of_it(link: Downlink, grade: LinkState) -> None:
    assert grade_downlink(link) is grade


@pytest.mark.parametrize(
    ("link", "grade"),
    [
        (Uplink(coming=frozenset("hml")), GOOD),
        (Uplink(loss=0.05, coming=frozenset("hml")), FAIR),
        (Uplink(loss=0.15, coming=frozenset("hml")), POOR),
        (Uplink(coming=frozenset("ml"), missing=frozenset("h")), FAIR),
        (Uplink(coming=frozenset("l"), missing=frozenset("hm")), POOR),
        (Uplink(missing=frozenset("hml")), GOOD),  # a camera that was switched off
        (Uplink(connected=False), POOR),
    ],
)
def test_an_uplink_is_as_good_as_what_comes_of_what_is_wanted(
    link: Uplink, grade: LinkState
) -> None:
    assert grade_uplink(link) is grade


def _run(judge: LinkJudge, grades: list[LinkState], start: float = 0.0) -> list[LinkState]:
    return [judge.update(grade, start + second) for second, grade in enumerate(grades)]


def test_a_link_is_called_worse_at_the_second_sample_and_better_after_five_seconds() -> None:
    judge = LinkJudge()
    assert _run(judge, [GOOD, POOR, POOR]) == [GOOD, GOOD, POOR]
    assert _run(judge, [GOOD] * 6, 10.0) == [POOR] * 5 + [GOOD]


def test_a_single_bad_second_or_a_wavering_link_does_not_flicker() -> None:
    assert set(_run(LinkJudge(), [GOOD, POOR] * 30)) == {GOOD}
    judge = LinkJudge()
    _run(judge, [POOR, POOR])
    assert set(_run(judge, [GOOD, GOOD, GOOD, GOOD, POOR] * 12, 10.0)) == {POOR}


def test_grades_that_differ_move_the_state_only_so_far_as_they_agree() -> None:
    assert _run(LinkJudge(), [POOR, FAIR]) == [GOOD, FAIR]
    judge = LinkJudge()
    _run(judge, [OFFLINE, OFFLINE])
    assert _run(judge, [GOOD, GOOD, FAIR, GOOD, GOOD, GOOD], 10.0)[-1] is FAIR


def test_a_layer_is_missing_only_if_it_came_before_and_had_time_to_come_again() -> None:
    watch = LayerWatch()
    assert watch.missing("hml", "ml", 0.0) == set()
    assert watch.missing("hml", "ml", 6.0) == set()  # h never came: a small camera
    assert watch.missing("hml", "hml", 7.0) == set()
    assert watch.missing("hml", "ml", 8.0) == {"h"}
    assert watch.missing("ml", "ml", 9.0) == set()  # not wanted, so rightly paused
    assert watch.missing("hml", "ml", 10.0) == set()  # wanted again a moment ago
    assert watch.missing("hml", "ml", 15.0) == {"h"}


def test_a_rate_is_told_in_two_digits() -> None:
    assert [two_digits(bps) for bps in (0, 94_999, 1_449_000, 1_460_000, None)] == [
        0,
        95_000,
        1_400_000,
        1_500_000,
        None,
    ]

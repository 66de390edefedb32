"""Versions: every way through review, who decides, and edits that can be followed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signaling.access.roles import Actor, BranchRole, Role
from signaling.library.versions.rules import (
    DEFAULT_LEVELS,
    MOVES,
    WORKING,
    Move,
    WrongEdit,
    WrongMove,
    check_edits,
    levels_at,
    levels_of,
    moved,
    refusal,
    shown_s,
    stage_of,
)
from signaling.library.versions.wire import (
    Chapter,
    ResourceEdits,
    ReviewLevel,
    ReviewRefusal,
    Stage,
    VersionState,
)
from signaling.library.wire import Span

COUNTY = "/cn/county/"
SCHOOL = f"{COUNTY}school/"


def reviewer(who: str, *paths: str, role: Role = Role.RESOURCE_ADMIN) -> Actor:
    grants = frozenset(BranchRole(role, path) for path in paths)
    return Actor(who, who, frozenset({role}), grants=grants)


@pytest.mark.parametrize("count", [1, 2, 3])
def test_a_submission_goes_through_every_level_and_is_passed_then(count: int) -> None:
    levels = levels_of(count)
    state, level = moved(VersionState.DRAFT, None, Move.SUBMIT, levels)
    seen = []
    while state is VersionState.IN_REVIEW:
        assert level is not None
        seen.append(level)
        state, level = moved(state, level, Move.PASS, levels)
    assert (state, level, tuple(seen)) == (VersionState.PASSED, None, levels)
    assert moved(state, None, Move.PUBLISH, levels) == (VersionState.PUBLISHED, None)


@given(st.lists(st.sampled_from(Move), max_size=40), st.integers(1, 3))
def test_whatever_is_tried_nothing_is_published_without_all_levels(
    moves: list[Move], count: int
) -> None:
    levels = levels_of(count)
    state, level = VersionState.DRAFT, None
    passes = 0
    for move in moves:
        try:
            state, level = moved(state, level, move, levels)
        except WrongMove:
            assert state not in MOVES[move]
            continue
        assert (level is not None) == (state is VersionState.IN_REVIEW)
        if move is Move.PASS:
            passes += 1
        elif move in {Move.SUBMIT, Move.RECALL, Move.REJECT}:
            passes = 0
        if state not in WORKING:
            assert passes == count
        if state is VersionState.DRAFT:
            assert level is None


def test_what_is_over_goes_nowhere() -> None:
    for state in (VersionState.SUPERSEDED, VersionState.WITHDRAWN):
        for move in Move:
            with pytest.raises(WrongMove):
                moved(state, None, move, levels_of(1))


def test_the_nearest_policy_counts() -> None:
    policies = {"/cn/": 3, COUNTY: 2, SCHOOL: 1, "/cn/county2/": 1}
    assert levels_at(SCHOOL, policies) == 1
    assert levels_at(f"{COUNTY}other/", policies) == 2
    assert levels_at("/cn/elsewhere/school/", policies) == 3
    assert levels_at(SCHOOL, {}) == DEFAULT_LEVELS


@pytest.mark.parametrize(
    ("actor", "level", "why"),
    [
        (reviewer("wang", SCHOOL), ReviewLevel.FIRST, ReviewRefusal.OWN_RESOURCE),
        (reviewer("wang", "/cn/"), ReviewLevel.FINAL, ReviewRefusal.OWN_RESOURCE),
        (reviewer("a", SCHOOL), ReviewLevel.FIRST, None),
        (reviewer("a", COUNTY), ReviewLevel.FIRST, None),
        (reviewer("a", SCHOOL), ReviewLevel.SECOND, ReviewRefusal.WRONG_LEVEL),
        (reviewer("a", SCHOOL), ReviewLevel.FINAL, ReviewRefusal.WRONG_LEVEL),
        (reviewer("a", SCHOOL, COUNTY), ReviewLevel.SECOND, None),
        (reviewer("a", "/cn/"), ReviewLevel.FINAL, None),
        (reviewer("a", "/cn/county2/"), ReviewLevel.SECOND, ReviewRefusal.WRONG_LEVEL),
        (reviewer("before", COUNTY), ReviewLevel.SECOND, ReviewRefusal.REVIEWED_BEFORE),
        # The county is held by another role, which reviews nothing.
        (
            reviewer("a", COUNTY, role=Role.COUNTY_ADMIN),
            ReviewLevel.SECOND,
            ReviewRefusal.WRONG_LEVEL,
        ),
    ],
)
def test_who_may_decide(actor: Actor, level: ReviewLevel, why: ReviewRefusal | None) -> None:
    found = refusal(actor, owner_id="wang", county=COUNTY, level=level, passed_by={"before"})
    assert found is why


@given(
    st.sampled_from(ReviewLevel),
    st.sampled_from(["", COUNTY, "/cn/"]),
    st.lists(st.sampled_from([SCHOOL, COUNTY, "/cn/", "/cn/other/"]), max_size=3),
    st.sampled_from(Role),
)
def test_nobody_ever_reviews_the_own_work(
    level: ReviewLevel, county: str, paths: list[str], role: Role
) -> None:
    me = reviewer("me", *paths, role=role)
    assert refusal(me, owner_id="me", county=county, level=level) is ReviewRefusal.OWN_RESOURCE


def edits(*parts: tuple[float, float], chapters: tuple[float, ...] = ()) -> ResourceEdits:
    return ResourceEdits(
        tuple(Span(*part) for part in parts), tuple(Chapter(at, "x") for at in chapters)
    )


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        (edits((5, 3)), "edits.keep[0]"),
        (edits((5, 5.5)), "edits.keep[0]"),
        (edits((0, 10), (9, 20)), "edits.keep[1]"),
        (edits((30, 40), (0, 10)), "edits.keep[1]"),
        (edits((0, 200)), "edits.keep[0]"),
        (edits(chapters=(10, 10)), "edits.chapters[1].at_s"),
        (edits(chapters=(10, 5)), "edits.chapters[1].at_s"),
        (edits(chapters=(500,)), "edits.chapters[0].at_s"),
        (ResourceEdits(cover_s=500), "edits.cover_s"),
        (ResourceEdits(hidden_sources=("a", "b", "a")), "edits.hidden_sources"),
    ],
)
def test_edits_that_cannot_be_followed(wrong: ResourceEdits, field: str) -> None:
    with pytest.raises(WrongEdit) as caught:
        check_edits(wrong, 100)
    assert caught.value.field == field


@given(
    st.lists(st.floats(0, 1000, allow_nan=False), max_size=12, unique=True),
    st.floats(1000, 2000, allow_nan=False),
)
def test_what_is_shown_is_never_longer_than_the_recording(
    times: list[float], duration_s: float
) -> None:
    times.sort()
    keep = tuple(Span(a, b) for a, b in zip(times[::2], times[1::2], strict=False))
    try:
        check_edits(ResourceEdits(keep), duration_s)
    except WrongEdit:
        return
    assert 0 < shown_s(keep, duration_s) <= duration_s


@pytest.mark.parametrize(
    ("grade", "stage"),
    [
        ("一年级", Stage.PRIMARY),
        ("6年级", Stage.PRIMARY),
        ("五(2)班", Stage.PRIMARY),
        ("七年级", Stage.JUNIOR),
        ("9年级", Stage.JUNIOR),
        ("初二", Stage.JUNIOR),
        ("高一", Stage.SENIOR),
        ("10年级", Stage.SENIOR),
        ("12年级", Stage.SENIOR),
        ("1年级", Stage.PRIMARY),
        ("", None),
        ("全体", None),
        ("一起来", None),
    ],
)
def test_the_stage_that_a_grade_tells(grade: str, stage: Stage | None) -> None:
    assert stage_of(grade) is stage

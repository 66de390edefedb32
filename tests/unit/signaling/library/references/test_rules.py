"""Reference copies: their states, who decides, and how wide they are shown."""

import pytest

from signaling.directory.wire import OrgLevel
from signaling.library.references.rules import STEPS, Step, WrongStep, refusal, shared_as, stepped
from signaling.library.references.wire import ReferenceScope, ReferenceState
from signaling.library.versions.rules import levels_of
from signaling.library.versions.wire import ReviewLevel, ReviewRefusal, ShareScope

S = ReferenceState


def test_every_level_of_the_node_is_passed_one_after_the_other() -> None:
    state, level, seen = S.IN_REVIEW, ReviewLevel.FIRST, []
    while state is S.IN_REVIEW:
        seen.append(level)
        state, level = stepped(state, level, Step.PASS, levels_of(3))  # type: ignore[assignment]
    assert seen == [ReviewLevel.FIRST, ReviewLevel.SECOND, ReviewLevel.FINAL]
    assert (state, level) == (S.PASSED, None)


@pytest.mark.parametrize("step", Step)
@pytest.mark.parametrize("state", ReferenceState)
def test_a_step_goes_only_from_its_states(step: Step, state: ReferenceState) -> None:
    if state in STEPS[step]:
        assert stepped(state, None, step, levels_of(1))[0] is STEPS[step][state]
    else:
        with pytest.raises(WrongStep):
            stepped(state, None, step, levels_of(1))


def test_what_is_over_stays_so() -> None:
    over = {S.REJECTED, S.RECALLED, S.SUPERSEDED, S.WITHDRAWN}
    assert all(over.isdisjoint(STEPS[step]) for step in Step)


@pytest.mark.parametrize(
    ("who", "why"),
    [
        ("owner", ReviewRefusal.OWN_RESOURCE),
        ("recommender", ReviewRefusal.OWN_RECOMMENDATION),
        ("first", ReviewRefusal.REVIEWED_BEFORE),
        ("other", None),
    ],
)
def test_nobody_reviews_the_own(who: str, why: ReviewRefusal | None) -> None:
    found = refusal(who, owner_id="owner", recommended_by="recommender", passed_by=("first",))
    assert found is why


def test_a_branch_above_counties_is_as_wide_as_all_who_sign_in() -> None:
    assert shared_as(ReferenceScope.BRANCH, OrgLevel.COUNTY) is ShareScope.COUNTY
    for level in (OrgLevel.CITY, OrgLevel.PROVINCE, OrgLevel.COUNTRY):
        assert shared_as(ReferenceScope.BRANCH, level) is ShareScope.SIGNED_IN
    assert shared_as(ReferenceScope.PUBLIC, OrgLevel.COUNTY) is ShareScope.PUBLIC

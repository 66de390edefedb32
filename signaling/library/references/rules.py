"""Rules of reference copies: what may follow what, and who decides at the upper node.

A reference copy shows one version. A later version of the school changes nothing above until it was
recommended and passed there, too.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from enum import StrEnum
from types import MappingProxyType

from signaling.directory.wire import OrgLevel
from signaling.library.references.wire import ReferenceScope, ReferenceState
from signaling.library.versions.wire import ReviewLevel, ReviewRefusal, ShareScope

AT_WORK = frozenset({ReferenceState.IN_REVIEW, ReferenceState.PASSED})


class Step(StrEnum):
    """Whatever takes a recommendation from one state to another."""

    PASS = "pass"  # noqa: S105 - the name of a step
    REJECT = "reject"
    RECALL = "recall"
    PUBLISH = "publish"
    SUPERSEDE = "supersede"
    WITHDRAW = "withdraw"


# From which states a step goes, and to which. PASS stays in review while a level is left.
STEPS: Mapping[Step, Mapping[ReferenceState, ReferenceState]] = MappingProxyType(
    {
        Step.PASS: {ReferenceState.IN_REVIEW: ReferenceState.PASSED},
        Step.REJECT: {
            ReferenceState.IN_REVIEW: ReferenceState.REJECTED,
            ReferenceState.PASSED: ReferenceState.REJECTED,
        },
        Step.RECALL: {
            ReferenceState.IN_REVIEW: ReferenceState.RECALLED,
            ReferenceState.PASSED: ReferenceState.RECALLED,
        },
        Step.PUBLISH: {ReferenceState.PASSED: ReferenceState.PUBLISHED},
        Step.SUPERSEDE: {ReferenceState.PUBLISHED: ReferenceState.SUPERSEDED},
        Step.WITHDRAW: {
            ReferenceState.IN_REVIEW: ReferenceState.WITHDRAWN,  # what it refers to is gone
            ReferenceState.PASSED: ReferenceState.WITHDRAWN,
            ReferenceState.PUBLISHED: ReferenceState.WITHDRAWN,
        },
    }
)


class WrongStep(Exception):
    """The recommendation's state does not allow this."""


def stepped(
    state: ReferenceState, level: ReviewLevel | None, step: Step, levels: Sequence[ReviewLevel]
) -> tuple[ReferenceState, ReviewLevel | None]:
    """Return state and level after a step.

    Args:
        state: the recommendation's state.
        level: its level while in review.
        step: what is done.
        levels: all levels that the node asks for, the first one first.

    Raises:
        WrongStep: not in this state.
    """
    following = STEPS[step].get(state)
    if following is None:
        raise WrongStep(f"{step} of {state}")
    if step is Step.PASS and level in levels:
        rest = levels[levels.index(level) + 1 :]
        if rest:
            return ReferenceState.IN_REVIEW, rest[0]
    return following, None


def refusal(
    who: str, *, owner_id: str, recommended_by: str, passed_by: Collection[str] = ()
) -> ReviewRefusal | None:
    """Return why a reviewer of the upper node may not decide; None: may.

    Args:
        who: the reviewer's id.
        owner_id: the person whose resource it is.
        recommended_by: the person who recommended it.
        passed_by: ids of those who have passed other levels of this recommendation.
    """
    if who == owner_id:
        return ReviewRefusal.OWN_RESOURCE
    if who == recommended_by:
        return ReviewRefusal.OWN_RECOMMENDATION
    if who in passed_by:
        return ReviewRefusal.REVIEWED_BEFORE
    return None


def shared_as(scope: ReferenceScope, level: OrgLevel) -> ShareScope:
    """Return the scope of publications that is as wide, as consent asks for it.

    Args:
        scope: of the reference copy.
        level: of its node. A branch above counties holds strangers to the county.
    """
    if scope is ReferenceScope.BRANCH:
        return ShareScope.COUNTY if level is OrgLevel.COUNTY else ShareScope.SIGNED_IN
    return ShareScope(scope)

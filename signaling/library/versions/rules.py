"""Rules of versions: what may follow what, who decides at which level, and sensible edits.

A version's way is one table. The levels of a submission are fixed when it is submitted, so a policy
that changes meanwhile moves nothing that is under way.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from enum import StrEnum
from types import MappingProxyType

from signaling.access.actions import Action
from signaling.access.grants import GRANTS
from signaling.access.relations import Relation
from signaling.access.roles import Actor
from signaling.library.versions.wire import (
    ResourceEdits,
    ReviewLevel,
    ReviewRefusal,
    Stage,
    VersionState,
)
from signaling.library.wire import Span

DEFAULT_LEVELS = 1
_SHORTEST_S = 1.0  # of a part that an edit keeps
_SLACK_S = 1.0  # how far an edit may reach beyond the end: players round

_LEVELS: Mapping[int, tuple[ReviewLevel, ...]] = MappingProxyType(
    {
        1: (ReviewLevel.FIRST,),
        2: (ReviewLevel.FIRST, ReviewLevel.SECOND),
        3: (ReviewLevel.FIRST, ReviewLevel.SECOND, ReviewLevel.FINAL),
    }
)
# Levels that only a role held for the county, or further up, may decide.
_OF_COUNTY = frozenset({ReviewLevel.SECOND, ReviewLevel.FINAL})


class Move(StrEnum):
    """Whatever takes a version from one state to another."""

    SUBMIT = "submit"
    RECALL = "recall"
    PASS = "pass"  # noqa: S105 - the name of a move
    REJECT = "reject"
    FORWARD = "forward"
    PUBLISH = "publish"
    SUPERSEDE = "supersede"
    WITHDRAW = "withdraw"


# From which states a move goes, and to which. PASS stays in review while a level is left.
MOVES: Mapping[Move, Mapping[VersionState, VersionState]] = MappingProxyType(
    {
        Move.SUBMIT: {VersionState.DRAFT: VersionState.IN_REVIEW},
        Move.RECALL: {
            VersionState.IN_REVIEW: VersionState.DRAFT,
            VersionState.PASSED: VersionState.DRAFT,
        },
        Move.PASS: {VersionState.IN_REVIEW: VersionState.PASSED},
        Move.REJECT: {
            VersionState.IN_REVIEW: VersionState.DRAFT,
            VersionState.PASSED: VersionState.DRAFT,
        },
        Move.FORWARD: {VersionState.IN_REVIEW: VersionState.IN_REVIEW},
        Move.PUBLISH: {VersionState.PASSED: VersionState.PUBLISHED},
        Move.SUPERSEDE: {VersionState.PUBLISHED: VersionState.SUPERSEDED},
        Move.WITHDRAW: {VersionState.PUBLISHED: VersionState.WITHDRAWN},
    }
)
WORKING = frozenset({VersionState.DRAFT, VersionState.IN_REVIEW, VersionState.PASSED})


class WrongMove(Exception):
    """The version's state does not allow this."""


def moved(
    state: VersionState, level: ReviewLevel | None, move: Move, levels: Sequence[ReviewLevel]
) -> tuple[VersionState, ReviewLevel | None]:
    """Return state and level after a move.

    Args:
        state: the version's state.
        level: its level while in review.
        move: what is done.
        levels: all levels of the submission, the first one first.

    Raises:
        WrongMove: not in this state.
    """
    following = MOVES[move].get(state)
    if following is None:
        raise WrongMove(f"{move} of {state}")
    if move is Move.SUBMIT:
        return following, levels[0]
    if move is Move.FORWARD:
        return following, level
    if move is Move.PASS and level is not None and level in levels:
        rest = levels[levels.index(level) + 1 :]
        if rest:
            return VersionState.IN_REVIEW, rest[0]
    return following, None


def levels_of(count: int) -> tuple[ReviewLevel, ...]:
    """Return the levels of a submission where a policy asks for so many."""
    return _LEVELS[count]


def levels_at(path: str, policies: Mapping[str, int]) -> int:
    """Return how many levels hold at a node: those of its nearest ancestor with a policy.

    Args:
        path: of the node, the ids from the country down, each followed by "/".
        policies: levels by the paths of nodes.
    """
    held = [one for one in policies if path.startswith(one)]
    return policies[max(held, key=len)] if held else DEFAULT_LEVELS


def refusal(
    actor: Actor,
    *,
    owner_id: str,
    county: str,
    level: ReviewLevel,
    passed_by: Collection[str] = (),
) -> ReviewRefusal | None:
    """Return why somebody who reviews in the resource's branch may not decide now; None: may.

    Args:
        actor: the reviewer, whose role covers the resource.
        owner_id: the person whose resource it is.
        county: the path of the resource's county; empty if it belongs to none.
        level: the level at which it is.
        passed_by: ids of those who have passed other levels of this submission.
    """
    if actor.actor_id == owner_id:
        return ReviewRefusal.OWN_RESOURCE
    if actor.actor_id in passed_by:
        return ReviewRefusal.REVIEWED_BEFORE
    if level in _OF_COUNTY and not holds_for(actor, Action.REVIEW_RESOURCE, county):
        return ReviewRefusal.WRONG_LEVEL
    return None


def holds_for(actor: Actor, action: Action, county: str) -> bool:
    """Return whether a role that grants the action is held for all of a county.

    Without a county, any branch will do: it covers the resource, and nothing is further up.
    """
    roles = {role for role, relation in GRANTS[action] if relation is Relation.IN_BRANCH}
    held = [one for one in actor.grants if one.role in roles]
    return any(not county or county.startswith(one.path) for one in held)


class WrongEdit(ValueError):
    """Edits that make no sense; `field` says where."""

    def __init__(self, field: str) -> None:
        super().__init__(field)
        self.field = field


def check_edits(edits: ResourceEdits, duration_s: float | None) -> None:
    """Look whether edits can be followed.

    Args:
        edits: what is to be shown.
        duration_s: the recording's length; None if it is not known yet.

    Raises:
        WrongEdit: parts overlap, are out of order or too short, or reach beyond the end.
    """
    latest = None if duration_s is None else duration_s + _SLACK_S
    before = 0.0
    for place, part in enumerate(edits.keep):
        name = f"edits.keep[{place}]"
        if part.start_s < before or part.end_s - part.start_s < _SHORTEST_S:
            raise WrongEdit(name)
        if latest is not None and part.end_s > latest:
            raise WrongEdit(name)
        before = part.end_s
    last = -1.0
    for place, chapter in enumerate(edits.chapters):
        if chapter.at_s <= last or (latest is not None and chapter.at_s > latest):
            raise WrongEdit(f"edits.chapters[{place}].at_s")
        last = chapter.at_s
    if edits.cover_s is not None and latest is not None and edits.cover_s > latest:
        raise WrongEdit("edits.cover_s")
    for name, hidden in (
        ("edits.hidden_sources", edits.hidden_sources),
        ("edits.hidden_pictures", edits.hidden_pictures),
    ):
        if len(set(hidden)) < len(hidden):
            raise WrongEdit(name)


def shown_s(keep: Sequence[Span], duration_s: float) -> float:
    """Return how long that is which is shown of a recording."""
    if not keep:
        return duration_s
    return sum(max(0.0, min(part.end_s, duration_s) - part.start_s) for part in keep)


_STAGES: Mapping[str, Stage] = MappingProxyType(
    {
        **dict.fromkeys(("一", "二", "三", "四", "五", "六"), Stage.PRIMARY),
        **dict.fromkeys(("七", "八", "九"), Stage.JUNIOR),
    }
)
_DIGITS = MappingProxyType(dict(zip("123456789", "一二三四五六七八九", strict=True)))


def stage_of(grade: str) -> Stage | None:
    """Return the 学段 that the name of a grade or class tells; None where it tells none."""
    if grade.startswith("高"):
        return Stage.SENIOR
    if grade.startswith("初"):
        return Stage.JUNIOR
    if grade.startswith("小学"):
        return Stage.PRIMARY
    if grade[:2] in {"10", "11", "12"} and "年级" in grade:
        return Stage.SENIOR
    first = grade[:1]
    named = "年级" in grade or grade[1:2] in {"(", "（"}
    return _STAGES.get(_DIGITS.get(first, first)) if named else None

"""Rules for retention: which rule holds where, when something is due, and how titles are kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from signaling.library.retention.wire import RetentionKind

NOTICE = timedelta(days=7)  # between the notice to the owner and the deletion, at least
SECOND_LOOK = timedelta(hours=25)  # no upload of one file lasts longer than 24 h: storage/s3.py


@dataclass(frozen=True, slots=True)
class NodeRule:
    """A node's own rule. No days: what is below it is kept."""

    node_id: str
    path: str
    kind: RetentionKind
    days: int | None
    keeps_title: bool = True


@dataclass(frozen=True, slots=True)
class Reach:
    """The resources for which a rule holds: its branch without those of nearer rules."""

    rule: NodeRule
    days: int
    without: tuple[str, ...] = field(default=())


def reaches(rules: Sequence[NodeRule], kind: RetentionKind) -> list[Reach]:
    """Return the reach of each rule that deletes. A nearer rule, also one that keeps, counts."""
    own = [one for one in rules if one.kind is kind]
    found = []
    for rule in own:
        if rule.days is None:
            continue
        below = [one.path for one in own if one is not rule and one.path.startswith(rule.path)]
        nearest = [
            path for path in below if not any(path != p and path.startswith(p) for p in below)
        ]
        found.append(Reach(rule, rule.days, tuple(sorted(nearest))))
    return found


def rule_at(path: str, rules: Sequence[NodeRule], kind: RetentionKind) -> NodeRule | None:
    """Return the rule that holds for a resource in a node; None keeps it for ever."""
    above = [one for one in rules if one.kind is kind and path.startswith(one.path)]
    return max(above, key=lambda one: len(one.path), default=None)


def due_at(since: datetime, days: int) -> datetime:
    """Return when the days of a rule are over."""
    return since + timedelta(days=days)


def notice_from(now: datetime, days: int) -> datetime:
    """Return the time since which, or longer ago, a resource's owner has to be told now."""
    return now + NOTICE - timedelta(days=days)


def may_go(since: datetime, days: int, noticed_at: datetime | None, now: datetime) -> bool:
    """Return whether the days are over, and the owner was told long enough ago."""
    return noticed_at is not None and now >= max(due_at(since, days), noticed_at + NOTICE)

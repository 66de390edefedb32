"""Which rule of retention holds where, and when something may go."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from signaling.library.retention.rules import (
    NOTICE,
    NodeRule,
    due_at,
    may_go,
    notice_from,
    reaches,
    rule_at,
)
from signaling.library.retention.title_hash import hash_of
from signaling.library.retention.wire import RetentionKind

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
KIND, OTHER = RetentionKind.UNPUBLISHED_RECORDING, RetentionKind.WITHDRAWN


def rule(path: str, days: int | None, kind: RetentionKind = KIND) -> NodeRule:
    return NodeRule(path.strip("/").rpartition("/")[2], path, kind, days)


COUNTY = rule("/cn/p/c/", 90)
SCHOOL = rule("/cn/p/c/s1/", 30)
KEPT = rule("/cn/p/c/s2/", None)
RULES = [COUNTY, SCHOOL, KEPT, rule("/cn/", 400, OTHER)]


def test_the_nearest_rule_holds_and_one_that_keeps_is_a_rule() -> None:
    assert rule_at("/cn/p/c/s1/", RULES, KIND) is SCHOOL
    assert rule_at("/cn/p/c/s2/", RULES, KIND) is KEPT
    assert rule_at("/cn/p/c/s3/", RULES, KIND) is COUNTY
    assert rule_at("/cn/p/d/", RULES, KIND) is None  # without any rule all is kept
    assert rule_at("/cn/p/d/", RULES, RetentionKind.UNUSED_UPLOAD) is None


def test_a_rule_reaches_its_branch_without_those_of_nearer_rules() -> None:
    found = {one.rule.path: (one.days, one.without) for one in reaches(RULES, KIND)}
    assert found == {
        "/cn/p/c/": (90, ("/cn/p/c/s1/", "/cn/p/c/s2/")),
        "/cn/p/c/s1/": (30, ()),
    }


def test_of_rules_below_each_other_the_nearest_below_is_left_out_alone() -> None:
    deep = [rule("/cn/", 10), rule("/cn/p/", None), rule("/cn/p/c/", 20)]
    found = {one.rule.path: one.without for one in reaches(deep, KIND)}
    assert found == {"/cn/": ("/cn/p/",), "/cn/p/c/": ()}


def test_nothing_goes_before_its_days_are_over_or_its_owner_could_answer() -> None:
    since = NOW - timedelta(days=30)
    told = NOW - NOTICE
    assert may_go(since, 30, told, NOW)
    assert not may_go(since, 30, None, NOW)  # never told
    assert not may_go(since, 30, told + timedelta(seconds=1), NOW)
    assert not may_go(since + timedelta(seconds=1), 30, told, NOW)
    assert due_at(since, 30) == NOW


def test_the_notice_is_due_a_week_before() -> None:
    assert notice_from(NOW, 30) == NOW - timedelta(days=23)


def test_a_title_is_found_again_by_its_hash() -> None:
    assert hash_of("浮力") == hash_of("浮力") != hash_of("浮力的秘密")
    assert len(hash_of("")) == 64

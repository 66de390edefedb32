"""Retention rules: which one counts, and what they cannot be."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from signaling.access.roles import Role
from signaling.audit.actions import AuditAction
from signaling.audit.tables import AuditRow
from signaling.library.retention.rules import NOTICE
from signaling.library.retention.title_hash import hash_of
from tests.integration.signaling.library.resource_acts import Stage, problem
from tests.integration.signaling.library.retention.retention_acts import (
    HERE,
    again,
    rule,
    tombstone,
)
from tests.support.two_counties import OURS, THEIRS


async def test_the_nearest_rule_counts_and_without_one_all_is_kept(at: Stage) -> None:
    at.clock.advance(days=500)
    operator = await again(at, OURS.person(Role.COUNTY_ADMIN))
    path = "/api/deletions/due"
    assert (await operator.call("GET", path))["deletions"] == []
    await rule(at, OURS.mark, 90)
    (due,) = (await operator.call("GET", path))["deletions"]
    assert (due["days"], due["rule_place"], due["place"]) == (90, OURS.mark, HERE.school)
    await rule(at, HERE.school, 60)
    (due,) = (await operator.call("GET", path))["deletions"]
    assert (due["days"], due["rule_place"]) == (60, HERE.school)
    await rule(at, HERE.school, None)
    assert (await operator.call("GET", path))["deletions"] == []


async def test_a_rule_that_keeps_no_title_keeps_a_trace_alone(at: Stage) -> None:
    await rule(at, OURS.mark, 30, title=False)
    await at.teacher.call("POST", f"{at.path}/delete", {"note": "x"})
    gone = await tombstone(at)
    assert gone is not None
    assert (gone.title, gone.title_hash) == ("", hash_of("课"))
    (entry,) = await at.world.services.audit.entries(AuditAction.RESOURCE_DELETE)
    assert "课" not in entry.detail
    async with at.world.services.database.read() as session:
        query = select(AuditRow.target_name).where(AuditRow.action == AuditAction.RESOURCE_DELETE)
        assert list(await session.scalars(query)) == [f"#{hash_of('课')[:12]}"]


async def test_rules_say_what_they_cannot_be(at: Stage) -> None:
    body: dict[str, Any] = {
        "node_id": HERE.school,
        "kind": "withdrawn",
        "choice": "delete",
        "days": 30,
    }
    put = at.operator.call
    listed = await put("PUT", "/api/retention-rules", body)
    assert [(one["node_id"], one["days"]) for one in listed["rules"]] == [(HERE.school, 30)]
    assert listed["notice_days"] == NOTICE.days
    for change, wanted in (
        ({"days": None}, (422, "missing")),
        ({"days": 6}, (422, "invalid")),
        ({"choice": "keep"}, (422, "invalid")),
        ({"node_id": THEIRS.mark}, (422, "unknown_node")),
    ):
        assert await problem(put("PUT", "/api/retention-rules", body | change)) == wanted
    school = at.school_admin.call("PUT", "/api/retention-rules", body)
    assert await problem(school) == (403, "forbidden")
    seen = (await at.school_admin.call("GET", "/api/retention-rules"))["rules"]
    assert [one["settable"] for one in seen] == [False]
    inherit = {"node_id": HERE.school, "kind": "withdrawn", "choice": "inherit"}
    assert (await put("PUT", "/api/retention-rules", inherit))["rules"] == []

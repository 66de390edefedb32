"""Legal holds: nothing is deleted while one stands."""

from __future__ import annotations

from datetime import timedelta

from signaling.access.roles import Role
from signaling.library.retention.rules import NOTICE
from tests.integration.signaling.library.resource_acts import Stage, problem
from tests.integration.signaling.library.retention.retention_acts import (
    HERE,
    again,
    is_there,
    rule,
    swept,
)
from tests.support.two_counties import OURS


async def test_a_legal_hold_blocks_the_rule_and_the_hand(at: Stage) -> None:
    await rule(at, HERE.school, 30)
    at.clock.advance(days=24)
    await swept(at)  # the owner was told
    operator = await again(at, OURS.person(Role.COUNTY_ADMIN))
    body = {"reason": "家长投诉,等待处理", "until": None}
    shown = await operator.call("POST", f"{at.path}/legal-hold", body)
    assert shown["hold"]["reason"] == body["reason"]
    assert shown["hold"]["by"] == OURS.person(Role.COUNTY_ADMIN)
    at.clock.advance(days=60)
    await swept(at)
    assert await is_there(at)
    operator = await again(at, OURS.person(Role.COUNTY_ADMIN))
    refused = problem(operator.call("POST", f"{at.path}/delete", {"note": "x"}))
    assert await refused == (409, "resource_held")
    owner = await again(at, HERE.teacher)
    assert (await problem(owner.call("POST", f"{at.path}/delete", {"note": "x"})))[0] == 409
    assert (await owner.call("GET", "/api/deletions/mine"))["deletions"] == []
    (hold,) = (await operator.call("GET", "/api/legal-holds"))["holds"]
    assert hold["resource_id"] == at.resource_id
    await operator.call("POST", f"{at.path}/legal-hold/release", {"reason": "已处理"})
    await swept(at)  # told anew, not deleted at once
    assert await is_there(at)
    at.clock.advance(days=NOTICE.days)
    await swept(at)
    assert not await is_there(at)
    operator = await again(at, OURS.person(Role.COUNTY_ADMIN))
    assert (await operator.call("GET", "/api/legal-holds"))["holds"] == []
    (ended,) = (await operator.call("GET", "/api/legal-holds?all=true"))["holds"]
    assert ended["release_reason"] == "已处理"


async def test_a_hold_ends_with_its_time(at: Stage) -> None:
    until = (at.clock.now() + timedelta(days=5)).isoformat()
    await at.operator.call("POST", f"{at.path}/legal-hold", {"reason": "案件", "until": until})
    assert (await at.operator.call("GET", f"{at.path}/retention"))["hold"]["until"] is not None
    second = at.operator.call("POST", f"{at.path}/legal-hold", {"reason": "又一件"})
    assert await problem(second) == (409, "resource_held")
    at.clock.advance(days=5)
    operator = await again(at, OURS.person(Role.COUNTY_ADMIN))
    assert (await operator.call("GET", f"{at.path}/retention"))["hold"] is None
    await operator.call("POST", f"{at.path}/legal-hold", {"reason": "又一件"})
    past = operator.call("POST", f"{at.path}/legal-hold", {"reason": "x", "until": until})
    assert await problem(past) == (422, "in_the_past")
    assert await problem(at.teacher.call("GET", "/api/legal-holds")) != (200, None)

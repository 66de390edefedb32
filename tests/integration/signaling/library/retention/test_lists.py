"""Lists of what will be deleted when, and why each resource is kept or goes."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from signaling.access.roles import Role
from tests.integration.signaling.library.resource_acts import Stage, problem
from tests.integration.signaling.library.retention.retention_acts import (
    HERE,
    NEXT_DOOR,
    kinds,
    rule,
)
from tests.support.jobs import carry_out_jobs
from tests.support.resources import shelve
from tests.support.server import Client
from tests.support.two_counties import OURS, THEIRS


async def test_the_list_is_in_the_order_of_its_dates_and_has_pages_and_filters(at: Stage) -> None:
    services = at.world.services
    for number, place in ((2, HERE), (3, NEXT_DOOR), (4, NEXT_DOOR)):
        await shelve(
            services,
            f"recording-{number}",
            teacher=place.teacher,
            room=place.room,
            title=f"第{number}课",
            minutes=number,
        )
    await rule(at, OURS.mark, 40)
    await rule(at, NEXT_DOOR.school, 20)
    operator = at.operator
    whole = (await operator.call("GET", "/api/deletions/due"))["deletions"]
    assert [one["title"] for one in whole] == ["第3课", "第4课", "课", "第2课"]
    assert [one["due_at"] for one in whole] == sorted(one["due_at"] for one in whole)
    paged: list[str] = []
    query = "?limit=1"
    while True:
        page = await operator.call("GET", f"/api/deletions/due{query}")
        paged += [one["title"] for one in page["deletions"]]
        if page["next"] is None:
            break
        query = f"?limit=1&before={page['next']}"
    assert paged == ["第3课", "第4课", "课", "第2课"]

    async def titles(query: str, who: Client = operator) -> list[str]:
        found = await who.call("GET", f"/api/deletions/due?{query}")
        return [one["title"] for one in found["deletions"]]

    assert await titles("within=30") == ["第3课", "第4课"]
    for within in ("000000000999999999999", "3651", "-1", "x"):
        asked = operator.call("GET", f"/api/deletions/due?within={within}")
        assert await problem(asked) == (422, "invalid"), within
    assert await titles(f"node={NEXT_DOOR.school}") == ["第3课", "第4课"]
    assert await titles("q=第2") == ["第2课"]
    assert await titles("kind=withdrawn") == []
    body = {"reason": "纪检要求", "until": None}
    await operator.call("POST", f"{at.path}/legal-hold", body)
    assert await titles("held=true") == ["课"]
    assert await titles("held=false") == ["第3课", "第4课", "第2课"]
    # The resource admin of a school sees the own school; another county sees nothing.
    assert await titles("", at.school_admin) == ["课", "第2课"]
    theirs = await at.world.sign_in(THEIRS.person(Role.COUNTY_ADMIN))
    assert await titles(f"node={OURS.mark}", theirs) == []
    assert await problem(at.teacher.call("GET", "/api/deletions/due")) == (403, "forbidden")


async def test_the_list_is_exported_as_the_page_shows_it(at: Stage) -> None:
    await rule(at, OURS.mark, 40)
    services = at.world.services

    async def exported(**question: Any) -> Any:
        body = {"language": "zh"} | question
        job = await at.operator.call("POST", "/api/deletions/exports", body)
        await carry_out_jobs(services, kinds(at))
        return (await at.operator.call("GET", f"/api/jobs/{job['job_id']}"))["result"]

    done = await exported(kind=None, node_id=None)
    assert (done["rows"], done["name"][:6]) == (1, "将删除的资源")
    for question, rows in (
        ({"q": "课", "within": 40, "held": False}, 1),
        ({"q": "别的"}, 0),
        ({"within": 1}, 0),
        ({"held": True}, 0),
        ({"kind": "withdrawn"}, 0),
        ({"node_id": NEXT_DOOR.school}, 0),
    ):
        assert (await exported(**question))["rows"] == rows, question


async def test_each_resource_says_why_it_is_kept_or_goes(at: Stage) -> None:
    """Also a resource that no rule names, and one that its nearest rule keeps."""
    path = f"{at.path}/retention"

    async def told() -> tuple[Any, ...]:
        facts = await at.operator.call("GET", path)
        due = facts["due"] and facts["due"]["rule_place"]
        return facts["kept_because"], facts["keeping_place"], due

    facts = await at.teacher.call("GET", path)
    assert (facts["kept_because"], facts["due"], facts["may_hold"]) == ("no_rule", None, False)
    assert (facts["title"], facts["place"], facts["notice_days"]) == ("课", HERE.school, 7)
    await rule(at, HERE.school, None)
    assert await told() == ("rule_keeps", HERE.school, None)
    await rule(at, HERE.school, 40)
    assert await told() == (None, "", HERE.school)
    await at.save()
    await at.submit()
    assert await told() == ("under_review", "", None)
    await at.pass_()
    await at.publish("school")
    assert await told() == ("published", "", None)
    await at.withdraw()
    assert await told() == ("no_rule", "", None)  # the rule is about recordings


async def test_any_resource_of_the_own_places_is_found_by_its_title(at: Stage) -> None:
    services = at.world.services
    for number in range(52):
        await shelve(
            services,
            f"found-{number}",
            teacher=NEXT_DOOR.teacher,
            room=NEXT_DOOR.room,
            title=f"50%_{number}" if number < 51 else "别的",
            minutes=number,
        )

    async def found(words: str, who: Client = at.operator) -> tuple[list[str], bool]:
        query = urlencode({"q": words})
        answer = await who.call("GET", f"/api/deletions/resources?{query}")
        return [one["title"] for one in answer["resources"]], answer["more"]

    titles, more = await found("50%_")
    assert (titles[0], len(titles), more) == ("50%_50", 50, True)
    assert await found("%别") == ([], False)  # the database's wildcards are letters here
    assert await found("别的") == (["别的"], False)
    assert await found("") == ([], False)
    assert await found("别的", at.school_admin) == ([], False)  # of another school
    await at.operator.call("POST", f"{at.path}/legal-hold", {"reason": "申诉"})
    one = await at.operator.call("GET", f"/api/deletions/resources?{urlencode({'q': '课'})}")
    assert [(row["resource_id"], row["held"]) for row in one["resources"]] == [
        (at.resource_id, True)
    ]
    assert await problem(found("课", at.teacher)) == (403, "forbidden")

"""推荐上级: its own review above, its own publication, and what a withdrawal below takes along."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from signaling.access.roles import Role
from signaling.directory.grants.wire import GrantGive
from signaling.directory.tables import GrantRow
from signaling.joints.pushed_resources import PublishedShelf
from signaling.library.editions import store as editions
from tests.integration.signaling.library.resource_acts import (
    FAR,
    HERE,
    NEXT_DOOR,
    OURS,
    Stage,
    problem,
    stage,
    status_of,
)
from tests.support.server import Client

ROOT = "cn"


@dataclass
class Above:
    """A stage, and who works further up."""

    at: Stage
    country_admin: Client

    async def chain(self, who: Client | None = None) -> list[Any]:
        path = f"{self.at.path}/recommendations"
        return list((await (who or self.at.school_admin).call("GET", path))["steps"])

    async def recommend(
        self, who: Client | None = None, version: int = 1, of: str = HERE.school
    ) -> Any:
        body = {"from_node_id": of, "version": version, "note": "值得推广"}
        who = who or self.at.school_admin
        self.at.clock.advance(seconds=1)
        return await who.call("POST", f"{self.at.path}/recommendations", body)

    async def do(self, who: Client, deed: str, node: str = OURS.mark, **body: Any) -> Any:
        step = next(one for one in await self.chain() if one["node_id"] == node)
        path = f"/api/recommendations/{step['reference_id']}/{deed}"
        method = "PUT" if deed == "publication" else "POST"
        return await who.call(method, path, {"revision": step["revision"]} | body)

    async def shown_at_county(self, scope: str = "branch", **more: Any) -> None:
        """From a publication for the school alone to one for the county."""
        await self.at.published("school")
        await self.recommend()
        await self.do(self.at.county_admin, "pass")
        await self.do(self.at.county_admin, "publication", scope=scope, **more)


@pytest.fixture
async def up(tmp_path: Path) -> AsyncIterator[Above]:
    async with stage(tmp_path) as at:
        person = NEXT_DOOR.person(Role.RESEARCHER)
        async with at.world.services.database.write() as session:
            row = GrantRow(grant_id="top", person_id=person, role=Role.RESOURCE_ADMIN, node_id=ROOT)
            session.add(row)
        yield Above(at, await at.world.sign_in(person))


def _states(steps: list[Any]) -> list[tuple[str, str | None, int | None]]:
    return [(one["node_id"], one["state"], one["shown_version"]) for one in steps]


async def test_each_level_reviews_for_itself(up: Above) -> None:
    at = up.at
    await at.levels(OURS.mark, 2)
    await at.save()
    await at.submit()
    await at.pass_()
    await at.pass_(at.county_admin)
    await at.publish("school")
    neighbour = await at.world.sign_in(NEXT_DOOR.teacher)
    assert await at.seen_by(neighbour) == []
    assert [one["may_recommend"] for one in await up.chain()] == [True, False, False]
    await up.recommend()
    assert _states(await up.chain()) == [
        (HERE.school, "published", 1),
        (OURS.mark, "in_review", None),
        (ROOT, None, None),
    ]
    queue = await at.county_admin.call("GET", "/api/recommendations")
    (entry,) = queue["entries"]
    assert (entry["levels"], entry["level"], entry["note"]) == (
        ["first", "second"],
        "first",
        "值得推广",
    )
    assert (await at.school_admin.call("GET", "/api/recommendations"))["entries"] == []
    await up.do(at.county_admin, "pass")
    assert await problem(up.do(at.county_admin, "pass")) == (403, "reviewed_before")
    await up.do(up.country_admin, "pass", reason="很好")
    assert await at.seen_by(neighbour) == []  # passed, but not published
    await up.do(at.county_admin, "publication", scope="branch")
    assert await at.seen_by(neighbour) == [at.resource_id]
    assert await at.seen_by(neighbour, "?q=fuli") == [at.resource_id]
    assert await at.seen_by(await at.world.sign_in(FAR.teacher)) == []
    assert await status_of(neighbour, f"/media/resources/{at.resource_id}/1/camera.webm") == 200
    assert _states(await up.chain())[1] == (OURS.mark, "published", 1)
    # The county recommends to the country; the school's admin may not do it in its place.
    assert await problem(up.recommend(of=OURS.mark)) == (403, "forbidden")
    assert await problem(up.recommend()) == (409, "recommended_already")
    await up.recommend(at.county_admin, of=OURS.mark)
    await up.do(up.country_admin, "pass", ROOT)
    await up.do(up.country_admin, "publication", ROOT, scope="public")
    assert await at.seen_by(at.world.client()) == [at.resource_id]
    assert await problem(up.recommend(up.country_admin, of=ROOT)) == (409, "nothing_above")


async def test_nobody_decides_about_the_own_at_any_level(up: Above) -> None:
    at = up.at
    await at.published("school")
    await up.recommend(at.county_admin)  # who works for all schools of the county
    assert await problem(up.do(at.county_admin, "pass")) == (403, "own_recommendation")
    assert await problem(up.do(at.school_admin, "pass")) == (403, "forbidden")
    assert await problem(up.do(at.teacher, "pass")) == (403, "forbidden")
    admin = await at.world.actor(OURS.person(Role.COUNTY_ADMIN))
    wish = GrantGive(Role.RESOURCE_ADMIN, OURS.mark)
    await at.world.services.directory_desk.grants.give(admin, HERE.teacher, wish)
    assert await problem(up.do(at.teacher, "reject", reason="x")) == (403, "own_resource")
    entries = await at.world.services.audit.entries("resource_refused")  # type: ignore[arg-type]
    assert len(entries) == 4
    (entry,) = (await at.county_admin.call("GET", "/api/recommendations"))["entries"]
    assert entry["refused"] == "own_recommendation"


async def test_a_rejection_is_told_below_and_it_may_be_recommended_again(up: Above) -> None:
    at = up.at
    await at.published("school")
    await up.recommend()
    assert await problem(up.do(at.county_admin, "reject", reason="")) == (422, "invalid")
    await up.do(at.county_admin, "reject", reason="县里已有同一课")
    step = (await up.chain(at.teacher))[1]
    assert (step["state"], step["reason"]) == ("rejected", "县里已有同一课")
    await up.recommend()
    await up.do(at.school_admin, "recall")
    assert (await up.chain())[1]["state"] == "recalled"
    assert await problem(up.do(at.county_admin, "pass")) == (409, "resource_state")


async def _unwanted(up: Above) -> list[int]:
    """The versions whose editions would be removed."""
    async with up.at.world.services.database.read() as session:
        return [one.number for one in await editions.unwanted(session, 10)]


async def test_the_county_shows_its_version_until_it_has_passed_the_next(up: Above) -> None:
    at = up.at
    await up.shown_at_county()
    neighbour = await at.world.sign_in(NEXT_DOOR.teacher)
    await at.teacher.call("POST", f"{at.path}/versions")
    await at.save(title="浮力的秘密,第二版")
    await at.submit()
    await at.pass_()
    await at.publish("school")

    async def seen() -> tuple[str, int]:
        (entry,) = (await neighbour.call("GET", "/api/library"))["resources"]
        return entry["title"], entry["version"]

    assert await seen() == ("浮力的秘密", 1)
    assert await status_of(neighbour, f"/media/resources/{at.resource_id}/2/camera.webm") == 404
    (entry,) = (await at.teacher.call("GET", "/api/library"))["resources"]
    assert entry["version"] == 2
    assert await _unwanted(up) == []  # the county's edition is played still
    await up.recommend(version=2)
    await up.do(at.county_admin, "pass")
    assert await seen() == ("浮力的秘密", 1)
    await up.do(at.county_admin, "publication", scope="branch")
    assert await seen() == ("浮力的秘密,第二版", 2)
    assert await _unwanted(up) == [1]
    assert await status_of(neighbour, f"/media/resources/{at.resource_id}/1/camera.webm") == 404


async def test_a_withdrawal_below_takes_all_copies_off_and_says_why(up: Above) -> None:
    at = up.at
    await up.shown_at_county()
    await up.recommend(at.county_admin, of=OURS.mark)
    neighbour = await at.world.sign_in(NEXT_DOOR.teacher)
    assert await at.seen_by(neighbour) == [at.resource_id]
    await at.withdraw(reason="copyright")
    assert await at.seen_by(neighbour) == []
    assert await at.seen_by(neighbour, "?q=fuli") == []
    assert await status_of(neighbour, f"/media/resources/{at.resource_id}/1/camera.webm") == 404
    assert [one[1] for one in _states(await up.chain())] == ["withdrawn"] * 3
    path = "/api/recommendations?state=withdrawn"
    (told,) = (await at.county_admin.call("GET", path))["entries"]
    assert (told["withdraw_reason"], told["from_below"]) == ("copyright", True)
    assert len((await up.country_admin.call("GET", path))["entries"]) == 2  # below it, too
    at.clock.advance(seconds=timedelta(days=31).total_seconds())
    county_admin = await at.world.sign_in(OURS.person(Role.RESOURCE_ADMIN))
    assert (await county_admin.call("GET", path))["entries"] == []


async def test_the_county_takes_its_copy_off_and_the_school_keeps_its_own(up: Above) -> None:
    at = up.at
    await up.shown_at_county()
    await up.recommend(at.county_admin, of=OURS.mark)
    assert await problem(up.do(at.school_admin, "withdraw", reason="outdated")) == (
        403,
        "forbidden",
    )
    await up.do(at.county_admin, "withdraw", reason="duplicate")
    assert [one[1] for one in _states(await up.chain())] == ["published", "withdrawn", "withdrawn"]
    assert await at.seen_by(at.teacher) == [at.resource_id]
    assert await at.seen_by(await at.world.sign_in(NEXT_DOOR.teacher)) == []


async def test_a_copy_has_its_own_end_and_never_outlives_what_it_refers_to(up: Above) -> None:
    at = up.at
    now = at.clock.now()
    ends = {"expires_at": (now + timedelta(days=2)).isoformat()}
    await up.shown_at_county(**ends)
    neighbour = await at.world.sign_in(NEXT_DOOR.teacher)
    later = {"scope": "school", "expires_at": (now + timedelta(days=1)).isoformat()}
    await at.school_admin.call("PUT", f"{at.path}/publication", later)
    (entry,) = (await neighbour.call("GET", "/api/library"))["resources"]
    assert entry["expires_at"][:10] == (now + timedelta(days=1)).date().isoformat()
    at.clock.advance(seconds=timedelta(days=1, hours=1).total_seconds())
    neighbour = await at.world.sign_in(NEXT_DOOR.teacher)
    assert await at.seen_by(neighbour) == []


async def test_harvesters_hear_of_a_copy_that_anybody_may_see(up: Above) -> None:
    at = up.at
    records = at.world.services.resources.records
    await up.shown_at_county("branch")
    assert await records.one(at.resource_id) is None
    await up.do(at.county_admin, "publication", scope="public")
    record = await records.one(at.resource_id)
    assert record is not None
    assert record.metadata is not None
    await up.do(at.county_admin, "withdraw", reason="outdated")
    record = await records.one(at.resource_id)
    assert record is not None
    assert record.metadata is None


async def test_a_lesson_carries_what_its_rooms_see_by_a_copy(up: Above) -> None:
    """The school's later version is not theirs, so it is not what they are told to fetch."""
    at = up.at
    await up.shown_at_county()
    await at.teacher.call("POST", f"{at.path}/versions")
    await at.published("school")
    services = at.world.services
    rooms = [await services.people.room(one.room) for one in (HERE, NEXT_DOOR, FAR)]
    here, near, far = (one for one in rooms if one is not None)
    async with services.database.read() as session:
        for asked, version, unseen in (
            ([here], 2, ()),
            ([near], 1, ()),
            ([here, near], 2, ()),
            ([far, near], 1, (far.title,)),
        ):
            found = await PublishedShelf().entries(session, [at.resource_id], asked, at.clock.now())
            entry = found[at.resource_id]
            assert (entry.version, entry.facts.unseen) == (version, unseen)

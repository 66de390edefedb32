"""Links that open one published resource for a while, and what they say when they do not."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest_asyncio
from sqlalchemy import update

from signaling.access.roles import Role
from signaling.access.signing import fingerprint
from signaling.audit.actions import AuditAction
from signaling.consent.tables import ConsentRow
from signaling.library.publishing.refusals import NOTED
from signaling.library.publishing.tickets import PER_RESOURCE
from signaling.library.sharing.tables import ShareLinkRow
from tests.integration.signaling.library.resource_acts import (
    PASSWORD,
    Stage,
    problem,
    stage,
    status_of,
)
from tests.support.resources import room_source
from tests.support.server import Client
from tests.support.two_counties import OURS, THEIRS

HERE = OURS.school(1)


@pytest_asyncio.fixture
async def at(tmp_path: Path) -> AsyncIterator[Stage]:
    async with stage(tmp_path) as one:
        yield one


async def made(at: Stage, who: Client | None = None, **more: Any) -> tuple[str, str]:
    """The id and the token of a new link."""
    answer = await (who or at.teacher).call("POST", f"{at.path}/share-links", more or {"days": 7})
    return answer["link"]["link_id"], answer["token"]


async def opened(at: Stage, who: Client, token: str) -> tuple[int, str | None]:
    path = f"/api/library/{at.resource_id}/link"
    return await problem(who.call("POST", path, {"token": token}))


async def test_a_link_opens_what_only_a_school_sees_to_whoever_has_it(at: Stage) -> None:
    await at.published("school")
    guest, shared = at.world.client(), f"/api/library/{at.resource_id}"
    media = f"/media/resources/{at.resource_id}/1/camera.webm"
    assert await status_of(guest, shared) == 404
    link_id, token = await made(at, at_s=90.5, note="家长会")
    assert len(token) == 22  # 128 bits in base64url
    assert await opened(at, guest, token) == (200, None)
    assert (await guest.call("GET", shared))["sources"] != []
    assert await status_of(guest, media) == 200
    # It opens this one resource, and no list: not even the resource itself is in it.
    assert await at.seen_by(guest) == []
    (shown,) = (await at.teacher.call("GET", f"{at.path}/share-links"))["links"]
    assert (shown["link_id"], shown["uses"], shown["at_s"]) == (link_id, 1, 90.5)
    assert shown["note"] == "家长会"
    assert "token" not in shown
    async with at.world.services.database.read() as session:
        row = await session.get(ShareLinkRow, link_id)
    assert row is not None
    assert row.token_hash == fingerprint(token)


async def test_a_link_opens_without_the_password(at: Stage) -> None:
    await at.published("password", password=PASSWORD)
    guest, shared = at.world.client(), f"/api/library/{at.resource_id}"
    assert (await guest.call("GET", shared))["entry"]["locked"] is True
    _, token = await made(at, at.school_admin)
    assert await opened(at, guest, token) == (200, None)
    assert (await guest.call("GET", shared))["entry"]["locked"] is False


async def test_after_its_days_a_link_is_refused_everywhere_and_says_so(at: Stage) -> None:
    await at.published("school")
    _, token = await made(at)
    at.clock.advance(days=7, seconds=-60)
    guest, shared = at.world.client(), f"/api/library/{at.resource_id}"
    media = f"/media/resources/{at.resource_id}/1/camera.webm"
    assert await opened(at, guest, token) == (200, None)
    at.clock.advance(seconds=60)
    assert await problem(guest.call("GET", shared)) == (403, "share_link_expired")
    assert await status_of(guest, media) == 403
    assert await opened(at, at.world.client(), token) == (403, "share_link_expired")
    teacher = await at.world.sign_in(HERE.teacher)
    assert (await teacher.call("GET", f"{at.path}/share-links"))["links"] == []
    assert await opened(at, teacher, token) == (403, "share_link_expired")
    assert await status_of(teacher, shared) == 200  # who may see it anyway needs no link


async def test_a_revoked_link_opens_nothing_from_the_next_request_on(at: Stage) -> None:
    await at.published("county")
    link_id, token = await made(at)
    other_id, other = await made(at, at.operator, days=90)
    guest, shared = at.world.client(), f"/api/library/{at.resource_id}"
    await opened(at, guest, token)
    left = await at.school_admin.call("POST", f"{at.path}/share-links/{link_id}/revoke")
    assert [one["link_id"] for one in left["links"]] == [other_id]
    assert await problem(guest.call("GET", shared)) == (403, "share_link_revoked")
    assert await opened(at, at.world.client(), token) == (403, "share_link_revoked")
    (entry,) = await at.world.services.audit.entries(AuditAction.RESOURCE_REFUSED)
    assert entry.target == at.resource_id
    assert "share_link_revoked" in entry.detail
    assert await opened(at, guest, other) == (200, None)
    await at.withdraw()
    assert (await problem(guest.call("GET", shared)))[0] == 404


async def test_wrong_tokens_are_bounded_audited_and_tell_nothing(at: Stage) -> None:
    await at.published("school")
    guest = at.world.client()
    _, token = await made(at)
    for _ in range(PER_RESOURCE.max_failures):
        assert await opened(at, guest, "x" * 22) == (404, "resource_not_found")
    assert await opened(at, guest, token) == (429, "too_many_requests")
    assert await opened(at, guest, token[:-1]) == (404, "resource_not_found")  # no guess
    assert await opened(at, at.teacher, token[:-1]) == (422, "share_link_wrong")
    entries = await at.world.services.audit.entries(AuditAction.RESOURCE_REFUSED)
    assert len(entries) == PER_RESOURCE.max_failures
    at.clock.advance(seconds=PER_RESOURCE.window_s + 1)
    assert await opened(at, at.teacher, "x" * 22) == (403, "share_link_wrong")
    assert await opened(at, guest, token) == (200, None)


async def test_an_old_link_fills_no_audit_log(at: Stage) -> None:
    await at.published("school")
    link_id, token = await made(at)
    await at.teacher.call("POST", f"{at.path}/share-links/{link_id}/revoke")
    guest = at.world.client()
    for _ in range(NOTED.max_failures + 3):
        assert await opened(at, guest, token) == (403, "share_link_revoked")
    entries = await at.world.services.audit.entries(AuditAction.RESOURCE_REFUSED)
    assert len(entries) == NOTED.max_failures


async def test_a_link_of_one_resource_opens_no_other(at: Stage) -> None:
    await at.published("school")
    _, token = await made(at)
    guest = at.world.client()
    path = "/api/library/none-such/link"
    assert await problem(guest.call("POST", path, {"token": token})) == (404, "resource_not_found")


async def test_only_what_is_published_to_some_is_shared_by_links(at: Stage) -> None:
    share = f"{at.path}/share-links"
    body = {"days": 7}
    assert await problem(at.teacher.call("POST", share, body)) == (409, "resource_state")
    await at.published("public")
    assert await problem(at.teacher.call("POST", share, body)) == (409, "scope_without_links")
    await at.school_admin.call("PUT", f"{at.path}/publication", {"scope": "private"})
    assert await problem(at.teacher.call("POST", share, body)) == (409, "scope_without_links")
    await at.school_admin.call("PUT", f"{at.path}/publication", {"scope": "school"})
    for days in (0, 91):
        called = at.teacher.call("POST", share, {"days": days})
        assert await problem(called) == (422, "invalid")
    _, token = await made(at)
    await at.school_admin.call("PUT", f"{at.path}/publication", {"scope": "private"})
    assert await opened(at, at.world.client(), token) == (403, "share_link_revoked")


async def test_who_may_not_share_gets_no_link(at: Stage) -> None:
    await at.published("school")
    for who in (
        HERE.person(Role.ASSISTANT),
        OURS.school(2).teacher,
        THEIRS.person(Role.COUNTY_ADMIN),
    ):
        client = await at.world.sign_in(who)
        share = f"{at.path}/share-links"
        assert (await problem(client.call("POST", share, {"days": 7})))[0] == 404
        assert (await problem(client.call("GET", share)))[0] == 404


async def test_a_class_that_was_shown_to_its_school_alone_is_in_no_link(at: Stage) -> None:
    """Whoever has a link is not of the school: more people than the parents have agreed to."""
    await at.published("school")
    _, token = await made(at)
    async with at.world.services.database.write() as session:
        narrowed = update(ConsentRow).values(purposes="live,record,show_school")
        await session.execute(narrowed)
    called = at.teacher.call("POST", f"{at.path}/share-links", {"days": 7})
    assert await problem(called) == (409, "consent_missing")
    assert await opened(at, at.world.client(), token) == (403, "share_link_revoked")


async def test_a_link_ends_with_the_consent_to_be_shown_so_widely(at: Stage) -> None:
    """The school may still see it; whoever came by the link is refused with the next request."""
    await at.published("school")
    guest, shared = at.world.client(), f"/api/library/{at.resource_id}"
    media = f"/media/resources/{at.resource_id}/1/camera.webm"
    _, token = await made(at)
    assert await opened(at, guest, token) == (200, None)
    publishing = at.world.services.resources.publishing
    assert await publishing.reconsider(("recording-1",)) == []
    assert await status_of(guest, media) == 200  # what was agreed to stays open
    async with at.world.services.database.write() as session:
        await session.execute(update(ConsentRow).values(purposes="live,record,show_school"))
    assert await publishing.reconsider(("recording-1",)) == []
    assert await problem(guest.call("GET", shared)) == (403, "share_link_revoked")
    assert await status_of(guest, media) == 403
    assert (await at.detail())["summary"]["state"] == "published"
    (entry,) = await at.world.services.audit.entries(AuditAction.SHARE_LINK_REVOKE)
    assert (entry.actor_id, entry.target) == ("system", at.resource_id)
    assert '"links":1' in entry.detail


async def test_a_link_shows_no_later_version_that_lacks_the_consent_for_it(at: Stage) -> None:
    hidden = {"hidden_sources": [room_source(HERE.room)], "hidden_pictures": ["lead.camera"]}
    async with at.world.services.database.write() as session:
        await session.execute(update(ConsentRow).values(purposes="live,record,show_school"))
    await at.published("school", edits=hidden)
    guest, shared = at.world.client(), f"/api/library/{at.resource_id}"
    _, token = await made(at)
    assert await opened(at, guest, token) == (200, None)
    assert await status_of(guest, shared) == 200
    await at.teacher.call("POST", f"{at.path}/versions")
    await at.published("school", edits={"hidden_sources": [], "hidden_pictures": []})
    assert await problem(guest.call("GET", shared)) == (403, "share_link_revoked")
    media = f"/media/resources/{at.resource_id}/2/camera.webm"
    assert await status_of(guest, media) == 403
    entries = await at.world.services.audit.entries(AuditAction.RESOURCE_PUBLISH)
    assert [one.detail for one in entries if '"links":1' in one.detail]

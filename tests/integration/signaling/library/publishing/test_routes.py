"""What is published: who sees it, its files, its password, its end; nothing else gets out."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from sqlalchemy import select, update

from recorder.api import RecorderError
from signaling.access.roles import Role
from signaling.audit.actions import AuditAction
from signaling.library.publishing import service as publishing_service
from signaling.library.versions.checks import MissingSource
from signaling.library.versions.tables import PublicationRow
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
from tests.support.publications import publish
from tests.support.resources import room_source
from tests.support.server import Client

PASSWORD = "fuli-2026"
ROOM = room_source(HERE.room)


@pytest.fixture
async def at(tmp_path: Path) -> AsyncIterator[Stage]:
    async with stage(tmp_path) as made:
        yield made


def _page(at: Stage) -> str:
    return f"/api/library/{at.resource_id}"


async def _readers(at: Stage) -> dict[str, Client]:
    world = at.world
    return {
        "nobody": world.client(),
        "owner": at.teacher,
        "school": await world.sign_in(HERE.person(Role.ASSISTANT)),
        "room": await world.terminal(HERE.room),
        "next door": await world.sign_in(NEXT_DOOR.teacher),
        "far": await world.sign_in(FAR.teacher),
        "manager": at.county_admin,
        "far manager": await world.sign_in(FAR.person(Role.RESOURCE_ADMIN)),
    }


ALWAYS = {"owner", "manager"}
SCOPES = {
    "private": ALWAYS,
    "school": ALWAYS | {"school", "room"},
    "county": ALWAYS | {"school", "room", "next door"},
    "signed_in": ALWAYS | {"school", "room", "next door", "far", "far manager"},
    "password": ALWAYS | {"school", "room", "next door", "far", "far manager", "nobody"},
    "public": ALWAYS | {"school", "room", "next door", "far", "far manager", "nobody"},
}


async def test_each_scope_is_seen_by_its_own_people(at: Stage) -> None:
    readers = await _readers(at)
    await at.published("private")
    for scope, who in SCOPES.items():
        body = {"scope": scope}
        if scope == "password":
            body["password"] = PASSWORD
        await at.school_admin.call("PUT", f"{at.path}/publication", body)
        for query in ("", "?q=fuli", "?subject=物理&grade=八年级", "?q=fl&subject=物理"):
            seen = {name for name, one in readers.items() if await at.seen_by(one, query)}
            assert seen == who, (scope, query)
        opened = {name for name, one in readers.items() if await status_of(one, _page(at)) == 200}
        assert opened == who, scope
        facets = {
            name
            for name, one in readers.items()
            if (await one.call("GET", "/api/library/facets"))["subjects"]
        }
        assert facets == who, scope


async def test_what_is_not_published_is_nowhere(at: Stage) -> None:
    await at.save()
    await at.submit()
    await at.pass_()
    for reader in (await _readers(at)).values():
        assert await at.seen_by(reader) == []
        assert await at.seen_by(reader, "?q=fuli") == []
        assert await status_of(reader, _page(at)) == 404
        assert await status_of(reader, f"/media/resources/{at.resource_id}/1/camera.webm") == 404


async def test_media_of_a_published_version_and_nothing_beside_them(at: Stage) -> None:
    await at.published()
    stranger = at.world.client()
    shown = await stranger.call("GET", _page(at))
    names = {file["url"].rpartition("/")[2] for one in shown["sources"] for file in one["files"]}
    assert names == {"camera.webm", "courseware.mp4", "r.webm"}
    url = shown["sources"][0]["files"][0]["url"]
    headers = {"Range": "bytes=0-3"}
    async with stranger.http.get(stranger.base + url, headers=headers) as answer:
        assert (answer.status, await answer.read()) == (206, b"lead")
        assert answer.headers["Cache-Control"] == "public, max-age=240"
    folder = url.rpartition("/")[0]
    for name in ("manifest.json", "none.webm", "..%2fcamera.webm"):
        assert await status_of(stranger, f"{folder}/{name}") == 404, name
    for version in ("2", "0", "x", "01"):
        path = f"/media/resources/{at.resource_id}/{version}/camera.webm"
        assert await status_of(stranger, path) == 404
    # The recording itself stays with those who took part.
    assert await status_of(stranger, "/media/recordings/recording-1/r.webm") == 401


@pytest.mark.parametrize("edits", [{"hidden_sources": [ROOM]}, {"hidden_pictures": [ROOM]}])
async def test_an_edited_version_has_no_file_of_its_recording(at: Stage, edits: Any) -> None:
    """It is played from its edition alone; see `editions/test_editions.py`."""
    await at.published(edits=edits)
    stranger = at.world.client()
    shown = await stranger.call("GET", _page(at))
    assert (shown["sources"], shown["stage"], shown["playback"]["waits"]) == ([], [], True)
    assert shown["entry"]["thumbnail_url"] is None  # it may show a hidden source
    for name in ("camera.webm", "r.webm", "thumbnail.jpg"):
        assert await status_of(stranger, f"/media/resources/{at.resource_id}/1/{name}") == 404


async def test_a_password_opens_for_a_while_and_a_new_one_shuts(at: Stage) -> None:
    assert await problem(at.published("password")) == (422, "share_password_missing")
    await at.publish("password", password=PASSWORD)
    reader = at.world.client()
    shown = await reader.call("GET", _page(at))
    assert (shown["entry"]["locked"], shown["sources"], shown["chapters"]) == (True, [], [])
    assert shown["entry"]["thumbnail_url"] is None
    media = f"/media/resources/{at.resource_id}/1/camera.webm"
    assert await status_of(reader, media) == 403
    wrong = problem(reader.call("POST", f"{_page(at)}/unlock", {"password": "falsch"}))
    assert await wrong == (403, "share_password_wrong")
    await reader.call("POST", f"{_page(at)}/unlock", {"password": PASSWORD})
    assert (await reader.call("GET", _page(at)))["entry"]["locked"] is False
    assert await status_of(reader, media) == 200
    assert await status_of(at.world.client(), media) == 403
    assert await status_of(at.teacher, media) == 200  # the owner needs none
    at.clock.advance(hours=3, seconds=1)
    assert await status_of(reader, media) == 403
    for _ in range(60):  # a class behind one address: the right password is no guess
        await reader.call("POST", f"{_page(at)}/unlock", {"password": PASSWORD})
    again = {"scope": "password", "password": "another-one"}
    await at.school_admin.call("PUT", f"{at.path}/publication", again)
    assert await status_of(reader, media) == 403
    # Without a password the former one stays.
    await at.school_admin.call("PUT", f"{at.path}/publication", {"scope": "password"})
    await reader.call("POST", f"{_page(at)}/unlock", {"password": "another-one"})
    assert await status_of(reader, media) == 200


async def test_guesses_of_a_password_are_bounded(at: Stage) -> None:
    await at.published("password", password=PASSWORD)
    reader = at.world.client()

    async def guess(password: str) -> tuple[int, str | None]:
        body = {"password": password}
        return await problem(reader.call("POST", f"{_page(at)}/unlock", body))

    told = [await guess(f"guess-{n}") for n in range(7)]
    assert told == [(403, "share_password_wrong")] * 5 + [(429, "too_many_requests")] * 2
    assert await guess(PASSWORD) == (429, "too_many_requests")
    entries = await at.world.services.audit.entries(AuditAction.RESOURCE_REFUSED)
    assert len(entries) == 5  # each one that was answered
    assert {(one.actor_id, one.target, one.remote) for one in entries} == {
        (None, at.resource_id, "127.0.0.1")
    }
    assert all("share_password_wrong" in one.detail and one.path for one in entries)
    at.clock.advance(seconds=301)
    assert await guess(PASSWORD) == (200, None)


async def test_a_foreign_page_unlocks_nothing(at: Stage) -> None:
    await at.published("password", password=PASSWORD)
    reader = at.world.client()
    async with reader.http.post(
        reader.base + f"{_page(at)}/unlock",
        json={"password": PASSWORD},
        headers={"Origin": "https://elsewhere.example"},
    ) as answer:
        assert answer.status == 403


async def test_a_time_that_is_over(at: Stage) -> None:
    until = at.clock.now() + timedelta(days=1)
    past = (at.clock.now() - timedelta(minutes=1)).isoformat()
    assert await problem(at.published(expires_at=past)) == (422, "in_the_past")
    await at.publish(expires_at=until.isoformat())
    reader = at.world.client()
    media = f"/media/resources/{at.resource_id}/1/camera.webm"
    assert await at.seen_by(reader, "?q=fuli") == [at.resource_id]
    at.clock.advance(days=1)
    for query in ("", "?q=fuli"):
        assert await at.seen_by(reader, query) == []
    assert await status_of(reader, _page(at)) == 404
    assert await status_of(reader, media) == 404
    assert await status_of(reader, f"/oai/packages/{at.resource_id}") == 404
    records = at.world.services.resources.records
    await at.world.services.resources.publishing.notice_expired()
    record = await records.one(at.resource_id)
    assert record is not None
    assert (record.metadata, record.datestamp) == (None, at.clock.now())


async def test_all_whose_time_is_over_are_noted_in_one_round(
    at: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publishing_service, "_STEP", 2)
    services = at.world.services
    await publish(services.database, 5, first=10)
    async with services.database.write() as session:
        await session.execute(update(PublicationRow).values(expires_at=at.clock.now()))
    await services.resources.publishing.notice_expired()
    noted = select(PublicationRow.resource_id).where(PublicationRow.expired)
    async with services.database.read() as session:
        assert len((await session.scalars(noted)).all()) == 5


async def test_what_is_withdrawn_is_out_at_once(at: Stage) -> None:
    await at.published()
    records = at.world.services.resources.records
    (record,) = await records.page(None, limit=10)
    assert record.metadata is not None
    reader = at.world.client()
    media = f"/media/resources/{at.resource_id}/1/camera.webm"
    assert await status_of(reader, media) == 200
    at.clock.advance(minutes=5)
    assert await problem(at.withdraw(reason="other")) == (422, "note_missing")
    done = await at.withdraw(reason="copyright")
    assert (done["summary"]["state"], done["withdrawn_reason"]) == ("withdrawn", "copyright")
    for query in ("", "?q=fuli", "?q=浮力&subject=物理"):
        for who in (reader, at.teacher, at.county_admin):
            assert await at.seen_by(who, query) == []
    assert await status_of(reader, _page(at)) == 404
    assert await status_of(reader, media) == 404
    (record,) = await records.page((record.datestamp, record.resource_id), limit=10)
    assert record.metadata is None
    assert await problem(at.withdraw()) == (409, "resource_state")
    # A new version brings it back, after its review.
    await at.teacher.call("POST", f"{at.path}/versions")
    await at.published()
    assert await at.seen_by(reader) == [at.resource_id]


async def test_who_publishes_and_withdraws(at: Stage) -> None:
    await at.save()
    await at.submit()
    await at.pass_()
    assert await problem(at.publish(who=at.teacher)) == (403, "forbidden")
    assert await problem(at.publish(who=at.operator)) == (403, "forbidden")
    assert await problem(at.publish(version=2)) == (409, "resource_state")
    assert await problem(at.publish("school", password=PASSWORD)) == (
        422,
        "share_password_unused",
    )
    await at.publish()
    far = await at.world.sign_in(FAR.person(Role.COUNTY_ADMIN))
    assert await problem(at.withdraw(far)) == (404, "resource_not_found")
    await at.withdraw(at.operator)
    await at.teacher.call("POST", f"{at.path}/versions")
    await at.published()
    await at.withdraw(at.teacher, "by_author")


class _Gate:
    """Nobody agreed to show the room."""

    def __init__(self, *missing: MissingSource) -> None:
        self.lacking = missing

    async def missing(
        self, _recording: str, sources: object, _scope: object, **_within: object
    ) -> object:
        return [one for one in self.lacking if one.source_id in sources]  # type: ignore[operator]


async def test_nothing_is_published_without_consent_unless_it_is_hidden(at: Stage) -> None:
    gate = _Gate(MissingSource(ROOM, "云岭"), MissingSource("lead.camera", "", True))
    at.world.services.resources.checks.gate = gate  # type: ignore[assignment]
    await at.save()
    await at.submit()
    findings = (await at.detail())["findings"]
    told = [one["source_id"] for one in findings if one["code"] == "consent_missing"]
    assert told == [ROOM, "lead.camera"]
    await at.pass_()
    assert await problem(at.publish()) == (409, "consent_missing")
    refused = await at.world.services.audit.entries("resource_refused")  # type: ignore[arg-type]
    assert "consent_missing" in refused[0].detail
    await at.reject()
    await at.published(edits={"hidden_sources": [ROOM], "hidden_pictures": ["lead.camera"]})
    assert len(await at.seen_by(at.world.client())) == 1


async def test_nothing_is_published_while_nobody_can_tell_who_is_in_it(at: Stage) -> None:
    await at.save()
    await at.submit()
    await at.pass_()
    manifest = at.world.services.config.data / "recordings" / "recording-1" / "manifest.json"
    kept = manifest.read_bytes()
    manifest.write_bytes(b"{")
    status, _ = await problem(at.publish())
    assert status >= 400
    assert await at.seen_by(at.world.client()) == []
    manifest.write_bytes(kept)
    await at.publish()
    manifest.write_bytes(b"{")
    with pytest.raises(RecorderError):  # so that it is asked again
        await at.world.services.resources.publishing.reconsider(["recording-1"])


async def test_a_consent_that_is_taken_back_withdraws_what_shows_it(at: Stage) -> None:
    await at.published()
    publishing = at.world.services.resources.publishing
    assert await publishing.reconsider(["recording-1"]) == []
    at.world.services.resources.checks.gate = _Gate(MissingSource(ROOM))  # type: ignore[assignment]
    assert await publishing.reconsider(["recording-1"]) == [at.resource_id]
    assert await at.seen_by(at.world.client()) == []
    detail = await at.detail()
    assert (detail["withdrawn_reason"], detail["summary"]["state"]) == (
        "consent_withdrawn",
        "withdrawn",
    )
    (entry,) = await at.world.services.audit.entries("resource_withdraw")  # type: ignore[arg-type]
    assert (entry.actor_id, bool(entry.path)) == ("system", True)


async def test_facets_count_what_the_others_leave(at: Stage) -> None:
    await at.published()
    reader = at.world.client()
    facets = await reader.call("GET", "/api/library/facets")
    assert facets["subjects"] == [{"value": "物理", "count": 1}]
    assert facets["schools"] == [{"value": "中心小学", "count": 1}]
    facets = await reader.call("GET", "/api/library/facets?subject=语文")
    assert facets["grades"] == []
    assert facets["subjects"] == [{"value": "物理", "count": 1}]
    assert await at.seen_by(reader, "?school=中心小学&stage=junior&volume=下册") == [at.resource_id]
    assert await at.seen_by(reader, "?school=别的") == []


async def test_the_textbook_tree_opens_one_level_at_a_time(at: Stage) -> None:
    reader = at.world.client()
    assert (await reader.call("GET", "/api/library/tree"))["nodes"] == []
    await at.published()
    path = ""
    for level, value in (
        ("stage", "junior"),
        ("subject", "物理"),
        ("edition", "人教版"),
        ("grade", "八年级"),
        ("volume", "下册"),
        ("section", "第十章"),
    ):
        found = await reader.call("GET", f"/api/library/tree?q=fl{path}")
        node = {"value": value, "count": 1}
        assert found == {"level": level, "nodes": [node], "capped": False}
        path += f"&{level}={value}"
    end = await reader.call("GET", f"/api/library/tree?q=fl{path}")
    assert (end["level"], end["nodes"]) == (None, [])
    assert await at.seen_by(reader, f"?q=fl{path}") == [at.resource_id]
    for other in ("&q=别的", "&school=别的"):
        nodes = (await reader.call("GET", f"/api/library/tree?stage=junior{other}"))["nodes"]
        assert nodes == []
    await at.withdraw()
    assert (await reader.call("GET", "/api/library/tree"))["nodes"] == []


async def test_a_hit_says_why_and_only_published_words_are_found(at: Stage) -> None:
    await at.published()
    reader = at.world.client()
    listed = await reader.call("GET", "/api/library?q=shiyan")
    assert listed["resources"] == []  # key words are found by their letters only
    (hit,) = (await reader.call("GET", "/api/library?q=fldm"))["resources"]
    assert [(one["field"], one["aloud"]) for one in hit["matches"]] == [("title", True)]
    for query in ("实验", "阿基米德", "中心小学", "shanlaoshi", "第十章 物理"):
        assert await at.seen_by(reader, f"?q={query}") == [at.resource_id], query
    await at.teacher.call("POST", f"{at.path}/versions")
    await at.save(title="秘而不宣")
    assert await at.seen_by(reader, "?q=秘而不宣") == []
    assert await problem(reader.call("GET", "/api/library?q=fl&before=x")) == (400, "bad_cursor")
    assert await problem(reader.call("GET", "/api/library?limit=0")) == (422, "invalid")


async def test_who_must_change_the_password_is_a_guest(at: Stage) -> None:
    await at.published("signed_in")
    jar = aiohttp.CookieJar(unsafe=True)
    async with aiohttp.ClientSession(cookie_jar=jar) as http:
        jar.update_cookies({"tongke_session": "forged", "tongke_shared": "forged"})
        assert await at.seen_by(Client(at.world.base, http)) == []


async def test_the_lead_teacher_sees_the_recording_before_review_as_before(at: Stage) -> None:
    listed = await at.teacher.call("GET", "/api/recordings")
    assert [one["recording_id"] for one in listed["recordings"]] == ["recording-1"]
    assert await status_of(at.teacher, "/media/recordings/recording-1/r.webm") == 200
    await at.published("private")
    assert await status_of(at.teacher, "/media/recordings/recording-1/r.webm") == 200
    assert OURS.mark

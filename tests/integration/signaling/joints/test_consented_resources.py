"""Consent and library: who did not agree is not published, and a withdrawal takes it off."""

from collections.abc import AsyncIterator, Collection, Iterable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from signaling.access.roles import Role
from signaling.audit.actions import AuditAction
from signaling.consent.tables import ConsentRow
from signaling.consent.wire import Consent, ConsentWithdraw, WithdrawalReason
from signaling.joints import consented_resources
from signaling.library.publishing.wire import PublicationSet, ResourcePublish
from signaling.library.tables import ResourceRow
from signaling.library.versions.checks import OpenGate
from signaling.library.versions.wire import ShareScope
from signaling.library.wire import ResourceState
from tests.integration.signaling.library.resource_acts import HERE, Stage, problem, stage
from tests.integration.signaling.stores import on_both_stores
from tests.support.consents import recorded
from tests.support.resources import room_source, shelve
from tests.support.server import ProblemError
from tests.support.two_counties import OURS

ROOM, CAMERA = room_source(HERE.room), "lead.camera"
HIDDEN = {"hidden_sources": [ROOM], "hidden_pictures": [CAMERA]}

pytestmark = on_both_stores


@pytest.fixture
async def at(tmp_path: Path, store: dict[str, str]) -> AsyncIterator[Stage]:
    async with stage(tmp_path, consented=False, **store) as made:
        yield made


async def _withdraw(at: Stage, consent: Consent) -> None:
    """A guardian takes the class's consent back."""
    admin = await at.world.actor(OURS.person(Role.COUNTY_ADMIN))
    today = at.clock.now().date()
    wish = ConsentWithdraw(consent.version, today, WithdrawalReason.GUARDIAN)
    await at.world.services.consents.desk.withdraw(admin, consent.consent_id, wish)


async def _withdraw_unheard(at: Stage, consent: Consent, patch: pytest.MonkeyPatch) -> None:
    """The same, but the process dies between the commit and the event."""

    async def lost(_events: Iterable[object]) -> None:
        pass

    with patch.context() as context:
        context.setattr(at.world.services.events, "publish", lost)
        await _withdraw(at, consent)


async def _state(at: Stage) -> tuple[str, str | None]:
    detail = await at.detail()
    return detail["summary"]["state"], detail["withdrawn_reason"]


def _lacking(findings: Iterable[dict[str, Any]]) -> dict[str, str]:
    return {one["source_id"]: one["name"] for one in findings if one["code"] == "consent_missing"}


async def test_without_consent_it_is_told_and_nothing_is_published_unless_hidden(
    at: Stage,
) -> None:
    await at.save()
    await at.submit()
    assert _lacking((await at.detail())["findings"]).keys() == {ROOM, CAMERA}
    (queued,) = (await at.school_admin.call("GET", "/api/reviews"))["entries"]
    assert _lacking(queued["findings"])[ROOM] == f"{HERE.school} {HERE.room}"
    await at.pass_()
    with pytest.raises(ProblemError) as refused:
        await at.publish("county")
    assert (refused.value.status, refused.value.code) == (409, "consent_missing")
    assert refused.value.facts == {"sources": f"{CAMERA} {ROOM}"}
    (audited,) = await at.world.services.audit.entries(AuditAction.RESOURCE_REFUSED)
    assert "consent_missing" in audited.detail
    await at.reject()
    await at.published("public", edits=HIDDEN)
    assert await at.seen_by(at.world.client()) == [at.resource_id]


async def test_what_was_agreed_to_is_published_and_no_wider(at: Stage) -> None:
    await recorded(at.world, HERE)  # to the county
    assert await problem(at.published("signed_in")) == (409, "consent_missing")
    told = [one for one in (await at.detail())["findings"] if one["code"] == "consent_missing"]
    assert {one["source_id"]: (one["allowed"], one["picture_only"]) for one in told} == {
        ROOM: ("county", False),
        CAMERA: ("county", True),
    }
    await at.publish("county")
    wider = at.school_admin.call("PUT", f"{at.path}/publication", {"scope": "public"})
    assert await problem(wider) == (409, "consent_missing")


async def test_a_withdrawal_takes_it_off_at_once_and_is_audited(at: Stage) -> None:
    consent = await recorded(at.world, HERE)
    await at.published("county")
    await _withdraw(at, consent)
    assert await _state(at) == ("withdrawn", "consent_withdrawn")
    assert await at.seen_by(at.teacher) == []
    (audited,) = await at.world.services.audit.entries(AuditAction.RESOURCE_WITHDRAW)
    assert (audited.actor_id, audited.target) == ("system", at.resource_id)
    assert "consent_withdrawn" in audited.detail


async def test_what_hides_the_class_stays(at: Stage) -> None:
    consent = await recorded(at.world, HERE)
    await at.published("county", edits=HIDDEN)
    await _withdraw(at, consent)
    await at.world.services.consent_follower.sweep()
    assert await _state(at) == ("published", None)


async def test_a_copy_above_that_shows_a_former_version_is_taken_off(at: Stage) -> None:
    """The school has hidden the room since; the county's copy still shows it."""
    consent = await recorded(at.world, HERE)
    await at.published("county")
    body = {"from_node_id": HERE.school, "version": 1}
    path = f"{at.path}/recommendations"
    steps = (await at.school_admin.call("POST", path, body))["steps"]
    copy = f"/api/recommendations/{steps[1]['reference_id']}"
    await at.county_admin.call("POST", f"{copy}/pass", {"revision": 1})
    shown = {"revision": 2, "scope": "branch"}
    await at.county_admin.call("PUT", f"{copy}/publication", shown)
    await at.teacher.call("POST", f"{at.path}/versions")
    await at.published("county", edits=HIDDEN)
    neighbour = await at.world.sign_in(OURS.school(2).teacher)
    assert await at.seen_by(neighbour) == [at.resource_id]
    await _withdraw(at, consent)
    assert await _state(at) == ("published", None)
    entry = (await at.county_admin.call("GET", copy))["entry"]
    assert (entry["state"], entry["withdraw_reason"]) == ("withdrawn", "consent_withdrawn")
    assert await at.world.services.audit.entries(AuditAction.REFERENCE_WITHDRAW)


async def test_a_copy_is_shown_no_wider_than_was_agreed(at: Stage) -> None:
    await recorded(at.world, HERE)  # to the county
    await at.published("county")
    body = {"from_node_id": HERE.school, "version": 1}
    steps = (await at.school_admin.call("POST", f"{at.path}/recommendations", body))["steps"]
    copy = f"/api/recommendations/{steps[1]['reference_id']}"
    await at.county_admin.call("POST", f"{copy}/pass", {"revision": 1})
    wide = {"revision": 2, "scope": "public"}
    publishing = at.county_admin.call("PUT", f"{copy}/publication", wide)
    assert await problem(publishing) == (409, "consent_missing")
    await at.county_admin.call("PUT", f"{copy}/publication", wide | {"scope": "branch"})


async def test_a_lost_event_is_made_good_by_the_sweep(
    at: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    consent = await recorded(at.world, HERE)
    await at.published("county")
    follower = at.world.services.consent_follower
    await follower.sweep()
    at.clock.advance(minutes=1)
    await _withdraw_unheard(at, consent, monkeypatch)
    assert await _state(at) == ("published", None)
    at.clock.advance(minutes=1)
    await follower.sweep()
    assert await _state(at) == ("withdrawn", "consent_withdrawn")


async def test_what_is_published_while_consent_is_taken_back_goes_off(
    at: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    services = at.world.services
    await _withdraw(at, await recorded(at.world, HERE))
    at.clock.advance(minutes=1)
    await services.consent_follower.sweep()
    with monkeypatch.context() as context:
        context.setattr(services.resources.checks, "gate", OpenGate())  # asked just before
        await at.published("county")
    at.clock.advance(minutes=1)
    await services.consent_follower.sweep()
    assert await _state(at) == ("withdrawn", "consent_withdrawn")


async def test_a_sweep_that_failed_is_done_again(
    at: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    consent = await recorded(at.world, HERE)
    await at.published("county")
    await _withdraw_unheard(at, consent, monkeypatch)
    at.clock.advance(minutes=10)
    services = at.world.services

    async def fails(_recordings: Collection[str]) -> None:
        raise OSError("the disk is away")

    with monkeypatch.context() as context:
        context.setattr(services.resources.publishing, "reconsider", fails)
        await services.consent_follower.sweep()
    at.clock.advance(minutes=30)
    await services.consent_follower.sweep()
    assert await _state(at) == ("withdrawn", "consent_withdrawn")


async def test_a_sweep_goes_on_where_the_last_one_stopped_until_all_were_asked(
    at: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (("_STEP", 1), ("_MOST_PAGES", 2)):
        monkeypatch.setattr(consented_resources, name, value)
    services = at.world.services
    consent = await recorded(at.world, HERE)
    await at.published("county")
    more = []
    for number in range(4):  # further lessons of the class, of which only the ids differ
        name = f"recording-{number + 2}"
        await shelve(services, name, teacher=HERE.teacher, room=HERE.room, consented=False)
        more.append(name)
    await services.consent_follower.sweep()
    await services.consent_follower.sweep()
    at.clock.advance(minutes=1)
    await _withdraw_unheard(at, consent, monkeypatch)
    asked: list[str] = []
    reconsider = services.resources.publishing.reconsider

    async def noted(recordings: Collection[str]) -> Sequence[str]:
        asked.extend(recordings)
        return await reconsider(recordings)

    monkeypatch.setattr(services.resources.publishing, "reconsider", noted)
    async with services.database.write() as session:
        await session.execute(update(ResourceRow).values(state=ResourceState.PUBLISHED))
    rounds = 0
    while len(asked) < 5 and rounds < 10:
        await services.consent_follower.sweep()
        rounds += 1
    assert sorted(asked) == ["recording-1", *more]
    assert rounds > 1  # a round is bounded
    assert await _state(at) == ("withdrawn", "consent_withdrawn")


async def test_what_ends_with_its_time_waits_for_the_sweep(at: Stage) -> None:
    await recorded(at.world, HERE)
    await at.published("county")
    services = at.world.services
    at.clock.advance(days=801)
    await services.consents.desk.tell_over()
    assert await _published_here(at) == [at.resource_id]
    await services.consent_follower.sweep()
    assert await _published_here(at) == []


async def _published_here(at: Stage) -> Sequence[str]:
    query = select(ResourceRow.resource_id).where(ResourceRow.state == ResourceState.PUBLISHED)
    async with at.world.services.database.read() as session:
        return (await session.scalars(query)).all()


async def test_a_reviewer_is_told_when_a_room_without_consent_may_be_heard(at: Stage) -> None:
    await at.save(HIDDEN)
    await at.submit()
    (spill,) = _spills(await at.detail(at.school_admin))
    assert (spill["name"], spill["weight"]) == (f"{HERE.school} {HERE.room}", "warning")
    assert spill["spans"] == [{"start_s": 60.0, "end_s": 120.0}]
    await at.reject()
    await at.save({"hidden_sources": [ROOM, CAMERA]})  # no microphone of the teacher's is left
    assert _spills(await at.detail()) == []


async def test_what_a_class_agreed_to_does_not_spill(at: Stage) -> None:
    await at.save()
    services = at.world.services
    await recorded(at.world, HERE)
    async with services.database.write() as session:
        await session.execute(update(ConsentRow).values(purposes="live,record,show_public"))
    assert _spills(await at.detail()) == []


def _spills(detail: dict[str, Any]) -> list[dict[str, Any]]:
    return [one for one in detail["findings"] if one["code"] == "voice_spill"]


async def test_consent_is_asked_within_the_transaction_that_publishes(
    at: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On SQLite a second connection might wait for the writer, which waits for it."""
    await recorded(at.world, HERE)
    services = at.world.services
    await at.save()
    await at.submit()
    await at.pass_()
    gate, given = services.consent_gate, []
    missing = gate.missing

    async def noted(*args: Any, within: Any = None) -> Any:
        given.append(within is not None and within.in_transaction())
        with monkeypatch.context() as context:
            context.setattr(services.database, "read", _no_other)
            context.setattr(services.recorder, "entries_of", _no_other)
            return await missing(*args, within=within)

    with monkeypatch.context() as context:
        context.setattr(gate, "missing", noted)
        admin = await at.world.actor(HERE.person(Role.RESOURCE_ADMIN))
        wish = ResourcePublish(version=1, scope=ShareScope.COUNTY)
        await services.resources.publishing.publish(admin, at.resource_id, wish)
        sharing = PublicationSet(scope=ShareScope.SCHOOL)
        await services.resources.publishing.share(admin, at.resource_id, sharing)
    assert given == [True, True]


def _no_other(*_: object) -> Any:
    raise AssertionError("a second connection")


async def test_what_was_published_anew_without_the_class_meanwhile_stays(
    at: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A version that hides the class replaces the one that was judged, just before the deed."""
    services = at.world.services
    consent = await recorded(at.world, HERE)
    await at.published("county")
    await _withdraw_unheard(at, consent, monkeypatch)
    publishing, audit = services.resources.publishing, services.audit
    opened = audit.work
    hiding = False

    def slow(actor: Any, action: Any, *more: Any) -> Any:
        @asynccontextmanager
        async def work() -> AsyncIterator[Any]:
            nonlocal hiding
            if action == AuditAction.RESOURCE_WITHDRAW and not hiding:
                hiding = True
                await at.teacher.call("POST", f"{at.path}/versions")
                await at.published("county", edits=HIDDEN)
            async with opened(actor, action, *more) as made:
                yield made

        return work()

    with monkeypatch.context() as context:
        context.setattr(audit, "work", slow)
        assert await publishing.reconsider(["recording-1"]) == []
    assert hiding
    assert await _state(at) == ("published", None)

"""Logins, 课程码 and device tokens in the services: what guessing and time do to them."""

import asyncio
from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy import select

from signaling.access.secret_file import load_keyring, load_secret, rotate
from signaling.base.columns import Base
from signaling.base.errors import (
    BadCredentials,
    NotFound,
    NotSignedIn,
    TooManyRequests,
)
from signaling.command import seed
from signaling.identity.login_throttle import PER_ACCOUNT, PER_ADDRESS_CODES, Caller
from signaling.identity.tables import DeviceTokenRow
from signaling.identity.wire import LoginRequest
from tests.support.services import ADMIN, ManualClock, lead_teacher, new_lesson, running_services

HERE = Caller("192.0.2.1")
ELSEWHERE = Caller("192.0.2.9")


async def test_a_closed_account_and_an_old_session_are_out_at_once(tmp_path: Path) -> None:
    clock = ManualClock()
    async with running_services(tmp_path, clock, session_hours=1) as services:
        login = LoginRequest("wang", seed.DEMO_PASSWORD)
        session = await services.identity.login(login, HERE)
        assert (await services.identity.signed_in(session.cookie)).actor.name == "王老师"
        clock.advance(hours=1)
        with pytest.raises(NotSignedIn):
            await services.identity.signed_in(session.cookie)
        fresh = await services.identity.login(login, HERE)
        async with services.database.write() as transaction:
            people = Base.metadata.tables["people"]
            await transaction.execute(
                people.update().where(people.c.login == "wang").values(active=False)
            )
        with pytest.raises(NotSignedIn):
            await services.identity.signed_in(fresh.cookie)
        with pytest.raises(BadCredentials):
            await services.identity.login(login, HERE)


async def test_guessing_join_codes_from_many_addresses_is_stopped(tmp_path: Path) -> None:
    clock = ManualClock()
    async with running_services(tmp_path, clock) as services:
        refused = 0
        for guess in range(620):
            try:
                await services.terminals.lookup(f"{guess:08d}", Caller(f"address {guess}"))
            except TooManyRequests:
                refused += 1
            except Exception as error:
                assert type(error).__name__ == "NotFound"
        assert refused == 20
        clock.advance(minutes=6)
        lesson_id = await new_lesson(services)
        record = await services.lesson_store.lesson(lesson_id)
        assert record is not None
        found = await services.terminals.lookup(record.join_code, HERE)
        assert len(found.rooms) == 2


async def test_guesses_at_once_are_no_more_than_one_after_the_other(tmp_path: Path) -> None:
    async with running_services(tmp_path) as services:
        tries = [LoginRequest("wang", f"guess {number}") for number in range(12)]
        answers = await asyncio.gather(
            *(services.identity.login(one, HERE) for one in tries),
            return_exceptions=True,
        )
        kinds = Counter(type(answer) for answer in answers)
        assert kinds == {BadCredentials: PER_ACCOUNT.max_failures, TooManyRequests: 7}
        guesses = [services.terminals.lookup(f"{number:08d}", ELSEWHERE) for number in range(30)]
        answers = await asyncio.gather(*guesses, return_exceptions=True)
        kinds = Counter(type(answer) for answer in answers)
        assert kinds == {NotFound: PER_ADDRESS_CODES.max_failures, TooManyRequests: 10}


async def test_the_code_of_a_lesson_never_held_ends(tmp_path: Path) -> None:
    clock = ManualClock()
    async with running_services(tmp_path, clock) as services:
        record = await services.lesson_store.lesson(await new_lesson(services))
        held = await services.lesson_store.lesson(await new_lesson(services, hours=1))
        assert record is not None
        assert held is not None
        await services.lessons.start(await lead_teacher(services), held.lesson_id)
        clock.advance(hours=12)
        await services.terminals.lookup(record.join_code, HERE)
        clock.advance(hours=1)
        with pytest.raises(NotFound):
            await services.terminals.lookup(record.join_code, HERE)
        clock.advance(hours=24)
        await services.terminals.lookup(held.join_code, HERE)  # live, however late


async def test_a_device_token_is_exchanged_in_time_and_no_terminal_is_lost_by_it(
    tmp_path: Path,
) -> None:
    clock = ManualClock()
    async with running_services(tmp_path, clock) as services:
        identity = services.terminals
        old = await identity.issue_device(ADMIN, "shanquan1")
        clock.advance(days=29)
        assert (await identity.resume(old, HERE)).device_token is None
        clock.advance(days=1)
        lost = (await identity.resume(old, HERE)).device_token
        assert lost is not None
        fresh = (await identity.resume(old, HERE)).device_token  # the answer got lost
        assert fresh is not None
        with pytest.raises(BadCredentials):
            await identity.resume(lost, HERE)
        assert (await identity.resume(fresh, HERE)).signed_in.actor.room_id == "shanquan1"
        with pytest.raises(BadCredentials):  # a copy of the old one
            await identity.resume(old, HERE)
        await identity.resume(fresh, HERE)


async def test_a_device_token_that_nobody_uses_ends(tmp_path: Path) -> None:
    clock = ManualClock()
    async with running_services(tmp_path, clock, device_cookie_days=100) as services:
        used = await services.terminals.issue_device(ADMIN, "shanquan1")
        unused = await services.terminals.issue_device(ADMIN, "shanquan1")
        clock.advance(days=99)
        await services.terminals.resume(used, HERE)
        clock.advance(days=2)
        await services.terminals.resume(used, HERE)
        with pytest.raises(BadCredentials):
            await services.terminals.resume(unused, HERE)
        await services.identity.forget_expired()
        async with services.database.read() as session:
            assert len((await session.scalars(select(DeviceTokenRow))).all()) == 2  # and its fresh


async def test_logins_and_failed_ones_are_in_the_audit_log(tmp_path: Path) -> None:
    async with running_services(tmp_path) as services:
        await services.identity.login(LoginRequest("jiaoyan", seed.DEMO_PASSWORD), ELSEWHERE)
        (entry,) = await services.audit.entries("login")
        assert (entry.actor_name, entry.remote) == ("陈教研", "192.0.2.9")
        with pytest.raises(BadCredentials):
            await services.identity.login(LoginRequest("jiaoyan", "wrong"), ELSEWHERE)
        assert len(await services.audit.entries("login_failed")) == 1


async def test_a_new_secret_signs_and_the_old_one_verifies_until_its_time(tmp_path: Path) -> None:
    clock = ManualClock()
    right = LoginRequest("wang", seed.DEMO_PASSWORD)
    async with running_services(tmp_path, clock) as services:
        before = (await services.identity.login(right, HERE)).cookie
        device = await services.terminals.issue_device(ADMIN, "shanquan1")
    rotate(tmp_path, clock.now().timestamp(), keep_s=3600)
    assert load_secret(tmp_path) != load_keyring(tmp_path, 0)._older[0][0]
    async with running_services(tmp_path, clock) as services:
        old = await services.identity.signed_in(before)
        services.identity.demand_csrf(old, (await services.identity.identity(old)).csrf_token)
        after = (await services.identity.login(right, HERE)).cookie
        clock.advance(seconds=3601)
        await services.identity.forget_expired()
        with pytest.raises(NotSignedIn):
            await services.identity.signed_in(before)
        await services.identity.signed_in(after)
        await services.terminals.resume(device, HERE)  # tokens of terminals are not signed
    rotate(tmp_path, clock.now().timestamp(), keep_s=0)
    assert load_keyring(tmp_path, 0)._older == ()
    async with running_services(tmp_path, clock) as services:
        with pytest.raises(NotSignedIn):
            await services.identity.signed_in(after)

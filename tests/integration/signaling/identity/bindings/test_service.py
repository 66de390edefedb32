"""Terminals are bound by one-time codes in either direction, listed, and unbound."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from signaling.access.roles import Role
from signaling.base.errors import TooManyRequests
from signaling.identity.bindings.store import MAX_ASKING_PER_ADDRESS
from signaling.identity.login_throttle import ASKS, PER_ADDRESS_CODES, Caller
from tests.support.server import Client, ProblemError
from tests.support.services import ManualClock
from tests.support.two_counties import OURS, THEIRS, World, two_counties

HERE = OURS.school(1)
ROOM = f"/api/rooms/{HERE.room}/terminals"


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
async def world(tmp_path: Path, clock: ManualClock) -> AsyncIterator[World]:
    async with two_counties(tmp_path, clock) as made:
        yield made


@pytest.fixture
async def admin(world: World) -> Client:
    return await world.sign_in(OURS.person(Role.COUNTY_ADMIN))


async def refusal(call: Any) -> tuple[int, str, str | None]:
    with pytest.raises(ProblemError) as refused:
        await call
    return refused.value.status, str(refused.value.code), refused.value.field


async def redeem(client: Client, code: str) -> dict[str, Any]:
    client.identity = await client.call("POST", "/api/terminal/redeem", {"code": code})
    return client.identity


async def test_a_rooms_code_binds_one_terminal(world: World, admin: Client) -> None:
    first = await admin.call("POST", f"{ROOM}/code")
    made = await admin.call("POST", f"{ROOM}/code")
    assert made["url"] == f"{world.base}/classroom#bind={made['code'].replace('-', '')}"
    void = redeem(world.client(), first["code"])
    assert await refusal(void) == (404, "unknown_code", "code")
    kiosk = world.client()
    identity = await redeem(kiosk, made["code"].lower())
    assert identity["room"]["room_id"] == HERE.room
    assert (await refusal(redeem(world.client(), made["code"])))[0] == 404
    kiosk.identity = await kiosk.call("POST", "/api/terminal/resume")
    bound = [one for one in (await admin.call("GET", ROOM))["terminals"] if one["bound_by"]]
    (terminal,) = bound
    assert (terminal["bound_by"], terminal["remote"]) == (
        OURS.person(Role.COUNTY_ADMIN),
        "127.0.0.1",
    )
    await admin.call("DELETE", f"{ROOM}/{terminal['terminal_id']}")
    assert (await refusal(kiosk.call("GET", "/api/me")))[0] == 401
    assert (await refusal(kiosk.call("POST", "/api/terminal/resume")))[0] == 401


async def test_a_terminal_shows_a_code_and_an_admin_confirms_it(
    world: World, admin: Client
) -> None:
    kiosk = world.client()
    asked = await kiosk.call("POST", "/api/terminal/ask")
    secret = {"secret": asked["secret"]}
    assert await kiosk.call("POST", "/api/terminal/claim", secret) is None
    shown = await admin.call("POST", "/api/terminal/asking", {"code": asked["code"]})
    assert (shown["code"], shown["remote"]) == (asked["code"], "127.0.0.1")
    far = await world.sign_in(THEIRS.person(Role.COUNTY_ADMIN))
    code = {"code": asked["code"]}
    assert (await refusal(far.call("POST", ROOM, code)))[:2] == (404, "unknown_room")
    # Neither is it a room's code, nor does anybody redeem it before an admin confirms.
    assert (await refusal(redeem(world.client(), asked["code"])))[0] == 404
    await admin.call("POST", ROOM, code)
    again = admin.call("POST", f"/api/rooms/{OURS.school(2).room}/terminals", code)
    assert await refusal(again) == (422, "unknown_code", "code")
    kiosk.identity = await kiosk.call("POST", "/api/terminal/claim", secret)
    assert kiosk.identity["room"]["room_id"] == HERE.room
    claim = world.client().call("POST", "/api/terminal/claim", secret)
    assert (await refusal(claim))[0] == 404
    actions = [entry.action for entry in await world.services.audit.entries()]
    assert [actions.count(one) for one in ("terminal_confirm", "terminal_bind")] == [1, 1]


async def test_codes_are_good_for_ten_minutes(
    world: World, admin: Client, clock: ManualClock
) -> None:
    made = await admin.call("POST", f"{ROOM}/code")
    asked = await world.client().call("POST", "/api/terminal/ask")
    clock.advance(minutes=10)
    assert (await refusal(redeem(world.client(), made["code"])))[:2] == (410, "code_expired")
    claim = world.client().call("POST", "/api/terminal/claim", {"secret": asked["secret"]})
    assert (await refusal(claim))[:2] == (410, "code_expired")
    confirm = admin.call("POST", ROOM, {"code": asked["code"]})
    assert (await refusal(confirm))[:2] == (422, "unknown_code")
    await world.services.identity_desk.forget_expired()
    assert (await refusal(redeem(world.client(), made["code"])))[:2] == (404, "unknown_code")


async def test_few_terminals_ask_from_one_address_at_once(world: World) -> None:
    kiosk = world.client()
    for _ in range(MAX_ASKING_PER_ADDRESS):
        await kiosk.call("POST", "/api/terminal/ask")
    assert (await refusal(kiosk.call("POST", "/api/terminal/ask")))[:2] == (503, "busy")


async def test_a_network_of_many_addresses_takes_no_more_codes_than_one(world: World) -> None:
    bindings = world.services.identity_desk.bindings
    origin = "2001:db8::/64"
    for host in range(int(ASKS.burst)):
        await bindings.ask(Caller(f"2001:db8::{host:x}", origin), world.base)
    with pytest.raises(TooManyRequests):
        await bindings.ask(Caller("2001:db8::ffff", origin), world.base)
    await bindings.ask(Caller("192.0.2.1"), world.base)  # others still do


async def test_a_room_that_is_shut_out_has_no_codes_that_let_in_again(
    world: World, admin: Client
) -> None:
    kiosk = world.client()
    asked = await kiosk.call("POST", "/api/terminal/ask")
    await admin.call("POST", ROOM, {"code": asked["code"]})
    made = await admin.call("POST", f"{ROOM}/code")
    await admin.call("DELETE", f"/api/rooms/{HERE.room}/device-tokens")
    assert (await refusal(redeem(world.client(), made["code"])))[0] == 404
    claim = kiosk.call("POST", "/api/terminal/claim", {"secret": asked["secret"]})
    assert (await refusal(claim))[0] == 404


async def test_of_many_guesses_at_once_no_more_are_answered(world: World) -> None:
    kiosk = world.client()
    guesses = (refusal(redeem(kiosk, f"{n:08d}")) for n in range(60))
    statuses = [status for status, _, _ in await asyncio.gather(*guesses)]
    assert statuses.count(404) <= PER_ADDRESS_CODES.max_failures


async def test_codes_of_terminals_cannot_be_guessed(world: World, admin: Client) -> None:
    kiosk = world.client()
    statuses = [(await refusal(redeem(kiosk, f"{n:08d}")))[0] for n in range(21)]
    assert statuses == [404] * 20 + [429]
    made = await admin.call("POST", f"{ROOM}/code")
    assert (await refusal(redeem(kiosk, made["code"])))[0] == 429


async def test_rooms_come_with_their_terminals_in_the_own_branch(
    world: World, admin: Client
) -> None:
    await world.terminal(HERE.room)
    found = await admin.call("GET", "/api/terminals")
    shown = [(one["room"]["room_id"], one["terminals"]) for one in found["rooms"]]
    assert shown == [(HERE.room, 2), (OURS.school(2).room, 1)]
    after = await admin.call("GET", f"/api/terminals?after={HERE.room}")
    assert [one["room"]["room_id"] for one in after["rooms"]] == [OURS.school(2).room]
    foreign = admin.call("GET", f"/api/terminals?after={THEIRS.school(1).room}")
    assert (await refusal(foreign))[:2] == (422, "bad_cursor")

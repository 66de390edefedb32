"""Nobody is put out of a lesson or locked out of his account by what strangers do."""

import itertools
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from signaling.base.errors import (
    BadCredentials,
    NotFound,
    NotSignedIn,
    TooManyDevices,
    TooManyLogins,
    TooManyRequests,
)
from signaling.classroom import wire as m
from signaling.classroom.channel import Channel
from signaling.command import seed
from signaling.identity.login_throttle import (
    ACCOUNT_EVERYWHERE,
    ALL_CODES,
    PER_ACCOUNT,
    Caller,
)
from signaling.identity.service import NewSession
from signaling.identity.store import MAX_DEVICES, MAX_PERSON_SESSIONS, DeviceOrigin
from signaling.identity.wire import LoginRequest, TerminalLogin
from signaling.lessons.members import member_of
from signaling.media.sessions import MediaSession
from signaling.media.tokens import MediaAction, MediaGrant
from signaling.wiring import Services
from tests.support.services import ADMIN, ManualClock, new_lesson, running_services

HERE, ELSEWHERE = Caller("192.0.2.1"), Caller("198.51.100.7")
ROOM = seed.RECEIVE_ROOMS[0]
RIGHT = LoginRequest("xianguan", seed.DEMO_PASSWORD)
WRONG = LoginRequest("xianguan", "wrong password")


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
async def services(tmp_path: Path, clock: ManualClock) -> AsyncIterator[Services]:
    async with running_services(tmp_path, clock) as running:
        yield running


async def _lesson(services: Services) -> tuple[str, str]:
    """A lesson of now: its id and its 课程码."""
    lesson_id = await new_lesson(services, rooms=(ROOM,))
    record = await services.lesson_store.lesson(lesson_id)
    assert record is not None
    return lesson_id, record.join_code


def _code(code: str, *, remember: bool = True) -> TerminalLogin:
    return TerminalLogin(join_code=code, room_id=ROOM, remember=remember)


async def _enter(services: Services, session: NewSession, lesson_id: str) -> Channel:
    """The control channel of a login, without a socket."""
    subject = session.signed_in.actor
    seat, room = await services.classroom.entry.enter(subject, lesson_id)
    channel = Channel(seat, services.clock.monotonic(), session.signed_in.session_hash)
    room.attach(channel, member_of(seat, None), m.Hello())
    return channel


async def test_logins_by_code_neither_take_a_terminals_token_nor_cut_its_lesson(
    services: Services, clock: ManualClock
) -> None:
    lesson_id, code = await _lesson(services)
    terminal = await services.terminals.terminal_login(_code(code), HERE)
    assert terminal.device_token is not None
    channel = await _enter(services, terminal, lesson_id)
    refused = 0
    for _ in range(80):
        clock.advance(seconds=1)
        try:
            await services.terminals.terminal_login(_code(code), ELSEWHERE)
        except TooManyDevices as error:
            assert error.field == "remember"
            refused += 1
    assert refused == 80 - MAX_DEVICES[DeviceOrigin.REMEMBERED] + 1
    await services.classroom.session_watch.sweep()
    assert channel.bye is None
    assert (await services.identity.signed_in(terminal.cookie)).actor.room_id == ROOM
    await services.terminals.resume(terminal.device_token, HERE)
    # Whoever is refused to be remembered can still be let in.
    await services.terminals.terminal_login(_code(code, remember=False), ELSEWHERE)


async def test_a_terminal_without_a_token_stays_in_its_lesson_too(
    services: Services, clock: ManualClock
) -> None:
    lesson_id, code = await _lesson(services)
    terminal = await services.terminals.terminal_login(_code(code, remember=False), HERE)
    channel = await _enter(services, terminal, lesson_id)
    for _ in range(80):
        clock.advance(seconds=1)
        await services.terminals.terminal_login(_code(code, remember=False), ELSEWHERE)
    await services.classroom.session_watch.sweep()
    assert channel.bye is None
    # Logins that are looked at every so often are in use, as well.
    idle = [
        await services.terminals.terminal_login(_code(code, remember=False), HERE)
        for _ in range(40)
    ]
    with pytest.raises(NotSignedIn):
        await services.identity.signed_in(idle[0].cookie)
    for login in idle[9:]:
        await services.identity.signed_in(login.cookie)
    with pytest.raises(TooManyLogins):
        await services.terminals.terminal_login(_code(code, remember=False), ELSEWHERE)
    clock.advance(minutes=31)
    await services.terminals.terminal_login(_code(code, remember=False), ELSEWHERE)


async def test_a_teachers_many_logins_do_not_cut_what_he_publishes(
    services: Services, clock: ManualClock
) -> None:
    login = LoginRequest("wang", seed.DEMO_PASSWORD)
    first = await services.identity.login(login, HERE)
    grant = MediaGrant(
        "l1",
        "lead",
        MediaAction.PUBLISH,
        "lead.camera",
        False,
        2**40,
        "n",
        first.signed_in.session_hash,
    )
    services.media_sessions.add(MediaSession("s1", grant, "f"))
    cookies = []
    for _ in range(MAX_PERSON_SESSIONS + 2):
        clock.advance(seconds=1)
        cookies.append((await services.identity.login(login, HERE)).cookie)
    await services.identity.signed_in(first.cookie)
    with pytest.raises(NotSignedIn):  # the one used longest ago went
        await services.identity.signed_in(cookies[0])
    await services.identity.signed_in(cookies[-1])


async def test_tokens_of_one_kind_do_not_displace_those_of_another(
    services: Services, clock: ManualClock
) -> None:
    issued = [
        await services.terminals.issue_device(ADMIN, ROOM)
        for _ in range(MAX_DEVICES[DeviceOrigin.ISSUED])
    ]
    with pytest.raises(TooManyDevices):
        await services.terminals.issue_device(ADMIN, ROOM)
    _, code = await _lesson(services)
    remembered = (await services.terminals.terminal_login(_code(code), HERE)).device_token
    assert remembered is not None
    for _ in range(MAX_DEVICES[DeviceOrigin.REMEMBERED] - 1):
        await services.terminals.terminal_login(_code(code), ELSEWHERE)
    clock.advance(days=10)
    await services.terminals.resume(remembered, HERE)
    clock.advance(days=5)
    _, code = await _lesson(services)
    await services.terminals.terminal_login(_code(code), HERE)  # one that nobody used went
    await services.terminals.resume(remembered, HERE)
    for token in issued:
        await services.terminals.resume(token, HERE)


async def test_the_right_password_gets_in_from_elsewhere_and_from_a_known_browser(
    services: Services, clock: ManualClock
) -> None:
    at_home = await services.identity.login(RIGHT, HERE)
    for _ in range(PER_ACCOUNT.max_failures):
        with pytest.raises(BadCredentials):
            await services.identity.login(WRONG, HERE)
    with pytest.raises(TooManyRequests) as refused:
        await services.identity.login(RIGHT, HERE)
    assert refused.value.retry_after_s >= 300
    await services.identity.login(RIGHT, ELSEWHERE)
    await services.identity.login(RIGHT, Caller(HERE.remote, known=at_home.known))
    clock.advance(seconds=301)
    for _ in range(PER_ACCOUNT.max_failures):
        with pytest.raises(BadCredentials):
            await services.identity.login(WRONG, HERE)
    with pytest.raises(TooManyRequests) as refused:
        await services.identity.login(RIGHT, HERE)
    assert refused.value.retry_after_s == 600  # it grows


async def test_a_known_browser_is_counted_too_and_only_for_its_own_account(
    services: Services,
) -> None:
    known = (await services.identity.login(RIGHT, HERE)).known
    for _ in range(PER_ACCOUNT.max_failures):
        with pytest.raises(BadCredentials):
            await services.identity.login(WRONG, Caller(HERE.remote, known=known))
    with pytest.raises(TooManyRequests):
        await services.identity.login(RIGHT, Caller(ELSEWHERE.remote, known=known))
    for _ in range(PER_ACCOUNT.max_failures):
        with pytest.raises(BadCredentials):
            await services.identity.login(LoginRequest("wang", "x"), Caller("h", known=known))
    with pytest.raises(TooManyRequests):  # as any stranger
        await services.identity.login(LoginRequest("wang", "x"), Caller("h", known=known))
    forged = known[:-4] + "AAAA"
    with pytest.raises(BadCredentials):
        await services.identity.login(WRONG, Caller(HERE.remote, known=forged))


async def test_guesses_from_everywhere_stop_strangers_alone(services: Services) -> None:
    known = (await services.identity.login(RIGHT, HERE)).known
    addresses = (Caller(f"203.0.113.{number // 4}") for number in itertools.count())
    for _ in range(ACCOUNT_EVERYWHERE.max_failures):
        with pytest.raises(BadCredentials):
            await services.identity.login(WRONG, next(addresses))
    with pytest.raises(TooManyRequests):
        await services.identity.login(RIGHT, ELSEWHERE)
    await services.identity.login(RIGHT, Caller(HERE.remote, known=known))


async def test_31_addresses_do_not_lock_a_known_classroom(services: Services) -> None:
    _, code = await _lesson(services)
    terminal = await services.terminals.terminal_login(_code(code), HERE)
    for guess in range(ALL_CODES.max_failures):
        with pytest.raises(NotFound):
            await services.terminals.lookup(f"{guess:08d}", Caller(f"198.51.100.{guess % 31}"))
    with pytest.raises(TooManyRequests):
        await services.terminals.lookup(code, ELSEWHERE)
    await services.terminals.lookup(code, Caller(HERE.remote, known=terminal.known))
    await services.terminals.lookup(code, Caller(HERE.remote, device=terminal.device_token))
    assert terminal.device_token is not None
    await services.terminals.resume(terminal.device_token, ELSEWHERE)
    by_token = TerminalLogin(device_token=terminal.device_token)
    await services.terminals.terminal_login(by_token, ELSEWHERE)


async def test_a_known_classroom_does_not_guess_for_ever(services: Services) -> None:
    _, code = await _lesson(services)
    known = (await services.terminals.terminal_login(_code(code), HERE)).known
    for guess in range(20):
        with pytest.raises(NotFound):
            await services.terminals.lookup(f"{guess:08d}", Caller(f"h{guess}", known=known))
    again = (await services.terminals.terminal_login(_code(code), HERE)).known
    for cookie in (known, again):  # another such browser of the same room gets no more
        with pytest.raises(TooManyRequests):
            await services.terminals.lookup("00000000", Caller("h", known=cookie))

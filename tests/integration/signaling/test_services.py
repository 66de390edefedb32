"""The services in this process: what time and failure do to lessons, sessions and rooms."""

import asyncio
import json
import sqlite3
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from recorder.api import StorageUnavailable
from signaling import seed
from signaling.channel import Channel
from signaling.core import messages as m
from signaling.core.calendar import days
from signaling.core.lesson_state import OPEN_STATES
from signaling.core.permissions import Subject, seat_of
from signaling.core.resources import ClassKind, LessonCreate, LessonState, LoginRequest, Role
from signaling.core.tokens import Keyring, fingerprint, open_media
from signaling.db import lesson_store
from signaling.db.audit_log import SYSTEM
from signaling.db.lesson_store import LessonChange
from signaling.db.tables import Base, DeviceTokenRow
from signaling.errors import (
    BadCredentials,
    BadToken,
    Clash,
    Forbidden,
    Invalid,
    NotFound,
    NotSignedIn,
    TooManyRequests,
)
from signaling.hub import IDLE_ROOM_S, member_of
from signaling.login_throttle import PER_ACCOUNT, PER_ADDRESS_CODES, Caller
from signaling.media_sessions import MediaSession
from signaling.secret_file import load_keyring, load_secret, rotate
from signaling.services import Services
from tests.support.services import ManualClock, running_services

HERE, ELSEWHERE = Caller("192.0.2.1"), Caller("192.0.2.9")


async def _held(
    services: Services, clock: ManualClock, set_by_h: float
) -> tuple[datetime, datetime]:
    """A lesson of 40 minutes during which somebody sets the machine's clock."""
    teacher = await _teacher(services)
    lesson_id = await _lesson(services)
    await services.lessons.start(teacher, lesson_id)
    clock.advance(minutes=10)
    clock.set(hours=set_by_h)
    clock.advance(minutes=30)
    record = await services.lessons.end(teacher, lesson_id)
    assert record.held_from is not None and record.held_to is not None
    return record.held_from, record.held_to


@pytest.mark.parametrize("set_by_h", [3.0, -3.0])
async def test_a_lesson_lasts_as_long_as_it_did_though_the_clock_was_set(
    tmp_path: Path, set_by_h: float
) -> None:
    clock = ManualClock()
    async with running_services(tmp_path, clock) as services:
        held_from, held_to = await _held(services, clock, set_by_h)
    assert held_to - held_from == timedelta(minutes=40)
    assert held_to == clock.now()  # the clock is right now


async def test_a_lesson_begins_when_it_starts_and_not_when_somebody_tried(tmp_path: Path) -> None:
    clock = ManualClock()
    async with running_services(tmp_path, clock) as services:
        teacher, lesson_id = await _teacher(services), await _lesson(services, hours=1)
        room = seed.RECEIVE_ROOMS[0]
        stranger = Subject(room, "", frozenset({Role.RECEIVE_ROOM}), "s2", room)
        with pytest.raises(Forbidden):
            await services.lessons.start(stranger, lesson_id)
        for number in range(3):
            with pytest.raises(NotFound):
                await services.lessons.start(teacher, f"none{number}")
        clock.advance(minutes=60)
        started = await services.lessons.start(teacher, lesson_id)
        assert started.held_from == clock.now()
        assert len(services.lessons.held_times) == 1
        await services.lessons.end(teacher, lesson_id)
        assert len(services.lessons.held_times) == 0


async def _teacher(services: Services) -> Subject:
    person = await services.people.person(seed.LEAD_TEACHER)
    assert person is not None
    return person.subject


async def _lesson(services: Services, *, hours: float = 0) -> str:
    start = services.clock.now() + timedelta(hours=hours)
    wish = LessonCreate(
        "课",
        ClassKind.DEDICATED,
        "数学",
        "一年级",
        start,
        start + timedelta(minutes=40),
        seed.LEAD_TEACHER,
        seed.RECEIVE_ROOMS[:2],
        seed.LEAD_ROOM,
    )
    return (await services.lessons.create(await _teacher(services), wish)).lesson_id


async def _join(services: Services, lesson_id: str) -> Channel:
    """The teacher's channel, without a socket."""
    record, seat = await services.lessons.seat(await _teacher(services), lesson_id)
    room = await services.hub.enter(record.lesson_id)
    channel = Channel(seat, services.clock.monotonic())
    room.attach(channel, member_of(seat, None), m.Hello())
    return channel


async def test_a_forgotten_lesson_ends_by_itself_but_not_while_somebody_is_there(
    tmp_path: Path,
) -> None:
    clock = ManualClock()
    async with running_services(tmp_path, clock) as services:
        lesson_id = await _lesson(services)
        await services.lessons.start(await _teacher(services), lesson_id)
        channel = await _join(services, lesson_id)

        async def state() -> LessonState:
            await services.lessons.end_forgotten()
            return (await services.lessons.get(await _teacher(services), lesson_id)).state

        clock.advance(hours=3)
        assert await state() is LessonState.LIVE
        room = services.hub.room(lesson_id)
        assert room is not None
        room.detach(channel)
        assert await state() is LessonState.LIVE
        clock.advance(seconds=services.config.auto_end_empty_s + 1)
        assert await state() is LessonState.ENDED
        assert services.hub.rooms == ()
        assert [e.actor_name for e in await services.audit.entries("lesson_end")] == ["系统"]


async def test_a_silent_channel_is_closed_and_an_idle_room_too(tmp_path: Path) -> None:
    clock = ManualClock()
    async with running_services(tmp_path, clock) as services:
        lesson_id = await _lesson(services)
        channel = await _join(services, lesson_id)
        clock.advance(seconds=15)
        services.hub.tick()
        assert channel.bye is None
        clock.advance(seconds=1)
        services.hub.tick()
        assert channel.bye is m.ByeReason.TOO_SLOW
        room = services.hub.room(lesson_id)
        assert room is not None
        room.detach(channel)
        last_seq = room.state.seq
        clock.advance(seconds=IDLE_ROOM_S + 1)
        services.hub.tick()
        assert services.hub.room(lesson_id) is None
        again = await services.hub.enter(lesson_id)
        assert again.state.seq > last_seq


@pytest.mark.parametrize(("changes", "welcome"), [(20, "resumed"), (400, "snapshot")])
async def test_who_missed_too_much_gets_a_snapshot_and_is_not_called_slow(
    tmp_path: Path, changes: int, welcome: str
) -> None:
    async with running_services(tmp_path) as services:
        lesson_id = await _lesson(services)
        channel = await _join(services, lesson_id)
        room = services.hub.room(lesson_id)
        assert room is not None
        seen = room.state.seq
        room.detach(channel)
        for number in range(changes):
            layers = ("h", "m") if number % 2 else ("h",)
            room.state.put_source(
                m.Source("lead.camera", "lead", m.SourceKind.CAMERA, True, True, layers)
            )
        room.flush()
        again = Channel(channel.seat, services.clock.monotonic())
        hello = m.Hello(instance=services.hub.instance, seq=seen)
        room.attach(again, member_of(channel.seat, None), hello)
        assert again.bye is None
        got: list[dict[str, Any]] = []

        async def take(text: str) -> None:
            got.append(json.loads(text))

        again.close(m.ByeReason.SHUTDOWN)
        await again.pump(take)
        assert got[0]["type"] == welcome


async def test_a_disk_that_is_full_fails_the_recording_not_the_lesson(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running_services(tmp_path) as services:
        lesson_id = await _lesson(services)
        begin = services.recorder.begin

        async def full(*_arguments: Any) -> str:
            raise StorageUnavailable("no space left on device")

        monkeypatch.setattr(services.recorder, "begin", full)
        started = await services.lessons.start(await _teacher(services), lesson_id)
        assert started.state is LessonState.LIVE
        room = services.hub.room(lesson_id)
        assert room is not None
        assert room.state.recording is m.RecordingState.FAILED
        monkeypatch.setattr(services.recorder, "begin", begin)
        await services.hub.retry_recordings()
        assert room.state.recording is m.RecordingState.RECORDING
        services.hub.on_recording_trouble(lesson_id, "I/O error")
        assert room.state.recording is m.RecordingState.FAILED
        services.hub.on_recording_recovered(lesson_id)
        assert room.state.recording is m.RecordingState.RECORDING


async def test_a_recovery_is_no_recording_where_none_began(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running_services(tmp_path) as services:

        async def full(*_arguments: Any) -> str:
            raise StorageUnavailable("no space left on device")

        monkeypatch.setattr(services.recorder, "begin", full)
        lesson_id = await _lesson(services)
        await services.lessons.start(await _teacher(services), lesson_id)
        services.hub.on_recording_recovered(lesson_id)
        room = services.hub.room(lesson_id)
        assert room is not None
        assert room.state.recording is m.RecordingState.FAILED


async def test_a_failure_between_database_and_room_is_made_good(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    not_recording: list[str] = []
    async with running_services(tmp_path) as services:
        end_recording = services.recorder.end

        async def noted_end(room_id: str) -> None:
            not_recording.append(room_id)
            await end_recording(room_id)

        monkeypatch.setattr(services.recorder, "end", noted_end)
        teacher, now = await _teacher(services), services.clock.now()
        lesson_id = await _lesson(services)
        channel = await _join(services, lesson_id)
        room = services.hub.room(lesson_id)
        assert room is not None

        async def change(expected: LessonState, changed: LessonChange) -> None:
            async with services.audit.work(SYSTEM, "test") as work:
                await services.lesson_store.change(work, lesson_id, expected, changed)

        # The row was written, and then something failed before the room was told.
        await change(LessonState.SCHEDULED, LessonChange(LessonState.LIVE, held_from=now))
        assert not room.state.is_live
        await services.lessons.start(teacher, lesson_id)  # the teacher clicks again
        assert room.state.is_live
        assert room.state.recording is m.RecordingState.RECORDING
        await change(LessonState.LIVE, LessonChange(LessonState.ENDED, held_to=now))
        await services.lessons.reconcile()  # nobody clicks again
        assert channel.bye is m.ByeReason.LESSON_OVER
        assert services.hub.rooms == ()
        assert not_recording == [lesson_id]


async def test_a_database_that_fails_for_a_moment_loses_no_room_state(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running_services(tmp_path) as services:
        lesson_id = await _lesson(services)
        await services.lessons.start(await _teacher(services), lesson_id)
        channel = await _join(services, lesson_id)
        room = services.hub.room(lesson_id)
        assert room is not None
        keep = services.lesson_store.keep

        async def locked(*_arguments: Any) -> None:
            raise sqlite3.OperationalError("database is locked")

        monkeypatch.setattr(services.lesson_store, "keep", locked)
        room.command(channel, m.MuteAll(1, True))
        assert not await services.hub._keep(lesson_id)
        monkeypatch.setattr(services.lesson_store, "keep", keep)
        assert await services.hub._keep(lesson_id)
        assert (await services.lesson_store.durable(lesson_id)).muted_all is True


async def test_media_tokens_expire_but_not_for_the_session_they_opened(tmp_path: Path) -> None:
    clock = ManualClock()
    async with running_services(tmp_path, clock) as services:
        lesson_id = await _lesson(services)
        teacher = await _teacher(services)
        await services.lessons.start(teacher, lesson_id)
        record, seat = await services.lessons.seat(teacher, lesson_id)
        endpoint = services.media.access(record, seat).camera
        assert endpoint is not None
        clock.advance(seconds=services.config.media_token_s)
        with pytest.raises(BadToken):
            services.media.publish(endpoint.token, lesson_id, "lead.camera", "v=0")
        # As if it had been used in time:
        grant = open_media(Keyring(load_secret(tmp_path)), endpoint.token)
        services.media_sessions.add(MediaSession("s1", grant, fingerprint(endpoint.token)))
        with pytest.raises(NotFound):  # the relay's answer: the token was let through
            services.media.close(endpoint.token, "s1")
        other = services.media.access(record, seat).camera
        assert other is not None
        clock.advance(seconds=services.config.media_token_s)
        with pytest.raises(BadToken):
            services.media.close(other.token, "s1")


async def test_a_closed_account_and_an_old_session_are_out_at_once(tmp_path: Path) -> None:
    clock = ManualClock()
    async with running_services(tmp_path, clock, session_hours=1) as services:
        login = LoginRequest("wang", seed.DEMO_PASSWORD)
        session = await services.identity.login(login, HERE)
        assert (await services.identity.signed_in(session.cookie)).subject.name == "王老师"
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
                await services.identity.lookup(f"{guess:08d}", Caller(f"address {guess}"))
            except TooManyRequests:
                refused += 1
            except Exception as error:
                assert type(error).__name__ == "NotFound"
        assert refused == 20
        clock.advance(minutes=6)
        lesson_id = await _lesson(services)
        record = await services.lesson_store.lesson(lesson_id)
        assert record is not None
        found = await services.identity.lookup(record.join_code, HERE)
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
        guesses = [services.identity.lookup(f"{number:08d}", ELSEWHERE) for number in range(30)]
        answers = await asyncio.gather(*guesses, return_exceptions=True)
        kinds = Counter(type(answer) for answer in answers)
        assert kinds == {NotFound: PER_ADDRESS_CODES.max_failures, TooManyRequests: 10}


async def test_the_code_of_a_lesson_never_held_ends(tmp_path: Path) -> None:
    clock = ManualClock()
    async with running_services(tmp_path, clock) as services:
        record = await services.lesson_store.lesson(await _lesson(services))
        held = await services.lesson_store.lesson(await _lesson(services, hours=1))
        assert record is not None
        assert held is not None
        await services.lessons.start(await _teacher(services), held.lesson_id)
        clock.advance(hours=12)
        await services.identity.lookup(record.join_code, HERE)
        clock.advance(hours=1)
        with pytest.raises(NotFound):
            await services.identity.lookup(record.join_code, HERE)
        clock.advance(hours=24)
        await services.identity.lookup(held.join_code, HERE)  # live, however late


async def test_a_device_token_is_exchanged_in_time_and_no_terminal_is_lost_by_it(
    tmp_path: Path,
) -> None:
    clock = ManualClock()
    async with running_services(tmp_path, clock) as services:
        identity = services.identity
        old = await identity.issue_device(SYSTEM, "shanquan1")
        clock.advance(days=29)
        assert (await identity.resume(old, HERE)).device_token is None
        clock.advance(days=1)
        lost = (await identity.resume(old, HERE)).device_token
        assert lost is not None
        fresh = (await identity.resume(old, HERE)).device_token  # the answer got lost
        assert fresh is not None
        with pytest.raises(BadCredentials):
            await identity.resume(lost, HERE)
        assert (await identity.resume(fresh, HERE)).signed_in.subject.room_id == "shanquan1"
        with pytest.raises(BadCredentials):  # a copy of the old one
            await identity.resume(old, HERE)
        await identity.resume(fresh, HERE)


async def test_a_device_token_that_nobody_uses_ends(tmp_path: Path) -> None:
    clock = ManualClock()
    async with running_services(tmp_path, clock, device_cookie_days=100) as services:
        used = await services.identity.issue_device(SYSTEM, "shanquan1")
        unused = await services.identity.issue_device(SYSTEM, "shanquan1")
        clock.advance(days=99)
        await services.identity.resume(used, HERE)
        clock.advance(days=2)
        await services.identity.resume(used, HERE)
        with pytest.raises(BadCredentials):
            await services.identity.resume(unused, HERE)
        await services.identity.forget_expired()
        async with services.database.read() as session:
            assert len((await session.scalars(select(DeviceTokenRow))).all()) == 2  # and its fresh


async def test_a_login_that_ends_takes_its_channel_along_and_one_grown_old_does_not(
    tmp_path: Path,
) -> None:
    clock = ManualClock()
    async with running_services(tmp_path, clock, session_hours=1) as services:
        lesson_id = await _lesson(services)
        _, seat = await services.lessons.seat(await _teacher(services), lesson_id)
        login = LoginRequest("wang", seed.DEMO_PASSWORD)
        ours = (await services.identity.login(login, HERE)).signed_in
        room = await services.hub.enter(lesson_id)
        channel = Channel(seat, clock.monotonic(), ours.session_hash)
        room.attach(channel, member_of(seat, None), m.Hello())
        clock.advance(hours=2)
        await services.identity.forget_expired()
        await services.session_watch.sweep()
        assert channel.bye is None  # nobody is thrown out of a lesson by a date
        async with services.audit.work(SYSTEM, "account_close") as work:
            await services.people.set_active(work, seed.LEAD_TEACHER, False)
        await services.session_watch.sweep()
        assert channel.bye is m.ByeReason.FORBIDDEN


async def test_logins_and_failed_ones_are_in_the_audit_log(tmp_path: Path) -> None:
    async with running_services(tmp_path) as services:
        await services.identity.login(LoginRequest("jiaoyan", seed.DEMO_PASSWORD), ELSEWHERE)
        (entry,) = await services.audit.entries("login")
        assert (entry.actor_name, entry.remote) == ("陈教研", "192.0.2.9")
        with pytest.raises(BadCredentials):
            await services.identity.login(LoginRequest("jiaoyan", "wrong"), ELSEWHERE)
        assert len(await services.audit.entries("login_failed")) == 1


async def test_the_demo_has_a_lesson_open_at_any_time_of_any_day(tmp_path: Path) -> None:
    clock = ManualClock()
    async with running_services(tmp_path, clock) as services:
        for step in (0, 1, 0.5, 3, 9, 6, 24, 24 * 7):
            clock.advance(hours=step)
            await seed.seed_lessons(services)
            await seed.seed_lessons(services)
            lessons = await seed.todays_lessons(services, clock.now())
            open_now = [lesson for lesson in lessons if seed.is_open(lesson, clock.now())]
            assert len(open_now) == 1
            codes = [lesson.join_code for lesson in lessons if lesson.state in OPEN_STATES]
            assert len(set(codes)) == len(codes)
        text = await seed.introduction(services, "http://x")
        assert open_now[0].join_code in text
        assert seed.DEMO_PASSWORD in text


async def test_seats_of_the_demo_people(tmp_path: Path) -> None:
    async with running_services(tmp_path) as services:
        record = await services.lesson_store.lesson(await _lesson(services))
        assert record is not None
        for account, visible in (("wang", True), ("jiaoyan", False), ("xianguan", False)):
            person = await services.people.person_by_login(account)
            assert person is not None
            seat = seat_of(person.subject, record.parties)
            assert seat is not None
            assert seat.visible is visible


async def test_a_list_longer_than_an_answer_is_paged_and_nothing_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lesson_store, "PAGE_LESSONS", 3)
    async with running_services(tmp_path) as services:
        start = services.clock.now()
        wanted = []
        for number in range(7):  # pairs that begin at the same time
            wish = LessonCreate(
                f"课{number}",
                ClassKind.DEDICATED,
                "数学",
                "一年级",
                start + timedelta(hours=number // 2),
                start + timedelta(hours=number // 2, minutes=40),
                seed.LEAD_TEACHER if number % 2 else await _another_teacher(services),
                (),
            )
            async with services.audit.work(SYSTEM, "lesson_create") as work:
                wanted.append(await services.lesson_store.create(work, wish))
        admin = await services.people.person_by_login("xianguan")
        assert admin is not None
        end = start + timedelta(days=1)
        seen: list[str] = []
        cursor, pages = None, 0
        while pages == 0 or cursor is not None:
            page, cursor = await services.lessons.listed(admin.subject, start, end, cursor)
            seen += [record.lesson_id for record in page]
            pages += 1
        assert (len(seen), set(seen), pages) == (7, set(wanted), 3)
        for bad in ("", "x", "1", "1.", "9" * 30 + ".a", "-1.a"):
            with pytest.raises(Invalid):
                await services.lessons.listed(admin.subject, start, end, bad)


async def _another_teacher(services: Services) -> str:
    person = await services.people.person_by_login("liu")
    if person is not None:
        return person.person_id
    async with services.audit.work(SYSTEM, "person_create") as work:
        return await services.people.add_person(
            work, login="liu", name="刘老师", password_hash="", roles=(Role.LEAD_TEACHER,)
        )


async def test_a_clash_is_found_in_whatever_part_a_room_has(tmp_path: Path) -> None:
    async with running_services(tmp_path) as services:
        await _lesson(services)
        with pytest.raises(Clash):
            await _lesson(services, hours=0.5)
        await _lesson(services, hours=1)


def test_the_secret_is_made_once_and_a_short_one_is_refused(tmp_path: Path) -> None:
    first = load_secret(tmp_path)
    assert load_secret(tmp_path) == first
    assert len(first) == 32
    assert [p.name for p in tmp_path.iterdir()] == ["secret.key"]
    (tmp_path / "secret.key").write_bytes(b"short")
    with pytest.raises(OSError, match="too short"):
        load_secret(tmp_path)


async def test_a_demo_started_just_after_midnight_has_its_open_lesson_today(tmp_path: Path) -> None:
    clock = ManualClock(datetime(2026, 11, 22, 16, 2, tzinfo=UTC))  # 00:02 in Shanghai
    async with running_services(tmp_path, clock) as services:
        await seed.seed_lessons(services)
        today = days(date(2026, 11, 23), 1, services.config.zone)
        listed, _ = await services.lessons.listed(await _teacher(services), *today, None)
        assert seed.is_open(listed[0], clock.now())


async def test_a_new_secret_signs_and_the_old_one_verifies_until_its_time(tmp_path: Path) -> None:
    clock = ManualClock()
    right = LoginRequest("wang", seed.DEMO_PASSWORD)
    async with running_services(tmp_path, clock) as services:
        before = (await services.identity.login(right, HERE)).cookie
        device = await services.identity.issue_device(SYSTEM, "shanquan1")
    rotate(tmp_path, clock.now().timestamp(), keep_s=3600)
    assert load_secret(tmp_path) != load_keyring(tmp_path, 0)._older[0][0]
    async with running_services(tmp_path, clock) as services:
        old = await services.identity.signed_in(before)
        services.identity.demand_csrf(old, services.identity.identity(old).csrf_token)
        after = (await services.identity.login(right, HERE)).cookie
        clock.advance(seconds=3601)
        await services.identity.forget_expired()
        with pytest.raises(NotSignedIn):
            await services.identity.signed_in(before)
        await services.identity.signed_in(after)
        await services.identity.resume(device, HERE)  # tokens of terminals are not signed
    rotate(tmp_path, clock.now().timestamp(), keep_s=0)
    assert load_keyring(tmp_path, 0)._older == ()
    async with running_services(tmp_path, clock) as services:
        with pytest.raises(NotSignedIn):
            await services.identity.signed_in(after)

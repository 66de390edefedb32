"""Viewing sessions in other cells, as the media wing asks for them."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from relay.api import Answer, CloseReason, Patched, StaleSession
from signaling.access.roles import Actor, Role
from signaling.access.secret_file import load_keyring
from signaling.base.errors import StalePrecondition, WrongLessonState
from signaling.base.fences import NO_FENCES, Fences, LeaseLost
from signaling.classroom.channel import Channel
from signaling.classroom.media_rooms import MediaRooms
from signaling.classroom.parts.stage import StageInvite
from signaling.command.seed import RECEIVE_ROOMS
from signaling.edges.api import ViewerKind, ViewerWish
from signaling.lessons.members import members_of
from signaling.lessons.seats import room_participant
from signaling.media.service import MediaDesk
from signaling.wiring import Services
from tests.support.fences import FakeFences
from tests.support.services import ADMIN, join, lead_teacher, new_lesson, running_services

ROOM = room_participant(RECEIVE_ROOMS[0])
TERMINAL = Actor(
    RECEIVE_ROOMS[0], "terminal", frozenset({Role.RECEIVE_ROOM}), room_id=RECEIVE_ROOMS[0]
)


@dataclass
class Elsewhere:
    """Implements `Carriers`: opens everything elsewhere, or nothing, as a test says."""

    carries: bool = True
    wishes: list[ViewerWish] = field(default_factory=list)
    meanwhile: Callable[[], None] = lambda: None

    async def watch(self, wish: ViewerWish, opened: Callable[[Answer], None]) -> Answer | None:
        """See `Carriers`."""
        self.wishes.append(wish)
        self.meanwhile()
        if not self.carries:
            return None
        answer = Answer(f"far-{len(self.wishes)}", "v=0", "tag")
        opened(answer)
        return answer

    async def patch(self, session_id: str, fragment: str, etag: str | None) -> Patched | None:
        """See `Carriers`."""
        if etag not in {None, "tag"}:
            raise StaleSession(session_id)
        return Patched(fragment, "tag")


@dataclass
class Lesson:
    """A live lesson, and a media desk whose viewers are carried elsewhere."""

    services: Services
    carriers: Elsewhere
    lesson_id: str

    def desk(self, fences: Fences = NO_FENCES) -> MediaDesk:
        """A media desk over the services."""
        services = self.services
        return MediaDesk(
            relay=services.relay,
            rooms=MediaRooms(services.hub),
            sessions=services.media_sessions,
            audit=services.audit,
            clock=services.clock,
            config=services.config,
            keyring=load_keyring(services.config.data, services.clock.now().timestamp()),
            fences=fences,
            carriers=self.carriers,
        )

    async def token(self, actor: Actor) -> str:
        """A token to watch."""
        record, seat = await self.services.lessons.seat(actor, self.lesson_id)
        endpoint = self.desk().access(record, seat).watch
        assert endpoint is not None
        return endpoint.token


@pytest.fixture
async def lesson(tmp_path: Path) -> AsyncIterator[Lesson]:
    async with running_services(tmp_path) as services:
        lesson_id = await new_lesson(services)
        await services.lessons.start(await lead_teacher(services), lesson_id)
        yield Lesson(services, Elsewhere(), lesson_id)


async def test_the_cell_that_is_asked_learns_who_watches(lesson: Lesson) -> None:
    school = await lesson.services.people.room(RECEIVE_ROOMS[0])
    assert school is not None
    teacher = await lead_teacher(lesson.services)
    record = await lesson.services.lessons.get(ADMIN, lesson.lesson_id)
    plain = (await lesson.desk().external_access(teacher, record, ())).programme.token
    room = await lesson.services.hub.enter(lesson.lesson_id)

    async def kind(token: str) -> tuple[ViewerKind, str | None]:
        await lesson.desk().watch(token, lesson.lesson_id, "an offer")
        wish = lesson.carriers.wishes[-1]
        assert wish.lesson_id == lesson.lesson_id
        return wish.kind, wish.home

    assert await kind(plain) == (ViewerKind.PLAIN, None)
    assert await kind(await lesson.token(ADMIN)) == (ViewerKind.OBSERVER, None)
    assert await kind(await lesson.token(teacher)) == (ViewerKind.STAGE, None)
    assert await kind(await lesson.token(TERMINAL)) == (ViewerKind.ROOM, school.path)
    channel = await join(lesson.services, lesson.lesson_id)
    room.state.presence.join(next(one for one in members_of(record) if one.participant_id == ROOM))
    room.command(channel, StageInvite(1, ROOM))
    assert await kind(await lesson.token(TERMINAL)) == (ViewerKind.STAGE, school.path)


async def test_a_session_elsewhere_is_one_of_the_lessons(lesson: Lesson) -> None:
    token = await lesson.token(TERMINAL)
    answer = await lesson.desk().watch(token, lesson.lesson_id, "an offer")
    found = lesson.services.media_sessions.get(answer.session_id)
    assert found is not None
    assert found.grant.participant_id == ROOM
    patched = await lesson.desk().patch(token, answer.session_id, "ice", ("old", "tag"))
    assert patched == Patched("ice", "tag")
    with pytest.raises(StalePrecondition):
        await lesson.desk().patch(token, answer.session_id, "ice", ("old",))


async def test_a_lesson_that_ends_while_another_cell_is_asked_opens_nothing(
    lesson: Lesson,
) -> None:
    token = await lesson.token(TERMINAL)
    lesson.carriers.carries = False
    hub = lesson.services.hub
    lesson.carriers.meanwhile = lambda: hub._drop(lesson.lesson_id)
    with pytest.raises(WrongLessonState):
        await lesson.desk().watch(token, lesson.lesson_id, "an offer")
    assert not len(lesson.services.media_sessions)


async def test_who_is_not_audited_does_not_watch_elsewhere_either(
    lesson: Lesson, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed: list[str] = []
    monkeypatch.setattr(lesson.services.relay, "close", closed.append)
    token = await lesson.token(ADMIN)
    with pytest.raises(LeaseLost):
        await lesson.desk(FakeFences({lesson.lesson_id})).watch(token, lesson.lesson_id, "offer")
    assert closed == ["far-1"]


async def test_the_page_of_a_viewer_whose_carrier_is_gone_opens_another(lesson: Lesson) -> None:
    teacher = await lead_teacher(lesson.services)
    channel = await join(lesson.services, lesson.lesson_id)
    desk, news = lesson.desk(), lesson.services.hub.relay_news
    token = await lesson.token(teacher)
    first = await desk.watch(token, lesson.lesson_id, "an offer")
    second = await desk.watch(token, lesson.lesson_id, "an offer")
    news.on_session_down(first.session_id, CloseReason.SHUTDOWN)  # it has a newer one
    news.on_session_down(second.session_id, CloseReason.REQUESTED)  # it wanted that
    assert not await _reopens(channel)
    third = await desk.watch(token, lesson.lesson_id, "an offer")
    news.on_session_down(third.session_id, CloseReason.SHUTDOWN)
    assert await _reopens(channel)


async def _reopens(channel: Channel) -> bool:
    """Tell whether a page was told to open another session; takes what waits for it."""
    texts: list[str] = []

    async def send(text: str) -> None:
        texts.append(text)

    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(0.05):  # it goes on as long as the channel is open
            await channel.pump(send)
    return any('"reopen"' in text for text in texts)

"""Hints over a real Redis: told once to the others, bounded, and harmless while it is away."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

import pytest

from signaling.cells import hints as module
from signaling.cells import redis_link
from signaling.cells.hints import HintKind, Hints
from signaling.cells.redis_link import RedisLink
from signaling.cells.scripts import PUBLISH, hint_channel
from tests.integration.signaling.cells.conftest import PATIENT
from tests.support.redis_server import RedisServer
from tests.support.waiting import PATIENCE_S, until


@dataclass(frozen=True)
class Rang:
    """An event."""

    bell: str
    rooms: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Secret:
    """An event that only some processes know."""

    word: str


RANG = HintKind("rang", Rang, wanted=lambda event: event.bell != "silent")
SECRET = HintKind("secret", Secret)
PINGS = (  # how often clients pinged
    "\"return tonumber(string.match(redis.call('INFO','commandstats'),"
    "'cmdstat_ping:calls=(%d+)')or'0')\""
)


@dataclass
class Side:
    """One process."""

    hints: Hints
    heard: list[object] = field(default_factory=list)
    gaps: int = 0

    async def hear(self, event: object) -> None:
        self.heard.append(event)

    def gap(self) -> None:
        self.gaps += 1


Make = Callable[..., Side]


@pytest.fixture
async def side(
    redis: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Callable[..., Side]]:
    """Makes processes; each is stopped at the end."""
    monkeypatch.setattr(module, "FIRST_PAUSE_S", 0.02)
    monkeypatch.setattr(module, "LONGEST_PAUSE_S", 0.1)
    async with contextlib.AsyncExitStack() as stack:

        async def make(run: str, *kinds: HintKind, database: int = 0) -> Side:
            link = RedisLink(f"{redis.url.rpartition('/')[0]}/{database}", PATIENT.beat_s)
            stack.push_async_callback(link.close)
            made = Side(Hints(link, run, kinds or (RANG,)))
            for kind in kinds or (RANG,):
                made.hints.follow(kind.event, made.hear)
            made.hints.on_gap(made.gap)
            await made.hints.start()
            stack.push_async_callback(made.hints.stop)
            await until(lambda: made.gaps)  # its subscription stands
            return made

        yield make


async def test_the_others_hear_of_an_event_and_the_origin_does_not(side: Make) -> None:
    a, b, c = await side("a"), await side("b"), await side("c")
    event = Rang("one", frozenset({"r1", "r2"}))
    await a.hints.send(event)
    await until(lambda: b.heard and c.heard)
    await b.hints.send(Rang("two"))
    await until(lambda: a.heard)
    assert (a.heard, b.heard, c.heard[0]) == ([Rang("two")], [event], event)


async def test_what_nobody_wants_is_not_sent(side: Make) -> None:
    a, b = await side("a"), await side("b")
    await a.hints.send(Rang("silent"))
    await a.hints.send(Rang("loud"))
    await until(lambda: b.heard)
    assert b.heard == [Rang("loud")]


async def test_installations_that_share_a_redis_do_not_hear_each_other(side: Make) -> None:
    a, b, other = await side("a"), await side("b"), await side("c", database=1)
    await a.hints.send(Rang("ours"))
    await other.hints.send(Rang("theirs"))
    await until(lambda: b.heard)
    assert (b.heard, other.heard) == ([Rang("ours")], [])


async def test_what_has_no_sense_is_ignored(
    side: Make, redis: RedisServer, link: RedisLink
) -> None:
    a, b = await side("a", RANG, SECRET), await side("b")
    await a.hints.send(Secret("unknown to b"))
    channel = hint_channel(0)
    for text in (
        "no json",
        "[]",
        '{"origin":"x","kind":"rang"}',  # no body
        '{"origin":"x","kind":"rang","body":{"bell":7}}',
        '{"origin":"x","kind":"rang","body":{"bell":"' + "y" * 200_000 + '"}}',
    ):
        await link.run(PUBLISH, [], [channel, text])
    await a.hints.send(Rang("after all that"))
    await until(lambda: b.heard)
    assert b.heard == [Rang("after all that")]
    assert b.hints.counts.ignored == 6
    assert (a.gaps, b.gaps) == (1, 1)


async def test_of_a_message_that_is_too_large_only_the_fact_is_told(side: Make) -> None:
    a, b = await side("a"), await side("b")
    await a.hints.send(Rang("x" * module.MAX_BYTES))
    await until(lambda: b.gaps == 2)
    assert (a.hints.counts.dropped, b.heard) == (1, [])


async def test_nothing_waits_for_a_redis_that_is_away(side: Make, redis: RedisServer) -> None:
    a, b = await side("a"), await side("b")
    redis.kill()
    try:
        for number in range(3 * module.MAX_WAITING):
            await a.hints.send(Rang(str(number)))
            assert len(a.hints._out.waiting) <= module.MAX_WAITING
        await until(lambda: a.hints.counts.dropped >= 3 * module.MAX_WAITING)
    finally:
        redis.start()
    await until(lambda: a.gaps >= 2 and b.gaps >= 2)  # whoever shows something reads it anew
    await a.hints.send(Rang("back"))
    await until(lambda: Rang("back") in b.heard)


async def test_a_follower_that_is_slow_or_fails_holds_up_nothing_for_ever(side: Make) -> None:
    a, b = await side("a"), await side("b")
    held, go_on = asyncio.Event(), asyncio.Event()

    async def slow(event: Rang) -> None:
        held.set()
        await go_on.wait()
        raise ValueError(event.bell)

    b.hints.follow(Rang, slow)
    await a.hints.send(Rang("first"))
    await held.wait()
    for number in range(2 * module.MAX_WAITING):
        await a.hints.send(Rang(str(number)))
        if number % 100 == 0:
            await until(lambda: not a.hints._out.waiting)
        assert len(b.hints._in.waiting) <= module.MAX_WAITING
    await until(lambda: not a.hints._out.waiting and b.hints._in.waiting)
    go_on.set()
    await until(lambda: b.gaps == 2 and not b.hints._in.waiting)
    assert b.heard[0] == Rang("first")


async def test_the_same_event_waits_once(side: Make) -> None:
    a, b = await side("a"), await side("b")
    for _ in range(100):
        await a.hints.send(Rang("again"))  # the loop does not run in between
    await a.hints.send(Rang("last"))
    await until(lambda: Rang("last") in b.heard)
    assert b.heard == [Rang("again"), Rang("last")]


async def test_what_waits_is_sent_before_the_end(side: Make) -> None:
    a, b = await side("a"), await side("b")
    await a.hints.send(Rang("the end"))
    await a.hints.stop()
    await until(lambda: b.heard)


async def test_a_silent_redis_is_asked_whether_it_is_there(
    side: Make, redis: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redis_link, "SILENCE_S", 0.05)
    a, b = await side("a"), await side("b")
    asked = int(redis.ask("EVAL", PINGS, "0")[1:])
    await until(lambda: int(redis.ask("EVAL", PINGS, "0")[1:]) >= asked + 3)
    assert b.gaps == 1  # the subscription goes on
    redis.freeze()
    try:
        await until(lambda: b.hints.counts.lost)
    finally:
        redis.thaw()
    await until(lambda: b.gaps >= 2)
    await a.hints.send(Rang("thawed"))
    await until(lambda: Rang("thawed") in b.heard)


async def test_a_stop_waits_for_no_subscription_that_is_on_its_way(redis: RedisServer) -> None:
    """redis-py swallows a cancellation while it connects; the stop then hung for ever."""
    for turns in range(0, 60, 3):
        link = RedisLink(redis.url, PATIENT.beat_s)
        hints = Hints(link, "a", (RANG,))
        await hints.start()
        for _ in range(turns):
            await asyncio.sleep(0)
        async with asyncio.timeout(PATIENCE_S):
            await hints.stop()
        await link.close()

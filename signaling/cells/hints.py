"""Hints: what happened in one process, told to the others at once over Redis pub/sub.

A hint only saves waiting. Whoever follows one does what the database says, and would do so later
without it. So hints are sent once, dropped while Redis is away, and never awaited by an action.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import msgspec
import structlog

from signaling.base.turns import end_between_turns
from signaling.cells.api import Unreachable
from signaling.cells.redis_link import RedisLink
from signaling.cells.scripts import PUBLISH, hint_channel

log = structlog.get_logger(__name__)

E = TypeVar("E")

MAX_BYTES = 64 * 1024  # of a message
MAX_WAITING = 1000  # hints to be sent, and as many to be followed
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.5, 15.0  # between two tries while Redis is away
CANCEL_AGAIN_S = 0.2
LAST_WORD_S = 1.0  # for what waits when the process stops
MISSED = "missed"  # the kind that stands for hints which were not sent
_SOME_MISSED = (MISSED, b"null")


class _Message(msgspec.Struct, frozen=True):
    """What goes over the channel."""

    origin: str
    kind: str
    body: msgspec.Raw = msgspec.Raw(b"null")


_TO_MESSAGE = msgspec.json.Decoder(_Message)


def _every(_event: Any) -> bool:
    return True


def _whole(event: Any) -> Any:
    return event


@dataclass(frozen=True, slots=True)
class HintKind(Generic[E]):
    """An event that other processes hear of.

    Attributes:
        name: of the kind; a process that does not know it ignores it.
        event: the class, a frozen dataclass.
        wanted: which events of the class are told.
        shortened: makes an event small enough.
    """

    name: str
    event: type[E]
    wanted: Callable[[E], bool] = _every
    shortened: Callable[[E], E] = _whole


@dataclass(slots=True)
class HintCounts:
    """What became of hints, since the start.

    Attributes:
        sent: to the channel.
        dropped: for want of room, or of Redis.
        followed: of other processes.
        ignored: without sense, or of a kind that is not known here.
        subscribed: times that a subscription stood.
        lost: times that it was lost, or could not be had.
    """

    sent: int = 0
    dropped: int = 0
    followed: int = 0
    ignored: int = 0
    subscribed: int = 0
    lost: int = 0


@dataclass(slots=True)
class _Queue:
    """A bounded line of hints, each once: what waits already need not wait twice."""

    waiting: dict[tuple[str, bytes], None] = field(default_factory=dict)
    some: asyncio.Event = field(default_factory=asyncio.Event)

    def put(self, kind: str, body: bytes) -> int:
        """Append, and return how many were dropped: all, if there is no room."""
        dropped = 0
        if len(self.waiting) >= MAX_WAITING and (kind, body) not in self.waiting:
            dropped = self.empty() + 1
        else:
            self.waiting[kind, body] = None
        self.some.set()
        return dropped

    def empty(self) -> int:
        """Drop all, and remember only that. Returns how many."""
        count = len(self.waiting)
        self.waiting = {_SOME_MISSED: None}
        self.some.set()
        return count

    async def take(self) -> tuple[str, bytes]:
        """Wait for the first, and take it out."""
        while not self.waiting:
            self.some.clear()
            await self.some.wait()
        first = next(iter(self.waiting))
        del self.waiting[first]
        return first


class Hints:
    """Sends events of this process to the others, and follows theirs.

    Attributes:
        counts: what became of them.
    """

    def __init__(self, link: RedisLink, run: str, kinds: Sequence[HintKind[Any]]) -> None:
        """Make it; nothing is opened before `start`.

        Args:
            link: to Redis.
            run: the random name of this run of the process, by which own messages are known.
            kinds: the events that are told.
        """
        self.counts = HintCounts()
        self._link = link
        self._channel = hint_channel(link.database)
        self._run = run
        self._kinds = {kind.event: kind for kind in kinds}
        self._by_name = {kind.name: kind for kind in kinds}
        self._followers: dict[str, list[Callable[[Any], Awaitable[None]]]] = {}
        self._on_gap: list[Callable[[], None]] = []
        self._out, self._in = _Queue(), _Queue()
        self._tasks: list[asyncio.Task[None]] = []
        self._turn = asyncio.Lock()

    @property
    def kinds(self) -> Sequence[HintKind[Any]]:
        """The events that are told."""
        return tuple(self._by_name.values())

    # --- before the start ------------------------------------------------------------------------

    def follow(self, event: type[E], listener: Callable[[E], Awaitable[None]]) -> None:
        """Call a listener for each such event of another process. Calling it twice must do no harm.

        The listener is called directly: events of others are not published here, so nothing is told
        back, and nothing is done that their origin does.
        """
        self._followers.setdefault(self._kinds[event].name, []).append(listener)

    def on_gap(self, listener: Callable[[], None]) -> None:
        """Call a listener whenever events of others may have been lost."""
        self._on_gap.append(listener)

    # --- life ------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Begin to send and to listen. Redis may be away."""
        for name, work in (("send", self._send), ("hear", self._hear), ("follow", self._follow)):
            self._tasks.append(asyncio.create_task(work(), name=f"hints-{name}"))

    async def stop(self) -> None:
        """Stop; what waits to be sent is sent if that is quickly done."""
        if not self._tasks:
            return
        sending, hearing, following = self._tasks
        self._tasks = []
        await _ended(hearing)
        await end_between_turns(following, self._turn)
        with contextlib.suppress(TimeoutError, Unreachable):
            async with asyncio.timeout(LAST_WORD_S):
                while self._out.waiting:
                    await self._publish(*await self._out.take())
        await _ended(sending)

    async def send(self, event: object) -> None:
        """Tell the others, soon; this call never waits."""
        kind = self._kinds[type(event)]
        if not kind.wanted(event):
            return
        body = msgspec.json.encode(kind.shortened(event))
        if len(body) <= MAX_BYTES:
            self.counts.dropped += self._out.put(kind.name, body)
        else:
            self.counts.dropped += 1 + self._out.put(*_SOME_MISSED)

    # --- sending ---------------------------------------------------------------------------------

    async def _send(self) -> None:
        pause_s = FIRST_PAUSE_S
        while True:
            kind, body = await self._out.take()
            try:
                await self._publish(kind, body)
            except Unreachable:
                self.counts.dropped += (kind != MISSED) + self._out.empty()
                await asyncio.sleep(pause_s)
                pause_s = min(pause_s * 2, LONGEST_PAUSE_S)
            else:
                pause_s = FIRST_PAUSE_S

    async def _publish(self, kind: str, body: bytes) -> None:
        message = _Message(self._run, kind, msgspec.Raw(body))
        await self._link.run(PUBLISH, [], [self._channel, msgspec.json.encode(message).decode()])
        self.counts.sent += kind != MISSED

    # --- hearing ---------------------------------------------------------------------------------

    async def _hear(self) -> None:
        pause_s = FIRST_PAUSE_S
        while True:
            try:
                async with contextlib.aclosing(self._link.listen(self._channel)) as messages:
                    async for text in messages:
                        pause_s = FIRST_PAUSE_S
                        self._take_in(text)
            except Unreachable as error:
                log.info("hints_not_heard", why=str(error))
            except Exception:
                log.exception("hints_failed")
            self.counts.lost += 1
            await asyncio.sleep(pause_s)
            pause_s = min(pause_s * 2, LONGEST_PAUSE_S)

    def _take_in(self, text: str | None) -> None:
        """Let a message wait to be followed; None means that a subscription has begun."""
        if text is None:
            self.counts.subscribed += 1
            self._in.put(*_SOME_MISSED)
            return
        try:
            message = _TO_MESSAGE.decode(text) if len(text) <= 2 * MAX_BYTES else None
        except msgspec.MsgspecError:
            message = None
        if message is None:
            self.counts.ignored += 1
        elif message.origin == self._run:
            return
        elif message.kind == MISSED:
            self._in.put(*_SOME_MISSED)
        elif message.kind in self._by_name:
            self._in.put(message.kind, bytes(message.body))
        else:
            self.counts.ignored += 1

    async def _follow(self) -> None:
        while True:
            kind, body = await self._in.take()
            async with self._turn:
                try:
                    await self._followed(kind, body)
                except Exception:
                    log.exception("hint_not_followed", kind=kind)

    async def _followed(self, kind: str, body: bytes) -> None:
        if kind == MISSED:
            for tell in self._on_gap:
                tell()
            return
        try:
            event = msgspec.json.decode(body, type=self._by_name[kind].event)
        except msgspec.MsgspecError:
            self.counts.ignored += 1  # of another version, say
            return
        self.counts.followed += 1
        for listener in self._followers.get(kind, ()):
            await listener(event)


async def _ended(task: asyncio.Task[None]) -> None:
    """Cancel a task until it has ended. redis-py swallows a cancellation while it connects."""
    while not task.done():
        task.cancel()
        await asyncio.wait({task}, timeout=CANCEL_AGAIN_S)
    if not task.cancelled():
        task.exception()  # known: it was logged, or came of the cancellation

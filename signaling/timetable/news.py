"""The newest changes of the timetable, for pages that wait for them.

A page asks what has happened since a place and waits until something has. Nothing is computed for
those who wait: a change is compared with each of them once. A place names the start of the server
and the number of changes since, so a page notices that the server began anew.

Each web process has a board of its own. A place holds a number for each board that the page has
seen. So a page that goes to and fro between processes reads everything once for each of them, and
hears of a change at most once from each.
"""

from __future__ import annotations

import asyncio
import re
from collections import deque
from dataclasses import dataclass

from signaling.access.actions import Action
from signaling.access.grants import branches_granted, relations_granted
from signaling.access.relations import Relation
from signaling.access.roles import Actor
from signaling.base.errors import Busy
from signaling.base.ids import new_id
from signaling.timetable.events import TimetableChanged
from signaling.timetable.wire import TimetableNews

MAX_REMEMBERED = 500  # changes; who has missed more reads everything again
MAX_WAITING = 2000  # pages that wait at once
MAX_LESSONS = 100  # ids of one answer
MAX_BOARDS = 4  # in a place; of more, the one seen longest ago is forgotten
WAIT_S = 25.0  # of one question; proxies give up after 30 or 60
_SEEN = re.compile(r"([A-Za-z0-9_-]{1,32})\.([0-9]{1,15})")  # one board of a place
_BETWEEN = "~"


@dataclass(frozen=True, slots=True)
class _Change:
    number: int
    county: str
    event: TimetableChanged


class ChangeBoard:
    """Remembers the newest changes, and wakes the pages whom they concern."""

    def __init__(self, wait_s: float = WAIT_S) -> None:
        self._wait_s = wait_s
        self._begun = new_id()
        self._number = 0
        self._changes: deque[_Change] = deque(maxlen=MAX_REMEMBERED)
        self._waiting: dict[asyncio.Future[None], Actor] = {}
        self._closed = False

    def __len__(self) -> int:
        """The pages that wait."""
        return len(self._waiting)

    def place(self, since: str = "") -> str:
        """Return the present place, with what a former one says of other boards."""
        seen = _seen(since)
        seen.pop(self._begun, None)
        seen[self._begun] = self._number
        kept = list(seen.items())[-MAX_BOARDS:]
        return _BETWEEN.join(f"{begun}.{number}" for begun, number in kept)

    def add(self, event: TimetableChanged, county_path: str) -> None:
        """Take in a change, and wake those whom it concerns."""
        self._number += 1
        change = _Change(self._number, county_path, event)
        self._changes.append(change)
        for future, actor in self._waiting.items():
            if not future.done() and _concerns(change, actor):
                future.set_result(None)

    async def news(self, actor: Actor, since: str | None) -> TimetableNews:
        """Return what has changed for an actor since a place; waits if nothing has.

        Raises:
            Busy: too many pages wait already.
        """
        since = since or self.place()
        found = self._since(actor, since)
        if not found.changed:
            await self._wait(actor)
            found = self._since(actor, since)
        return found

    def begin_anew(self) -> None:
        """Let all pages read everything again, since changes may have been missed."""
        self._begun = new_id()
        self._number = 0
        self._changes.clear()
        self._wake_all()

    def close(self) -> None:
        """Let everybody go; from here on nobody waits."""
        self._closed = True
        self._wake_all()

    def _wake_all(self) -> None:
        for future in self._waiting:
            if not future.done():
                future.set_result(None)

    def _oldest(self) -> int:
        """Return the place from which all later changes are remembered."""
        return self._number - len(self._changes)

    def _since(self, actor: Actor, place: str) -> TimetableNews:
        number = _seen(place).get(self._begun)
        now = self.place(place)
        if number is None or number < self._oldest():
            return TimetableNews(now, changed=True, lesson_ids=())
        lessons: set[str] = set()
        for change in self._changes:
            if change.number > number and _concerns(change, actor):
                lessons |= change.event.lesson_ids
        ids = tuple(sorted(lessons)) if len(lessons) <= MAX_LESSONS else ()
        return TimetableNews(now, changed=bool(lessons), lesson_ids=ids)

    async def _wait(self, actor: Actor) -> None:
        if self._closed:
            return
        if len(self._waiting) >= MAX_WAITING:
            raise Busy("too many pages wait for changes")
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting[future] = actor
        try:
            async with asyncio.timeout(self._wait_s):
                await future
        except TimeoutError:
            pass
        finally:
            del self._waiting[future]


def _seen(place: str) -> dict[str, int]:
    """Return the number that a place has of each board, the one seen longest ago first."""
    found = (_SEEN.fullmatch(one) for one in place.split(_BETWEEN))
    return {one[1]: int(one[2]) for one in found if one is not None}


def _concerns(change: _Change, actor: Actor) -> bool:
    """Tell whether a change is about the actor, the actor's school, or lies in its branches."""
    event = change.event
    if actor.room_id is not None:
        return actor.room_id in event.room_ids
    if actor.actor_id in event.person_ids:
        return True
    relations = relations_granted(Action.READ_TIMETABLE, actor.roles)
    if Relation.AT_SCHOOL in relations and actor.school_id in event.school_ids:
        return True
    branches = branches_granted(actor, Action.READ_TIMETABLE)
    return any(
        change.county.startswith(branch)
        or any(f"/{school}/" in branch for school in event.school_ids)
        for branch in branches
    )

"""Events, told after the commit to those whom they concern."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import Any, TypeVar

import structlog

log = structlog.get_logger(__name__)

E = TypeVar("E")


class Events:
    """The listeners of this process, by kind of event. An event is a frozen dataclass.

    A listener follows what the database already says. So a listener that fails is logged, and the
    action stands; upkeep brings the listener up to date.
    """

    def __init__(self) -> None:
        self._listeners: dict[type, list[Callable[[Any], Awaitable[None]]]] = {}

    def subscribe(self, kind: type[E], listener: Callable[[E], Awaitable[None]]) -> None:
        """Call the listener for every event of a kind."""
        self._listeners.setdefault(kind, []).append(listener)

    async def publish(self, events: Iterable[object]) -> None:
        """Tell the listeners of each event, one after the other. Await no transaction here."""
        for event in events:
            for listener in self._listeners.get(type(event), ()):
                try:
                    await listener(event)
                except Exception:
                    log.exception("event_not_followed", event_kind=type(event).__name__)

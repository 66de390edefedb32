"""Routes that belong to a lesson's cell, and requests that another process has let in.

A lesson's live room stands in one process, its cell. `docs/forwarding.md` says which routes belong
there, and why.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from aiohttp import web


@dataclass(frozen=True, slots=True)
class AtCell:
    """Declares that only the cell of a lesson answers a route.

    Attributes:
        lesson: finds the lesson's id in the parts of the path.
        opens: the route opens the lesson's room where there is none. A lesson that waits for its
            time is given a cell for it; other routes do not take one up.
    """

    lesson: Callable[[Mapping[str, str]], str]
    opens: bool = False


def lesson_of_path(parts: Mapping[str, str]) -> str:
    """Return the part of the path that is called `lesson_id`."""
    return parts["lesson_id"]


AT_CELL = AtCell(lesson_of_path)
OPENS_AT_CELL = AtCell(lesson_of_path, opens=True)


@dataclass(frozen=True, slots=True)
class Arrival:
    """What a web process has signed about a request that it forwarded. Only a door makes these.

    Attributes:
        session: the hash of the caller's session, None of a caller without.
        remote: the client's address.
        port: at which the client reached the web process, None if unknown.
        body: was read and found to be the signed one.
    """

    session: str | None
    remote: str
    port: int | None
    body: bytes


ARRIVAL: web.RequestKey[Arrival] = web.RequestKey("arrival", Arrival)


def arrival_of(request: web.Request) -> Arrival | None:
    """Return what is signed about a request; None in a process that its clients reach directly."""
    return request.get(ARRIVAL)

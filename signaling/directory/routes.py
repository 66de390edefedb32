"""Routes: the directory that lessons are made of, and the entries of each of its nouns."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from signaling.directory.classes import routes as classes
from signaling.directory.desk import DirectoryDesk
from signaling.directory.entries.routes import EntryHandlers
from signaling.directory.grants import routes as grants
from signaling.directory.grants.routes import GrantHandlers
from signaling.directory.nodes import routes as nodes
from signaling.directory.pairings import routes as pairings
from signaling.directory.rooms import routes as rooms
from signaling.directory.schools import routes as schools
from signaling.directory.service import DirectoryService
from signaling.directory.subjects import routes as subjects
from signaling.directory.teachers import routes as teachers
from signaling.directory.wire import Directory
from signaling.directory.workbooks import routes as workbooks
from signaling.directory.workbooks.routes import WorkbookHandlers
from signaling.directory.workbooks.service import WorkbookService
from signaling.web.routes import AnyRoute, Call, Endpoint, Query, Route, bind


@dataclass(frozen=True, slots=True)
class DirectoryHandlers:
    """Schools, rooms and teachers."""

    service: DirectoryService

    async def directory(self, call: Call) -> Directory:
        """Return the people and places of which the caller can make a lesson."""
        return await self.service.directory(call.actor, call.query.get("q", ""))


_WHOLE = (
    Route(
        "GET",
        "/api/directory",
        DirectoryHandlers.directory,
        "学校、教室、主讲教师",
        Directory,
        query=(Query("q", "words of the names of schools, rooms and teachers"),),
    ),
)
ROUTES: tuple[AnyRoute, ...] = (
    *_WHOLE,
    *nodes.ROUTES,
    *schools.ROUTES,
    *rooms.ROUTES,
    *classes.ROUTES,
    *subjects.ROUTES,
    *pairings.ROUTES,
    *teachers.ROUTES,
    *workbooks.ROUTES,
    *grants.ROUTES,
)


def endpoints(
    service: DirectoryService, desk: DirectoryDesk, sheets: WorkbookService
) -> Iterator[Endpoint]:
    """Yield the routes, each with the object that answers it."""
    yield from bind(_WHOLE, DirectoryHandlers(service))
    yield from bind(nodes.ROUTES, EntryHandlers(desk.nodes, nodes.BODIES.page))
    yield from bind(schools.ROUTES, EntryHandlers(desk.schools, schools.BODIES.page))
    yield from bind(rooms.ROUTES, EntryHandlers(desk.rooms, rooms.BODIES.page))
    yield from bind(classes.ROUTES, EntryHandlers(desk.classes, classes.BODIES.page))
    yield from bind(subjects.ROUTES, EntryHandlers(desk.subjects, subjects.BODIES.page))
    yield from bind(pairings.ROUTES, EntryHandlers(desk.pairings, pairings.BODIES.page))
    yield from bind(teachers.ROUTES, EntryHandlers(desk.teachers, teachers.BODIES.page))
    yield from bind(workbooks.ROUTES, WorkbookHandlers(sheets))
    yield from bind(grants.ROUTES, GrantHandlers(desk.grants))

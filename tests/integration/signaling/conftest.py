"""What the modules here share: a seeded server process each, and the stores over two databases."""

import asyncio
import contextlib
import itertools
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from load_tests.postgres import Postgres, postgres
from signaling.access.roles import Role
from signaling.base.database import Database
from signaling.classroom.store import RoomStore
from signaling.directory.store import PeopleStore
from signaling.lessons.store import LessonStore
from tests.integration.signaling.stores import work_in
from tests.support.made_once import migrate_recorder, migrate_signaling, put_schema, sqlite_url
from tests.support.server import TongkeServer

TEMPLATE = "migrated"
WHOLE_TEMPLATE = "migrated_with_recorder"
_names = (f"db{number}" for number in itertools.count())


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server() -> AsyncIterator[TongkeServer]:
    """A server process for all tests of a module: they use lessons of their own."""
    async with TongkeServer.start() as running:
        yield running


@pytest.fixture(scope="session")
def cluster() -> Iterator[Postgres]:
    with postgres() as running:
        yield running


@pytest.fixture(scope="session")
def migrated_cluster(cluster: Postgres) -> Postgres:
    """A cluster with migrated databases to copy: signaling's tables, and the recorder's, too."""

    async def fill() -> None:
        await migrate_signaling(cluster.create(TEMPLATE))
        await migrate_recorder(cluster.create(WHOLE_TEMPLATE, TEMPLATE))

    thread = threading.Thread(target=asyncio.run, args=(fill(),))  # beside the loop of a test
    thread.start()
    thread.join()
    return cluster


@pytest.fixture(params=["sqlite", "postgresql"])
async def database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Database]:
    with contextlib.ExitStack() as stack:
        if request.param == "sqlite":
            await put_schema(tmp_path / "tongke.db")
            url = sqlite_url(tmp_path / "tongke.db")
        else:
            cluster: Postgres = request.getfixturevalue("migrated_cluster")
            url = stack.enter_context(cluster.lent(next(_names), TEMPLATE))
        made = Database(url)
        yield made
        await made.close()


@pytest.fixture
def store(request: pytest.FixtureRequest) -> Iterator[dict[str, str]]:
    """The settings by which services keep a test's rows; see `on_both_stores`."""
    if getattr(request, "param", "sqlite") == "sqlite":
        yield {}
        return
    cluster: Postgres = request.getfixturevalue("migrated_cluster")
    with cluster.lent(next(_names), WHOLE_TEMPLATE) as url:
        yield {"database_url": url}


@pytest.fixture
async def people(database: Database) -> PeopleStore:
    store = PeopleStore(database)
    assert await store.is_empty()
    async with work_in(database) as work:
        await store.add_county(work, "c1", "青山县")
        await store.add_school(work, "s1", "c1", "中心校", "center_school")
        await store.add_school(work, "s2", "c1", "教学点", "teaching_point")
        for room_id, school_id in (("lead", "s1"), ("a", "s2"), ("b", "s2")):
            await store.add_room(work, room_id, school_id, f"教室{room_id}")
        for person_id, roles in (
            ("wang", (Role.LEAD_TEACHER, Role.RESEARCHER)),
            ("li", (Role.LEAD_TEACHER,)),
            ("zhu", (Role.ASSISTANT,)),
        ):
            await store.add_person(
                work,
                person_id=person_id,
                login=person_id,
                name=person_id,
                password_hash="x",
                roles=roles,
                school_id="s1" if person_id == "wang" else "s2",
            )
    return store


@pytest.fixture
def lessons(database: Database, people: PeopleStore) -> LessonStore:
    return LessonStore(database)


@pytest.fixture
def rooms(database: Database) -> RoomStore:
    return RoomStore(database)

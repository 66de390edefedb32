"""Counties whose databases were made by a former version, to be opened by today's.

`tests/fixtures/databases/<commit>/` holds, made once by that folder's `make.py`:

- `sqlite.sql` and `postgresql.sql`: the same rows in both engines;
- `recordings/` and `secret.key`: the rest of the data folder;
- `county.json`: the present of that county, and everybody who asks;
- `opened.json`, `rooms.json`, `finished.json`: what everybody was answered by that version
  after a start, in live rooms, and once all recordings were finished.

The answers are taken at that commit, too:

    python -m tests.support.former_county 0f97d4f
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import json
import os
import shutil
import sqlite3
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import asyncpg

from load_tests.postgres import Postgres
from tests.support.county_answers import Answers, Viewer, answers, read_back, signed_in, written
from tests.support.server import REPOSITORY, Client
from tests.support.services import ManualClock, running_services, serving

DATABASES = REPOSITORY / "tests" / "fixtures" / "databases"
FINISHED_WITHIN_S = 120.0
POLL_S = 0.1


@dataclass(frozen=True)
class FormerCounty:
    """A fixture's folder."""

    folder: Path

    @property
    def present(self) -> datetime:
        """When the server of that version stopped."""
        return datetime.fromisoformat(self._facts["present"])

    @property
    def viewers(self) -> list[Viewer]:
        """Everybody who asks, in an order in which nobody spoils another's login."""
        return [Viewer(**viewer) for viewer in self._facts["viewers"]]

    @property
    def admin(self) -> str:
        """The name of the viewer who sees everything."""
        return self.viewers[0].name

    def told(self, when: str) -> Answers:
        """What that version answered: `opened`, in `rooms`, or `finished`."""
        return read_back((self.folder / f"{when}.json").read_text())

    @property
    def audit_log(self) -> set[tuple[str | None, ...]]:
        """Who had done what to what by then, from where."""
        with contextlib.closing(sqlite3.connect(":memory:")) as database:
            database.executescript((self.folder / "sqlite.sql").read_text())
            columns = "actor_id, actor_name, action, target, detail, remote"
            return set(database.execute(f"SELECT {columns} FROM audit_log"))

    @property
    def _facts(self) -> dict[str, Any]:
        facts: dict[str, Any] = json.loads((self.folder / "county.json").read_text())
        return facts

    # --- opening ---------------------------------------------------------------------------------

    def restore_files(self, data: Path) -> None:
        """The data folder without the database."""
        data.mkdir(parents=True, exist_ok=True)
        shutil.copy(self.folder / "secret.key", data)
        shutil.copytree(self.folder / "recordings", data / "recordings")

    def restore_sqlite(self, data: Path) -> str:
        """The rows in SQLite; returns the URL."""
        with contextlib.closing(sqlite3.connect(data / "tongke.db")) as database:
            database.executescript((self.folder / "sqlite.sql").read_text())
        return f"sqlite+aiosqlite:///{data / 'tongke.db'}"

    async def restore_postgresql(self, cluster: Postgres, name: str) -> str:
        """The rows in a new database of PostgreSQL; returns the URL."""
        url = cluster.create(name)
        connection = await asyncpg.connect(user="postgres", database=name, host=str(cluster.folder))
        await connection.execute((self.folder / "postgresql.sql").read_text())
        await connection.close()
        return url

    @asynccontextmanager
    async def opened(self, data: Path, database_url: str) -> AsyncIterator[dict[str, Client]]:
        """Today's server on the county, at that county's present; gives everybody's client."""
        clock = ManualClock(self.present)
        settings = {"http_host": "127.0.0.1", "http_port": 0, "database_url": database_url}
        async with (
            running_services(data, clock, **settings) as services,
            serving(services) as http,
            signed_in(http.url, self.viewers) as clients,
        ):
            yield clients

    @contextmanager
    def finishing_held(self, data: Path) -> Iterator[None]:
        """Let no recording be finished meanwhile.

        The finisher waits for whoever else works on the first recording of its queue, and the
        others wait behind it in the state in which they were found.
        """
        descriptor = os.open(data / "recordings" / self._facts["finishing"], os.O_RDONLY)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        try:
            yield
        finally:
            os.close(descriptor)

    async def all_finished(self, admin: Client) -> None:
        """Wait until every recording is ready, of a live lesson, or the one that holds nothing."""
        async with asyncio.timeout(FINISHED_WITHIN_S):
            while True:
                under_way = [one for one in await _recordings(admin) if not self._is_settled(one)]
                if not under_way:
                    return
                await asyncio.sleep(POLL_S)

    def _is_settled(self, recording: dict[str, Any]) -> bool:
        return (
            recording["state"] in {"ready", "recording"}
            or recording["recording_id"] == self._facts["empty"]
        )


async def _recordings(admin: Client) -> list[dict[str, Any]]:
    return list((await admin.call("GET", "/api/recordings?limit=100"))["recordings"])


# --- what to ask ----------------------------------------------------------------------------------


async def _questions(admin: Client) -> dict[str, list[str]]:
    """Everything that there is to ask of a county, as its administrator finds it."""
    weeks = [f"2026-W{week}" for week in range(43, 50)]
    opened = ["GET /api/me", "GET /api/directory"]
    opened += [f"GET /api/lessons?week={week}" for week in weeks]
    lessons = {}
    for week in weeks:
        for lesson in (await admin.call("GET", f"/api/lessons?week={week}"))["lessons"]:
            lessons[lesson["lesson_id"]] = lesson
    opened += [f"GET /api/lessons/{lesson_id}" for lesson_id in lessons]
    for lesson_id in lessons:
        links = await admin.call("GET", f"/api/lessons/{lesson_id}/links")
        opened += [f"GET /api/lessons/{lesson_id}/links"] * bool(links["series"])
    opened += [
        "GET /api/links?from=2026-10-19&to=2026-11-18",
        "GET /api/links?from=2026-11-20&to=2026-11-27",
    ]
    of_recordings = ["GET /api/recordings?q=", "GET /api/recordings?q=王老师 语文"]
    files = []
    for recording in await _recordings(admin):
        path = f"/api/recordings/{recording['recording_id']}"
        of_recordings.append(f"GET {path}")
        files += [f"GET {url}" for url in _files(await admin.call("GET", path))]
    live = [lesson_id for lesson_id, lesson in lessons.items() if lesson["state"] == "live"]
    return {
        "opened": opened + of_recordings + files,
        "rooms": [f"WS /ws/lessons/{lesson_id}" for lesson_id in live],
        "finished": of_recordings,
    }


def _files(detail: dict[str, Any]) -> list[str]:
    urls = [file["url"] for source in detail["sources"] for file in source["files"]]
    thumbnail = detail["summary"]["thumbnail_url"]
    return urls + [thumbnail] * (thumbnail is not None)


async def _take(county: FormerCounty) -> None:
    """Write down what is answered now."""
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as held:
        data = Path(folder)
        county.restore_files(data)
        held.enter_context(county.finishing_held(data))
        async with county.opened(data, county.restore_sqlite(data)) as clients:
            for when, questions in (await _questions(clients[county.admin])).items():
                if when == "finished":
                    held.close()
                    await county.all_finished(clients[county.admin])
                told = await answers(clients, questions)
                (county.folder / f"{when}.json").write_text(written(told))


if __name__ == "__main__":
    asyncio.run(_take(FormerCounty(DATABASES / sys.argv[1])))

"""What tests would make anew each time, made once: migrated databases, hashes that cost little.

A test of the migrations themselves, or of argon2, makes its own.
"""

from __future__ import annotations

import atexit
import shutil
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

import argon2

from recorder.config import RecorderConfig
from recorder.recordings.store import RecordingStore
from recorder.service import RecorderService
from relay.config import RelayConfig
from relay.node import RelayNode
from signaling.base.config import load
from signaling.base.database import Database
from signaling.base.migrate import migrate
from signaling.command import seed
from signaling.wiring import Services

# A fraction of a millisecond instead of 100 ms: tests sign in a lot.
CHEAP_HASH = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)

_PRIVATE = 0o600
_made: dict[str, Path] = {}


def sqlite_url(file: Path) -> str:
    """The SQLAlchemy URL of an SQLite file."""
    return f"sqlite+aiosqlite:///{file}"


async def migrate_signaling(url: str) -> None:
    """Make signaling's tables in an empty database."""
    database = Database(url)
    await migrate(database)
    await database.close()


async def migrate_recorder(url: str) -> None:
    """Make the recorder's tables, beside signaling's."""
    store = RecordingStore(url)
    await store.open()
    await store.close()


async def put_schema(file: Path) -> None:
    """Put a database with signaling's tables at a path where there is none."""
    await _put(file, "schema", _migrate)


async def put_all_schemas(file: Path) -> None:
    """Put a database with the tables of signaling and recorder at a path where there is none."""
    await _put(file, "all", _migrate_all)


async def put_demo_people(file: Path) -> None:
    """Put a database as a first start with the demo leaves it, but for its lessons."""
    await _put(file, "demo", _seed)


async def _put(file: Path, name: str, make: Callable[[Path], Awaitable[None]]) -> None:
    if file.exists():  # noqa: ASYNC240 - a test may wait
        return
    if name not in _made:
        folder = Path(tempfile.mkdtemp(prefix="tongke-made-"))
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        template = folder / "tongke.db"
        await make(template)
        template.chmod(_PRIVATE)
        _made[name] = template
    file.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(_made[name], file)


async def _migrate(file: Path) -> None:
    await migrate_signaling(sqlite_url(file))


async def _migrate_all(file: Path) -> None:
    await _migrate(file)
    await migrate_recorder(sqlite_url(file))


async def _seed(file: Path) -> None:
    await _migrate_all(file)
    config = load(overrides={"data_dir": str(file.parent), "database_url": sqlite_url(file)})
    recorder = RecorderService(RecorderConfig(data_dir=file.parent, database_url=config.database))
    services = Services(config, RelayNode(RelayConfig(hosts=("127.0.0.1",))), recorder)
    services.passwords._hasher = CHEAP_HASH
    await seed.seed_people(services)
    await services.database.close()

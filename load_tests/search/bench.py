"""`python -m load_tests search`: time and recall of the search over up to a million records.

The records are kept below `build/` between runs, so that only the first run writes them.
"""

from __future__ import annotations

import asyncio
import gc
import math
import os
import random
import shutil
import sys
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from load_tests.databases import POSTGRESQL
from load_tests.postgres import Postgres, postgres
from load_tests.search import asking
from load_tests.search.filling import fill
from signaling.access.signing import Keyring
from signaling.base.clock import SystemClock
from signaling.base.database import Database
from signaling.base.migrate import migrate
from signaling.library.indexing import index_of
from signaling.library.publishing.facets import Facets
from signaling.library.publishing.reading import LibraryReader, Viewer, Wanted
from signaling.library.publishing.tickets import Tickets
from signaling.library.search.core.documents import ANALYSER

FOLDER = Path(__file__).parents[2] / "build" / "bench-search"
A_SECOND = 10  # questions
TIMES = 40  # of each kind
COMPARED = 200  # random words, held against LIKE
PAGE = 20
LATEST_S = 5.0  # more between two questions' due times and the bench gives up waiting

Question = Callable[[], Awaitable[object]]


async def search(*, records: int, database: str | None = None) -> dict[str, Any]:
    """Fill, ask and compare; returns the JSON line's figures.

    Args:
        records: of the library, at least; what was written by former runs stays.
        database: None for SQLite, "postgresql" for a cluster whose data is kept.
    """
    with _kept(database) as (url, cluster):
        opened = Database(url)
        try:
            began = time.monotonic()
            records = await _filled(url, records)
            filled_s = time.monotonic() - began
            timed = await _timed(opened, records, cluster)
            lacking = await _compared(opened, records)
        finally:
            await opened.close()
    return {
        "bench": "search",
        "database": "sqlite" if cluster is None else "postgresql",
        "records": records,
        "load": round(os.getloadavg()[0], 1),
        "filled_s": round(filled_s),
        "megabytes": round(_bytes(FOLDER / _name(database)) / 1e6),
        "ms": timed,
        "compared": COMPARED,
        "lacking": [(one.word, one.by_like, one.by_index) for one in lacking],
    }


async def _filled(url: str, records: int) -> int:
    """Write what is missing, by connections of their own; returns how many records there are."""
    database = Database(url)
    try:
        await migrate(database)
        return await fill(database, records, _tell(records))
    finally:
        await database.close()


def _tell(records: int) -> Callable[[int], None]:
    return lambda now: print(f"{now} of {records} records", file=sys.stderr, flush=True)


def _name(database: str | None) -> str:
    return f"{database or 'sqlite'}-{ANALYSER}"  # another analyser: other tokens


@contextmanager
def _kept(database: str | None) -> Iterator[tuple[str, Postgres | None]]:
    """Yield the URL of the database that is kept, and its cluster."""
    folder = FOLDER / _name(database)
    for other in FOLDER.glob(f"{database or 'sqlite'}-*"):
        if other != folder:
            shutil.rmtree(other)
    folder.mkdir(parents=True, exist_ok=True)
    if database is None:
        yield f"sqlite+aiosqlite:///{folder / 'bench.db'}", None
    elif database == POSTGRESQL:
        with postgres(keep=folder) as cluster:
            yield cluster.url("bench") if cluster.is_kept else cluster.create("bench"), cluster
    else:
        yield database, None


def _bytes(folder: Path) -> int:
    return sum(one.stat().st_size for one in folder.rglob("*") if one.is_file())


# --- measuring -----------------------------------------------------------------------------------


async def _timed(
    database: Database, records: int, cluster: Postgres | None
) -> Mapping[str, Mapping[str, float]]:
    """Ask `A_SECOND` questions a second, of all kinds in turn; returns ms by kind.

    `cpu` is the processor time of this process and of PostgreSQL's; it is taken of each question
    alone, as the next one waits for it. `clock` begins when a question is due.
    """
    index, clock = index_of(database), SystemClock()
    reader = LibraryReader(database, index, Tickets(Keyring(b"x" * 32), clock), clock)
    counts = Facets(database, index, clock)
    chance = random.Random(7)
    gc.collect()
    gc.freeze()  # as the server does
    by_clock, by_cpu = defaultdict[str, list[float]](list), defaultdict[str, list[float]](list)
    due = time.monotonic()
    for number in range(-3, TIMES):  # the first ones fill caches
        for kind, question in _questions(reader, counts, chance, records):
            due = max(due + 1 / A_SECOND, time.monotonic() - LATEST_S)
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            late = max(0.0, time.monotonic() - due)
            began, used = time.perf_counter(), _used(cluster)
            await question()
            took, used = time.perf_counter() - began, _used(cluster) - used
            if number >= 0:
                by_clock[kind].append(late + took)
                by_cpu[kind].append(used)
    return {
        kind: {
            "p50": _ms(some, 0.5), "p95": _ms(some, 0.95),
            "cpu_p50": _ms(by_cpu[kind], 0.5), "cpu_p95": _ms(by_cpu[kind], 0.95),
        }
        for kind, some in by_clock.items()
    }  # fmt: skip


def _questions(
    reader: LibraryReader, counts: Facets, chance: random.Random, records: int
) -> Iterator[tuple[str, Question]]:
    for who, viewer in (("", asking.teacher(chance)), (" (admin)", asking.county_admin(chance))):
        for kind, wanted in asking.questions(chance, records).items():
            yield kind + who, _asked(reader, viewer, wanted)
        yield f"counts{who}", _counted(counts, viewer, {})
        yield f"counts of three{who}", _counted(counts, viewer, asking.facets(chance))


def _counted(counts: Facets, viewer: Viewer, chosen: Mapping[str, str]) -> Question:
    return lambda: counts.of(viewer, chosen)


def _asked(reader: LibraryReader, viewer: Viewer, wanted: Wanted) -> Question:
    if wanted.words:
        return lambda: reader.found(viewer, wanted, limit=PAGE, skip=0)
    return lambda: reader.listed(viewer, wanted, limit=PAGE, before=None)


def _used(cluster: Postgres | None) -> float:
    """Return the processor time in seconds of this process, and of the cluster's backends."""
    used = time.process_time()
    if cluster is not None:
        used += cluster.processor_s()
    return used


def _ms(some: list[float], share: float) -> float:
    ordered = sorted(some)
    return round(1000 * ordered[max(0, math.ceil(share * len(ordered)) - 1)], 1)


# --- recall --------------------------------------------------------------------------------------


async def _compared(database: Database, records: int) -> list[asking.Missing]:
    chance, index = random.Random(11), index_of(database)
    found = []
    for number in range(COMPARED):
        viewer = asking.teacher(chance)
        typed = asking.word(chance, 1 + number % 4, records)
        lacking = await asking.missing(database, index, viewer, typed)
        if lacking is not None:
            found.append(lacking)
    return found

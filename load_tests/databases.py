"""Databases of benches: SQLite in a temporary folder, a PostgreSQL of their own, or one by URL."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from load_tests.postgres import postgres

POSTGRESQL = "postgresql"  # the word for a temporary cluster, as tests have it


@contextmanager
def empty_database(choice: str | None) -> Iterator[str]:
    """Yield the URL of an empty database, gone afterwards unless it was given by URL.

    Args:
        choice: None for SQLite, "postgresql" for a temporary cluster, or a URL.
    """
    if choice is None:
        with tempfile.TemporaryDirectory(prefix="tongke-bench-") as folder:
            yield f"sqlite+aiosqlite:///{Path(folder) / 'bench.db'}"
    elif choice == POSTGRESQL:
        with postgres(durable=True) as cluster:
            yield cluster.create("bench")
    else:
        yield choice

"""Kinds of jobs: what a wing declares, and what its handler is given.

A wing declares a `JobKind` beside its service, which submits jobs of it. The handler may stand in
another module: only the worker process loads it (`signaling/command/work.py`).
"""

from __future__ import annotations

from collections.abc import AsyncIterable, Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

import msgspec

from signaling.access.roles import Actor
from signaling.audit.log import AuditLog
from signaling.base.clock import Clock
from signaling.base.database import Database

MAX_KIND_CHARS = 40  # the width of the column in `tables.JobRow`

Argument = TypeVar("Argument", bound=msgspec.Struct)
Result = TypeVar("Result", bound=msgspec.Struct)


@dataclass(frozen=True, slots=True)
class JobLimits:
    """Bounds of one run. The kernel holds the worker to them.

    Attributes:
        memory_mb: MiB of addresses; Python and its libraries take some 400 of them.
        cpu_s: seconds of computing.
        wall_s: seconds in all.
    """

    memory_mb: int = 2048
    cpu_s: int = 600
    wall_s: int = 900


@dataclass(frozen=True, slots=True)
class JobKind(Generic[Argument, Result]):
    """A kind of job: its name in the database and in pages, and the types of its two ends."""

    name: str
    argument: type[Argument]
    result: type[Result]
    limits: JobLimits = field(default_factory=JobLimits)

    def __post_init__(self) -> None:
        if not 0 < len(self.name) <= MAX_KIND_CHARS:
            raise ValueError(f"the name of a kind has 1…{MAX_KIND_CHARS} characters: {self.name}")


class JobCancelled(Exception):
    """The run is no longer wanted: its job was cancelled, or the server stops."""


class KeptFile(Protocol):
    """A file that a job made."""

    @property
    def file_id(self) -> str:
        """The id by which pages find it: `/api/files/<file_id>/content`."""


class JobFiles(Protocol):
    """The files that jobs read and make; see `signaling.files.keeping.Files`."""

    async def keep(
        self,
        actor: Actor,
        name: str,
        media_type: str,
        chunks: AsyncIterable[bytes] | Iterable[bytes],
    ) -> KeptFile:
        """Keep a file for its owner. Raises TooLarge, StorageFull."""

    async def read(self, owner_id: str, file_id: str) -> bytes:
        """Return the whole of a finished file of the owner's. Raises NotFound, FileTooLarge."""


class JobContext(Protocol):
    """Facts and tools with which a handler works.

    A handler first computes and then writes, in one unit of work at its end. It names its result in
    that unit by `finish`, so that rows and result are there together or not at all. A run that
    breaks off is repeated from the start.

    Attributes:
        job_id: the job.
        actor: the one who submitted it, with the grants of now.
        branch: the path of the org node that it is about.
        database: for reading.
        files: for reading uploads, and keeping exports.
        clock: the time.
        audit: opens units of work, which fail once the run is no longer wanted.
    """

    job_id: str
    actor: Actor
    branch: str
    database: Database
    files: JobFiles
    clock: Clock
    audit: AuditLog

    def progress(self, done: int, total: int) -> None:
        """Tell how far the work is. Call it often: it is cheap. Raises JobCancelled."""

    def finish(self, result: msgspec.Struct) -> None:
        """Have the result written with the unit of work that is open."""


Handler = Callable[[JobContext, Argument], Awaitable[Result]]


class JobKinds:
    """The kinds that a worker can carry out, each with its handler."""

    def __init__(self) -> None:
        self._handlers: dict[str, tuple[JobKind[Any, Any], Handler[Any, Any]]] = {}

    def add(self, kind: JobKind[Argument, Result], handler: Handler[Argument, Result]) -> JobKinds:
        """Add a kind; returns the registry. Raises ValueError for a name that is taken."""
        if kind.name in self._handlers:
            raise ValueError(f"two kinds of jobs are named {kind.name}")
        self._handlers[kind.name] = (kind, handler)
        return self

    def find(self, name: str) -> tuple[JobKind[Any, Any], Handler[Any, Any]] | None:
        """Return a kind and its handler."""
        return self._handlers.get(name)

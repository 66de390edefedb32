"""Imports and exports without a worker: the handlers, over a directory and files in memory."""

from collections.abc import AsyncIterable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from signaling.access.roles import Actor
from signaling.audit.log import AuditLog
from signaling.base.database import Database
from signaling.base.errors import NotFound
from signaling.directory.workbooks.exporting import DirectoryExports
from signaling.directory.workbooks.forms import FORMS
from signaling.directory.workbooks.importing import DirectoryImports
from signaling.directory.workbooks.wire import (
    DirectoryExport,
    DirectoryImport,
    DirectoryImported,
    DirectoryNoun,
)
from signaling.files.workbooks.reading import read_workbook
from signaling.files.workbooks.sheets import Cell
from signaling.files.workbooks.writing import Column, Table, write_workbook
from signaling.identity.accounts.changes import end_sessions
from tests.integration.signaling.directory.counties import ADMIN, NOW, Counties, FixedClock


@dataclass
class _Kept:
    file_id: str


@dataclass
class MemoryFiles:
    """Files of one owner. Implements `JobFiles`."""

    data: dict[str, bytes] = field(default_factory=dict)

    async def keep(
        self,
        actor: Actor,
        name: str,
        media_type: str,
        chunks: AsyncIterable[bytes] | Iterable[bytes],
    ) -> _Kept:
        assert not isinstance(chunks, AsyncIterable)
        self.data[name] = b"".join(chunks)
        return _Kept(name)

    async def read(self, owner_id: str, file_id: str) -> bytes:
        if file_id not in self.data:
            raise NotFound()
        return self.data[file_id]


@dataclass
class Run:
    """A run that nobody cancels. Implements `JobContext`."""

    database: Database
    audit: AuditLog
    branch: str
    actor: Actor = ADMIN
    job_id: str = "job"
    files: MemoryFiles = field(default_factory=MemoryFiles)
    clock: FixedClock = field(default_factory=FixedClock)
    finished: list[Any] = field(default_factory=list)

    def progress(self, done: int, total: int) -> None:
        assert 0 <= done <= total

    def finish(self, result: Any) -> None:
        self.finished.append(result)


def run_of(counties: Counties, branch: str = "/cn/c1/") -> Run:
    """A run of the admin of c1."""
    return Run(counties.database, counties.audit, branch)


def sheet(noun: DirectoryNoun, titles: Sequence[str], rows: Iterable[Sequence[Cell]]) -> bytes:
    """A workbook with one sheet."""
    return write_workbook([Table(noun.value, tuple(map(Column, titles)), rows)], NOW)


def form_titles(noun: DirectoryNoun) -> list[str]:
    """The titles of a noun's sheet."""
    return [column.title for column in FORMS[noun].columns]


async def imported(
    run: Run, noun: DirectoryNoun, data: bytes, *, apply: bool = True
) -> DirectoryImported:
    """Import a workbook."""
    run.files.data["upload"] = data
    node_id = run.branch.rstrip("/").rpartition("/")[2]
    wish = DirectoryImport(noun, node_id, "upload", apply)
    return await DirectoryImports(end_sessions).carry_out(run, wish)


async def exported(run: Run, noun: DirectoryNoun, *, template: bool = False) -> bytes:
    """Export a noun; returns the workbook."""
    wish = DirectoryExport(noun, "c1", template)
    made = await DirectoryExports(end_sessions).carry_out(run, wish)
    return run.files.data[made.file_id]


def cells_of(data: bytes) -> tuple[tuple[Cell, ...], ...]:
    """The rows of the first sheet."""
    return read_workbook(data).sheets[0].rows

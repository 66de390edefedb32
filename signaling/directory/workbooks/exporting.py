"""Making a workbook of a noun's entries, or a template; in a worker process."""

from __future__ import annotations

from collections.abc import Iterator

from signaling.access.actions import Action
from signaling.access.grants import demand
from signaling.base.errors import NotFound
from signaling.directory.teachers.sessions import EndSessions
from signaling.directory.workbooks.cells import cell_of
from signaling.directory.workbooks.forms import (
    ACTIVE_WORDS,
    FORMS,
    ID_TITLE,
    STATE_TITLE,
    SheetColumn,
    SheetForm,
)
from signaling.directory.workbooks.stores import store_of
from signaling.directory.workbooks.surroundings import (
    Surroundings,
    home_of,
    read_surroundings,
)
from signaling.directory.workbooks.wire import DirectoryExport, DirectoryExported
from signaling.files.workbooks.sheets import Cell
from signaling.files.workbooks.writing import Column, Table, write_workbook
from signaling.jobs.kinds import JobContext

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_ID_NOTE = "新增则不填"
_STATE_NOTE = "导入时不看这一列"
_MOST_CHOICES = 1000  # of one column


class DirectoryExports:
    """Writes entries into workbooks that imports read again."""

    def __init__(self, end_sessions: EndSessions) -> None:
        self._end_sessions = end_sessions

    async def carry_out(self, context: JobContext, wish: DirectoryExport) -> DirectoryExported:
        """Make a workbook and keep it for the actor. Raises NotFound where the node is gone."""
        demand(context.actor, Action.MANAGE_DIRECTORY, branches=(context.branch,))
        store = store_of(wish.noun, context.database, self._end_sessions)
        async with context.database.read() as session:
            home = await home_of(session, context.branch)
            if home is None:
                raise NotFound(field="node_id")
            around = await read_surroundings(session, wish.noun, store, home)
        form = FORMS[wish.noun]
        count = 0 if wish.template else len(around.present)
        rows = () if wish.template else _rows(form, around, context)
        table = Table(form.title, _columns(form, around), rows)
        data = write_workbook([table], context.clock.now())
        name = f"{home.name}{form.title}{'模板' if wish.template else ''}.xlsx"
        kept = await context.files.keep(context.actor, name, XLSX, [data])
        return DirectoryExported(kept.file_id, name, count)


def _columns(form: SheetForm, around: Surroundings) -> tuple[Column, ...]:
    return (
        Column(ID_TITLE, note=_ID_NOTE),
        *(Column(one.title, _choices(one, around), one.note) for one in form.columns),
        Column(STATE_TITLE, note=_STATE_NOTE),
    )


def _choices(column: SheetColumn, around: Surroundings) -> tuple[str, ...]:
    if column.words:
        return tuple(column.words)
    if column.refers is None:
        return ()
    names = around.references[column.refers]
    usable = [name for one, name in names.names.items() if one not in names.closed]
    return tuple(usable[:_MOST_CHOICES])


def _rows(form: SheetForm, around: Surroundings, context: JobContext) -> Iterator[tuple[Cell, ...]]:
    for number, (entry_id, values) in enumerate(around.present.items()):
        context.progress(number, len(around.present))
        yield (
            entry_id,
            *(cell_of(one, values[one.name], around.references) for one in form.columns),
            ACTIVE_WORDS[entry_id not in around.idle],
        )

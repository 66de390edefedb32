"""What a migration takes from code of the version before, which works on beside it.

Migrations are run on a real database. Each operation is looked at before it is carried out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest.mock import patch

import sqlalchemy as sa
from alembic import command
from alembic.operations import AbstractOperations
from alembic.operations import ops as operations
from alembic.operations.batch import BatchOperationsImpl
from alembic.script import ScriptDirectory

from recorder.migrating import Chain

_TAKES = re.compile(r"\s*(DROP|ALTER|DELETE|TRUNCATE|CREATE\s+UNIQUE)\b", re.IGNORECASE)


def takings(connection: sa.Connection, chain: Chain, first: str) -> dict[str, list[str]]:
    """Run a chain on an empty database; return what each migration takes, from `first` on."""
    script = ScriptDirectory.from_config(chain.config())
    revisions = [one.revision for one in script.walk_revisions()][::-1]
    start = revisions.index(first)
    if start:
        command.upgrade(chain.config(connection), revisions[start - 1])
    found = {}
    for revision in revisions[start:]:
        with _watched(connection, chain.version_table) as found[revision]:
            command.upgrade(chain.config(connection), revision)
    return found


def markers(chain: Chain) -> dict[str, str]:
    """The floor that each contracting migration names."""
    script = ScriptDirectory.from_config(chain.config())
    return {
        one.revision: one.module.CONTRACTS
        for one in script.walk_revisions()
        if hasattr(one.module, "CONTRACTS")
    }


@contextmanager
def _watched(connection: sa.Connection, version_table: str) -> Iterator[list[str]]:
    """Collect what is taken by operations, and by statements that a migration runs itself."""
    found: list[str] = []
    watch = _Watch(connection, found)
    invoke, flush = AbstractOperations.invoke, BatchOperationsImpl.flush

    def looked_at(self: AbstractOperations, operation: operations.MigrateOperation) -> Any:
        watch.look(operation)
        with watch.inside():
            return invoke(self, operation)

    def flushed(self: BatchOperationsImpl) -> None:
        with watch.inside():  # SQLite's copy of the table
            flush(self)

    def executed(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if watch.depth == 0 and version_table not in statement and _TAKES.match(statement):
            found.append(f"runs {statement}")

    with ExitStack() as stack:
        stack.enter_context(patch.object(AbstractOperations, "invoke", looked_at))
        stack.enter_context(patch.object(BatchOperationsImpl, "flush", flushed))
        sa.event.listen(connection, "before_cursor_execute", executed)
        stack.callback(sa.event.remove, connection, "before_cursor_execute", executed)
        yield found


class _Watch:
    """The look at one migration."""

    def __init__(self, connection: sa.Connection, found: list[str]) -> None:
        self.depth = 0
        self._connection = connection
        self._found = found
        self._new: set[str] = set()  # tables of this migration, of which nobody else knows
        self._looks: dict[type, Callable[[Any], Iterator[str]]] = {
            operations.CreateTableOp: self._table,
            operations.AddColumnOp: self._column,
            operations.AlterColumnOp: self._alteration,
            operations.CreateIndexOp: self._index,
            operations.DropIndexOp: self._index_gone,
            operations.ExecuteSQLOp: self._statement,
            operations.BulkInsertOp: lambda _: iter(()),
        }

    @contextmanager
    def inside(self) -> Iterator[None]:
        """Statements meanwhile belong to an operation that was looked at."""
        self.depth += 1
        try:
            yield
        finally:
            self.depth -= 1

    def look(self, operation: operations.MigrateOperation) -> None:
        """Collect what an operation takes. One of an unknown kind takes something, to be safe."""
        if getattr(operation, "table_name", None) in self._new:
            return
        look = self._looks.get(type(operation))
        if look is None:
            self._found.append(f"{type(operation).__name__}: {vars(operation)}")
        else:
            self._found.extend(look(operation))

    def _table(self, operation: operations.CreateTableOp) -> Iterator[str]:
        self._new.add(operation.table_name)
        for item in operation.columns:
            if isinstance(item, (sa.Column, sa.ForeignKeyConstraint)):
                yield from self._references(operation.table_name, item)

    def _references(
        self, table: str, item: sa.Column[Any] | sa.ForeignKeyConstraint
    ) -> Iterator[str]:
        """Foreign keys that keep code which knows nothing of them from deleting a row."""
        keys = item.foreign_keys if isinstance(item, sa.Column) else item.elements
        for key in keys:
            target = key.target_fullname.partition(".")[0]
            if target not in self._new and not key.ondelete:
                yield f"rows of {table} keep rows of {target} from being deleted: no ondelete"

    def _column(self, operation: operations.AddColumnOp) -> Iterator[str]:
        column, name = operation.column, f"{operation.table_name}.{operation.column.name}"
        if not column.nullable and column.server_default is None:
            yield f"{name} is NOT NULL without a server default"
        if column.unique:
            yield f"{name} is unique"
        yield from self._references(operation.table_name, column)

    def _alteration(self, operation: operations.AlterColumnOp) -> Iterator[str]:
        name = f"{operation.table_name}.{operation.column_name}"
        if operation.modify_name is not None:
            yield f"{name} is renamed"
        if operation.modify_type is not None:
            yield f"{name} has another type"
        if operation.modify_nullable is False:
            yield f"{name} becomes NOT NULL"
        if operation.modify_server_default is None:
            yield f"{name} loses its server default"

    def _index(self, operation: operations.CreateIndexOp) -> Iterator[str]:
        if operation.unique:
            yield f"a unique index on {operation.table_name}"

    def _index_gone(self, operation: operations.DropIndexOp) -> Iterator[str]:
        """An index may go, but for a unique one: ON CONFLICT names its columns."""
        indexes = sa.inspect(self._connection).get_indexes(operation.table_name or "")
        if any(one["name"] == operation.index_name and one["unique"] for one in indexes):
            yield f"the unique index {operation.index_name} goes"

    def _statement(self, operation: operations.ExecuteSQLOp) -> Iterator[str]:
        if _TAKES.match(str(operation.sqltext)):
            yield f"runs {operation.sqltext}"

"""A chain of migrations in a database that processes of two versions share.

While an installation is upgraded, processes of the former version go on, and one of them may start
again. So a migration only expands the schema. One that takes something out has a constant:

    CONTRACTS = "0036"  # code that knows revision 0036 uses no more what goes here

The database then keeps this *floor*. A process may work on a newer schema if it knows the floor.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import sqlalchemy as sa
import structlog
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

log = structlog.get_logger(__name__)


class SchemaTooNew(Exception):
    """A newer version took something out of the schema that this one uses.

    Attributes:
        revision: of the schema.
        floor: the revision that code must know to work on it.
    """

    def __init__(self, revision: str, floor: str) -> None:
        super().__init__(f"the schema is at {revision} and needs code that knows {floor}")
        self.revision = revision
        self.floor = floor


@dataclass(frozen=True, slots=True)
class Chain:
    """The migrations of one service.

    Attributes:
        folder: of `env.py` and `versions`.
        service: its name; the two tables of the chain begin with it.
    """

    folder: Path
    service: str

    @property
    def version_table(self) -> str:
        """The table with the revision of the schema; has one row."""
        return f"{self.service}_alembic_version"

    @property
    def floor_table(self) -> str:
        """The table with the floor; it is made with the first floor, and has one row."""
        return f"{self.service}_schema_floor"

    @property
    def newest(self) -> str:
        """The newest revision that this code knows."""
        return _known(self.folder)[0]

    def config(self, connection: sa.Connection | None = None) -> Config:
        """Alembic's settings for this chain."""
        config = Config()
        config.set_main_option("script_location", str(self.folder))
        config.set_main_option("path_separator", "os")
        config.attributes["connection"] = connection
        return config

    def upgrade(self, connection: sa.Connection, target: str = "head") -> None:
        """Bring the schema to a revision. A newer one stays as it is, if this code knows its floor.

        Raises:
            SchemaTooNew: this code does not know the floor.
        """
        if target == "head" and self.is_current(connection):
            return
        command.upgrade(self.config(connection), target)
        self._keep_floor(connection)

    def is_current(self, connection: sa.Connection) -> bool:
        """Tell whether this code has nothing to add to the schema.

        Raises:
            SchemaTooNew: this code does not know the floor.
        """
        revision = self.revision(connection)
        if revision is None or revision in _known(self.folder):
            return revision == self.newest
        floor = self._floor(connection)
        if floor is not None and floor not in _known(self.folder):
            raise SchemaTooNew(revision, floor)
        log.warning(
            "schema_is_newer",
            service=self.service,
            revision=revision,
            known=self.newest,
        )
        return True

    def revision(self, connection: sa.Connection) -> str | None:
        """The revision of the schema; None of an empty database."""
        options = {"version_table": self.version_table}
        return MigrationContext.configure(connection, opts=options).get_current_revision()

    def _floor(self, connection: sa.Connection) -> str | None:
        if not sa.inspect(connection).has_table(self.floor_table):
            return None
        return connection.execute(sa.select(self._floors().c.revision)).scalar_one_or_none()

    def _keep_floor(self, connection: sa.Connection) -> None:
        """Write the highest floor of the migrations that the schema has seen."""
        known = _known(self.folder)
        seen = known[known.index(self.revision(connection) or known[-1]) :]
        floors = [one for one in known if one in {_floors_of(self.folder).get(of) for of in seen}]
        if not floors:
            return
        table = self._floors()
        table.create(connection, checkfirst=True)
        connection.execute(sa.delete(table))
        connection.execute(sa.insert(table).values(revision=floors[0]))

    def _floors(self) -> sa.Table:
        column = sa.Column("revision", sa.String(32), primary_key=True)
        return sa.Table(self.floor_table, sa.MetaData(), column)


@cache
def _known(folder: Path) -> tuple[str, ...]:
    """The revisions of a chain, the newest first. All are loaded: once in a process."""
    return tuple(one.revision for one in _scripts(folder).walk_revisions())


@cache
def _floors_of(folder: Path) -> dict[str, str]:
    """The floor that each contracting migration sets."""
    return {
        one.revision: one.module.CONTRACTS
        for one in _scripts(folder).walk_revisions()
        if hasattr(one.module, "CONTRACTS")
    }


def _scripts(folder: Path) -> ScriptDirectory:
    return ScriptDirectory.from_config(Chain(folder, "").config())

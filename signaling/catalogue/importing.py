"""Carrying out an import: the comparison, and with `apply` the writing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncSession

from signaling.access.actions import Action
from signaling.access.grants import demand
from signaling.access.roles import Actor
from signaling.audit.actions import AuditAction
from signaling.audit.facts import detail_of
from signaling.audit.log import AuditLog
from signaling.base.database import Database
from signaling.base.errors import NotFound
from signaling.catalogue import store
from signaling.catalogue.kind import CATALOGUE_LOCK
from signaling.catalogue.reading import CatalogueFile, CatalogueRefused, read_catalogue
from signaling.catalogue.rules import Plan, plan
from signaling.catalogue.wire import (
    MAX_CHANGES,
    CatalogueChangeKind,
    CatalogueImport,
    CatalogueImported,
)
from signaling.directory.branches import concerns_node
from signaling.directory.tables import CountyRow
from signaling.files.workbooks.refusals import WorkbookRefused
from signaling.jobs.kinds import JobContext


class InUse(Protocol):
    """Counts published resources that name chapters which are gone."""

    async def __call__(self, session: AsyncSession, county_id: str, plan: Plan) -> int:
        """Return how many of the chapters that are gone some published resource names."""
        ...


class CatalogueImports:
    """Takes files over, or says what they would change."""

    def __init__(self, in_use: InUse) -> None:
        self._in_use = in_use

    async def carry_out(self, context: JobContext, wish: CatalogueImport) -> CatalogueImported:
        """Read an upload and compare it, and with `apply` write the difference.

        Raises:
            Forbidden: the owner no longer manages the county.
            NotFound: the file or the county is gone.
        """
        demand(context.actor, Action.MANAGE_DIRECTORY, branches=(context.branch,))
        data = await context.files.read(context.actor.actor_id, wish.file_id)
        return await self.take(
            context.database,
            context.audit,
            context.actor,
            county_id=wish.county_id,
            data=data,
            apply=wish.apply,
            ended=context.finish,
        )

    async def take(
        self,
        database: Database,
        audit: AuditLog,
        actor: Actor,
        *,
        county_id: str,
        data: bytes,
        apply: bool,
        ended: Callable[[CatalogueImported], None] = lambda _: None,
    ) -> CatalogueImported:
        """Compare a file with a county's catalogue, and with `apply` write the difference.

        Args:
            database: the database.
            audit: its log.
            actor: the one who asks.
            county_id: the county.
            data: the file.
            apply: write it.
            ended: hears of the outcome inside of the writing transaction.
        """
        try:
            file = read_catalogue(data)
        except WorkbookRefused as refused:
            return CatalogueImported(False, refused=refused.code, refused_facts=refused.facts)
        except CatalogueRefused as refused:
            return CatalogueImported(False, fault=refused.fault)
        async with database.read() as session:
            if await session.get(CountyRow, county_id) is None:
                raise NotFound(field="county_id")
            found = plan(file.books, await store.known(session, county_id))
            used = await self._in_use(session, county_id, found)
        if not apply or found.is_empty:
            return _outcome(file, found, used, applied=apply)
        async with audit.work(actor, AuditAction.CATALOGUE_IMPORT, county_id) as work:
            await concerns_node(work, county_id)
            await database.serialize(work.session, CATALOGUE_LOCK)
            # Compared again: another import may have come in between.
            found = plan(file.books, await store.known(work.session, county_id))
            await store.write(work.session, county_id, found)
            outcome = _outcome(file, found, used, applied=True)
            work.detail = detail_of(added=outcome.new, changed=outcome.moved, removed=outcome.gone)
            ended(outcome)
        return outcome


def _outcome(file: CatalogueFile, found: Plan, used: int, *, applied: bool) -> CatalogueImported:
    number = Counter(one.kind for one in found.changes)
    return CatalogueImported(
        applied=applied,
        books=len(file.books),
        new=number[CatalogueChangeKind.NEW],
        moved=number[CatalogueChangeKind.MOVED],
        gone=number[CatalogueChangeKind.GONE],
        in_use=used,
        unchanged=found.unchanged,
        skipped=file.skipped,
        changes=found.changes[:MAX_CHANGES],
    )

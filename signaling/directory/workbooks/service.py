"""Asking for imports and exports: permission, and a job that carries them out."""

from __future__ import annotations

from typing import Protocol

from sqlalchemy import false, select

from signaling.access.actions import Action
from signaling.access.grants import branches_granted, demand_somewhere
from signaling.access.roles import Actor
from signaling.base.database import Database
from signaling.base.errors import Invalid
from signaling.base.problem_codes import ProblemCode
from signaling.directory.branches import in_branches
from signaling.directory.tables import OrgNodeRow
from signaling.directory.workbooks.forms import FORMS
from signaling.directory.workbooks.kinds import DIRECTORY_EXPORT, DIRECTORY_IMPORT
from signaling.directory.workbooks.wire import DirectoryExport, DirectoryImport, DirectoryNoun
from signaling.files.records import FileRecord
from signaling.files.wire import FilePurpose
from signaling.jobs.records import JobRecord
from signaling.jobs.service import JobService


class Uploads(Protocol):
    """Finds uploads; see `signaling.files.keeping.Files`."""

    async def ready(
        self, owner_id: str, file_id: str, purpose: FilePurpose | None = None
    ) -> FileRecord:
        """Return a finished file of an owner. Raises NotFound."""


class WorkbookService:
    """Imports and exports of the directory, as jobs of the one who asks."""

    def __init__(self, database: Database, jobs: JobService, uploads: Uploads) -> None:
        self._database = database
        self._jobs = jobs
        self._uploads = uploads

    @staticmethod
    def demand_may_submit(actor: Actor) -> None:
        """Raise Forbidden unless the actor manages some branch."""
        demand_somewhere(actor, Action.MANAGE_DIRECTORY)

    async def start_import(self, actor: Actor, wish: DirectoryImport) -> JobRecord:
        """Have a workbook read, and with `apply` taken over.

        Raises:
            NotFound: no such upload of the actor's.
            Invalid: the noun has no sheet for this node, or the actor does not manage the node.
            TooManyJobs: the actor has all the jobs under way that there may be.
        """
        branch = await self._branch(actor, wish.noun, wish.node_id)
        await self._uploads.ready(actor.actor_id, wish.file_id, FilePurpose.IMPORT_WORKBOOK)
        return await self._jobs.submit(actor, DIRECTORY_IMPORT, wish, branch=branch)

    async def start_export(self, actor: Actor, wish: DirectoryExport) -> JobRecord:
        """Have a workbook made. Raises Invalid and TooManyJobs as for imports."""
        branch = await self._branch(actor, wish.noun, wish.node_id)
        return await self._jobs.submit(actor, DIRECTORY_EXPORT, wish, branch=branch)

    async def _branch(self, actor: Actor, noun: DirectoryNoun, node_id: str) -> str:
        branches = branches_granted(actor, Action.MANAGE_DIRECTORY)
        query = select(OrgNodeRow.path).where(
            OrgNodeRow.node_id == node_id,
            OrgNodeRow.level.in_(FORMS[noun].levels),
            in_branches(OrgNodeRow.node_id, branches) if branches else false(),
        )
        async with self._database.read() as session:
            path = await session.scalar(query)
        if path is None:
            raise Invalid(code=ProblemCode.UNKNOWN_NODE, field="node_id")
        return path

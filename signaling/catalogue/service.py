"""The catalogue as pages ask for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from sqlalchemy import select

from signaling.access.actions import Action
from signaling.access.grants import allows, demand_somewhere
from signaling.access.roles import Actor
from signaling.base.database import Database
from signaling.base.errors import Invalid, NotFound
from signaling.base.problem_codes import ProblemCode
from signaling.catalogue import store
from signaling.catalogue.kind import CATALOGUE_IMPORT
from signaling.catalogue.rules import EDITIONS, GRADES, SUBJECTS, VOLUMES, merged
from signaling.catalogue.wire import (
    MAX_SECTIONS,
    CatalogueChoices,
    CatalogueImport,
    CatalogueStage,
    CatalogueSummary,
)
from signaling.directory.tables import OrgNodeRow
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


class Catalogue:
    """Choices for metadata, and imports."""

    def __init__(self, database: Database, jobs: JobService, uploads: Uploads) -> None:
        self._database = database
        self._jobs = jobs
        self._uploads = uploads

    async def choices(
        self, actor: Actor, chosen: Mapping[str, str], words: str
    ) -> CatalogueChoices:
        """Return what may be chosen in the actor's county.

        Args:
            actor: the one who asks.
            chosen: names by `store.LEVELS`.
            words: what sections must hold.
        """
        county = actor.county.rstrip("/").rpartition("/")[2]
        stages = _stages(chosen.get("stage"))
        shipped = {
            "subject": [one for stage in stages for one in SUBJECTS[stage]],
            "edition": list(EDITIONS),
            "grade": [one for stage in stages for one in GRADES[stage]],
            "volume": [one for stage in stages for one in VOLUMES[stage]],
        }
        found, above = {}, dict[str, str]()
        async with self._database.read() as session:
            for level in store.LEVELS:
                if level != "stage":
                    names = await store.names_of(session, county, level, above)
                    found[level] = merged(shipped[level], names)
                if level in chosen:
                    above[level] = chosen[level]
            sections = list[str]()
            total = 0
            if "subject" in chosen:
                sections, total = await store.sections_of(
                    session, county, above, words, MAX_SECTIONS
                )
        return CatalogueChoices(
            subjects=found["subject"],
            editions=found["edition"],
            grades=found["grade"],
            volumes=found["volume"],
            sections=tuple(sections),
            sections_total=total,
        )

    async def summary(self, actor: Actor, county_id: str) -> CatalogueSummary:
        """Return how much a county's catalogue has. Raises NotFound."""
        if await self._path(actor, county_id) is None:
            raise NotFound(code=ProblemCode.UNKNOWN_COUNTY)
        async with self._database.read() as session:
            books, chapters, gone = await store.counts(session, county_id)
        return CatalogueSummary(county_id, books, chapters, gone)

    @staticmethod
    def demand_may_import(actor: Actor) -> None:
        """Raise Forbidden unless the actor manages some branch."""
        demand_somewhere(actor, Action.MANAGE_DIRECTORY)

    async def start_import(self, actor: Actor, wish: CatalogueImport) -> JobRecord:
        """Have a file read, and with `apply` taken over.

        Raises:
            NotFound: no such upload of the actor's.
            Invalid: no county that the actor manages.
            TooManyJobs: the actor has all the jobs under way that there may be.
        """
        path = await self._path(actor, wish.county_id)
        if path is None:
            raise Invalid(code=ProblemCode.UNKNOWN_NODE, field="county_id")
        await self._uploads.ready(actor.actor_id, wish.file_id, FilePurpose.IMPORT_WORKBOOK)
        return await self._jobs.submit(actor, CATALOGUE_IMPORT, wish, branch=path)

    async def _path(self, actor: Actor, county_id: str) -> str | None:
        """Return the path of a county that the actor manages."""
        query = select(OrgNodeRow.path).where(
            OrgNodeRow.node_id == county_id, OrgNodeRow.level == "county"
        )
        async with self._database.read() as session:
            path = await session.scalar(query)
        if path is None or not allows(actor, Action.MANAGE_DIRECTORY, branches=(path,)):
            return None
        return path


def _stages(chosen: str | None) -> tuple[CatalogueStage, ...]:
    return tuple(stage for stage in CatalogueStage if chosen in {None, stage})

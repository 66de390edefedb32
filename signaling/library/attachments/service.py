"""Attachments: put beside a draft, carried into new versions, and given to those who may see them.

They change with the draft alone, so what was reviewed is what is published.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import quote

from sqlalchemy.ext.asyncio import AsyncSession

from signaling.access.actions import Action
from signaling.access.roles import Actor
from signaling.audit.actions import AuditAction
from signaling.audit.facts import detail_of
from signaling.audit.log import Work
from signaling.base.errors import NotFound, Refused
from signaling.base.problem_codes import ProblemCode
from signaling.files.holding import HeldFile, HeldFiles
from signaling.files.records import Holder
from signaling.files.wire import FilePurpose
from signaling.library.attachments import store
from signaling.library.versions.ground import ResourceGround, WrongResourceState
from signaling.library.versions.service import draft_row
from signaling.library.versions.tables import AttachmentRow, ResourceVersionRow
from signaling.library.versions.wire import (
    Attachment,
    AttachmentAdd,
    AttachmentKind,
    VersionState,
)

HOLDER = "resource_version"  # the noun under which a version uses a file
MAX_ATTACHMENTS = 20  # of one version


@dataclass(frozen=True, slots=True)
class Attachments:
    """The actions on attachments. `prefix` is what a proxy puts before every path."""

    ground: ResourceGround
    files: HeldFiles
    prefix: str = ""

    async def add(self, actor: Actor, resource_id: str, wish: AttachmentAdd) -> None:
        """Put an uploaded file beside the draft.

        Raises:
            ResourceNotFound: there is none for the actor.
            Forbidden: the actor may only read it.
            WrongResourceState: it is not a draft.
            NotFound: the actor has no such finished file.
            Refused: the version has as many as there may be.
        """
        async with self.ground.opened(
            actor, AuditAction.RESOURCE_ATTACH, Action.EDIT_RESOURCE, resource_id
        ) as (work, held):
            row = await draft_row(work.session, held, self.ground.clock.now())
            await work.session.flush()
            present = await store.of_version(work.session, resource_id, row.number)
            if len(present) >= MAX_ATTACHMENTS:
                raise Refused(
                    code=ProblemCode.TOO_MANY_ATTACHMENTS, facts={"most": MAX_ATTACHMENTS}
                )
            file = await self.files.attach(
                work,
                wish.file_id,
                holder_of(resource_id, row.number),
                owner_id=actor.actor_id,
                purpose=FilePurpose.ATTACHMENT,
            )
            work.detail = detail_of(version=row.number, file=file.name)
            if any(one.file_id == wish.file_id for one in present):
                work.nothing_to_do()
                return
            work.session.add(
                AttachmentRow(
                    resource_id=resource_id,
                    number=row.number,
                    file_id=wish.file_id,
                    position=max((one.position for one in present), default=-1) + 1,
                    kind=wish.kind,
                    name=file.name,
                    size=file.size,
                )
            )
            self._touch(row)

    async def remove(self, actor: Actor, resource_id: str, file_id: str) -> None:
        """Take a file away from the draft. Raises as `add`; NotFound: it is not there."""
        async with self.ground.opened(
            actor, AuditAction.RESOURCE_DETACH, Action.EDIT_RESOURCE, resource_id
        ) as (work, held):
            if held.working is None or held.state is not VersionState.DRAFT:
                raise WrongResourceState()
            number = held.working.number
            row = await work.session.get(AttachmentRow, (resource_id, number, file_id))
            if row is None:
                raise NotFound(code=ProblemCode.FILE_NOT_FOUND)
            work.detail = detail_of(version=number, file=row.name)
            await store.forget(work.session, row)
            await self.files.detach(work, file_id, holder_of(resource_id, number))
            self._touch(held.working)

    async def carry(self, work: Work, resource_id: str, before: int, number: int) -> None:
        """Put the attachments of a version beside the one that is made of it."""
        for row in await store.of_version(work.session, resource_id, before):
            await self.files.attach(work, row.file_id, holder_of(resource_id, number))
            work.session.add(
                AttachmentRow(
                    resource_id=resource_id,
                    number=number,
                    file_id=row.file_id,
                    position=row.position,
                    kind=row.kind,
                    name=row.name,
                    size=row.size,
                )
            )

    def _touch(self, row: ResourceVersionRow) -> None:
        """Count a change of the draft: another page that shows other files submits nothing."""
        row.revision += 1
        row.updated_at = self.ground.clock.now()

    # --- reading ---------------------------------------------------------------------------------

    async def at_work(
        self, session: AsyncSession, resource_id: str, numbers: Collection[int]
    ) -> dict[int, tuple[Attachment, ...]]:
        """Return the attachments of versions, for those who work on them."""
        rows = await store.of_versions(session, resource_id, numbers)
        folder = f"{self.prefix}/api/resources/{quote(resource_id)}/versions"
        found: dict[int, tuple[Attachment, ...]] = dict.fromkeys(numbers, ())
        for one in rows:
            found[one.number] += (_shown(one, f"{folder}/{one.number}/attachments"),)
        return found

    async def published(self, resource_id: str, number: int) -> tuple[Attachment, ...]:
        """Return the attachments of a published version, for its viewers."""
        async with self.ground.database.read() as session:
            rows = await store.of_version(session, resource_id, number)
        folder = f"{self.prefix}/media/attachments/{quote(resource_id)}/{number}"
        return tuple(_shown(one, folder) for one in rows)

    async def file_at_work(
        self, actor: Actor, resource_id: str, number: int, file_id: str
    ) -> HeldFile:
        """Open an attachment for those who work on the resource. Raises ResourceNotFound."""
        await self.ground.seen(actor, Action.READ_RESOURCE, resource_id)
        return await self.file(resource_id, number, file_id)

    async def file(self, resource_id: str, number: int, file_id: str) -> HeldFile:
        """Open an attachment; who may is judged before. Raises NotFound."""
        async with self.ground.database.read() as session:
            row = await session.get(AttachmentRow, (resource_id, number, file_id))
        if row is None:
            raise NotFound(code=ProblemCode.FILE_NOT_FOUND)
        return await self.files.opened(file_id)


def holder_of(resource_id: str, number: int) -> Holder:
    """Return how a version is named where its files are held."""
    return Holder(HOLDER, f"{resource_id}/{number}")


def _shown(row: AttachmentRow, folder: str) -> Attachment:
    url = f"{folder}/{quote(row.file_id)}"
    return Attachment(row.file_id, AttachmentKind(row.kind), row.name, row.size, url)

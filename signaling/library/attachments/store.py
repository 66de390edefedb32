"""Reading and writing attachments."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from signaling.library.versions.tables import AttachmentRow


async def of_version(
    session: AsyncSession, resource_id: str, number: int
) -> Sequence[AttachmentRow]:
    """Return the attachments of a version, in their order."""
    return await of_versions(session, resource_id, (number,))


async def of_versions(
    session: AsyncSession, resource_id: str, numbers: Collection[int]
) -> Sequence[AttachmentRow]:
    """Return the attachments of some versions of a resource, in their order."""
    query = (
        select(AttachmentRow)
        .where(AttachmentRow.resource_id == resource_id, AttachmentRow.number.in_(numbers))
        .order_by(AttachmentRow.number, AttachmentRow.position, AttachmentRow.file_id)
    )
    return (await session.scalars(query)).all()


async def forget(session: AsyncSession, row: AttachmentRow) -> None:
    """Take an attachment away from its version."""
    await session.execute(
        delete(AttachmentRow).where(
            AttachmentRow.resource_id == row.resource_id,
            AttachmentRow.number == row.number,
            AttachmentRow.file_id == row.file_id,
        )
    )

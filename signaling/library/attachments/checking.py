"""What reviewers and authors are told about attachments."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from signaling.base.database import Database
from signaling.files.tables import FileRow
from signaling.library.attachments.rules import other_content
from signaling.library.versions.checks import Checked
from signaling.library.versions.tables import AttachmentRow
from signaling.library.versions.wire import CheckCode, CheckFinding, CheckWeight


class AttachmentCheck:
    """Tells which files are not what their names say. Implements `versions.checks.ReviewCheck`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def findings(self, version: Checked) -> Sequence[CheckFinding]:
        """Return a finding for each such file beside the version."""
        if version.number is None:
            return ()
        row = AttachmentRow
        query = (
            select(row.name, FileRow.media_type)
            .join(FileRow, FileRow.file_id == row.file_id)
            .where(row.resource_id == version.resource_id, row.number == version.number)
            .order_by(row.position)
        )
        async with self._database.read() as session:
            found = (await session.execute(query)).all()
        told = ((name, other_content(name, media_type)) for name, media_type in found)
        return [
            CheckFinding(CheckCode.ATTACHMENT_KIND, CheckWeight.WARNING, name=name, content=content)
            for name, content in told
            if content is not None
        ]

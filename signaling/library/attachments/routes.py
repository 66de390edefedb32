"""Routes: attachments of drafts, of versions at work, and of what is published."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from aiohttp import web

from signaling.access.actions import Action
from signaling.audit.actions import AuditAction
from signaling.base.errors import NotFound
from signaling.base.problem_codes import ProblemCode
from signaling.files.holding import HeldFile
from signaling.files.sending import send
from signaling.library.attachments.service import Attachments
from signaling.library.publishing.media import PublishedMedia
from signaling.library.publishing.routes import viewer_of
from signaling.library.versions.permits import permitted
from signaling.library.versions.reading import ResourceReader
from signaling.library.versions.wire import AttachmentAdd, ResourceDetail
from signaling.web.routes import Access, Call, Content, Route

_NUMBER = re.compile(r"[1-9][0-9]{0,8}")
# What a browser could run is not even named: it is bytes to be saved.
_ACTIVE = frozenset({"text/html", "image/svg+xml"})


@dataclass(frozen=True, slots=True)
class AttachmentHandlers:
    """Attachments, for authors, reviewers and viewers."""

    attachments: Attachments
    reader: ResourceReader
    media: PublishedMedia

    async def add(self, call: Call) -> ResourceDetail:
        """Put an uploaded file beside the draft."""
        await self.attachments.add(call.actor, call.path("resource_id"), call.body)
        return await self._shown(call)

    async def remove(self, call: Call) -> ResourceDetail:
        """Take a file away from the draft."""
        ids = call.path("resource_id"), call.path("file_id")
        await self.attachments.remove(call.actor, *ids)
        return await self._shown(call)

    async def at_work(self, call: Call) -> web.StreamResponse:
        """An attachment of any version, to be saved by those who work on the resource."""
        file = await self.attachments.file_at_work(
            call.actor, call.path("resource_id"), _number(call), call.path("file_id")
        )
        return await _sent(call, file)

    async def published(self, call: Call) -> web.StreamResponse:
        """An attachment of what is published, to be saved by whoever may see it."""
        file = await self.media.attachment(
            viewer_of(call), call.path("resource_id"), call.path("version"), call.path("file_id")
        )
        return await _sent(call, file)

    async def _shown(self, call: Call) -> ResourceDetail:
        return await self.reader.detail(call.actor, call.path("resource_id"))


def _number(call: Call) -> int:
    found = call.path("version")
    if not _NUMBER.fullmatch(found):
        raise NotFound(code=ProblemCode.FILE_NOT_FOUND)
    return int(found)


async def _sent(call: Call, file: HeldFile) -> web.StreamResponse:
    record = file.record
    if record.media_type in _ACTIVE:
        record = replace(record, media_type=None)
    return await send(call.request, record, file.path, file.read())


_ONE = "/api/resources/{resource_id}"
_FILE = Content("application/octet-stream", "the file, to be saved")
ROUTES = (
    Route(
        "POST",
        f"{_ONE}/attachments",
        AttachmentHandlers.add,
        "添加附件",
        ResourceDetail,
        AttachmentAdd,
        status=201,
        permit=permitted(AuditAction.RESOURCE_ATTACH, Action.EDIT_RESOURCE),
        audited=AuditAction.RESOURCE_ATTACH,
    ),
    Route(
        "DELETE",
        f"{_ONE}/attachments/{{file_id}}",
        AttachmentHandlers.remove,
        "移除附件",
        ResourceDetail,
        permit=permitted(AuditAction.RESOURCE_DETACH, Action.EDIT_RESOURCE),
        audited=AuditAction.RESOURCE_DETACH,
    ),
    Route(
        "GET",
        f"{_ONE}/versions/{{version}}/attachments/{{file_id}}",
        AttachmentHandlers.at_work,
        "工作中版本的附件",
        _FILE,
    ),
    Route(
        "GET",
        "/media/attachments/{resource_id}/{version}/{file_id}",
        AttachmentHandlers.published,
        "已发布版本的附件",
        _FILE,
        access=Access.GUEST,
    ),
)

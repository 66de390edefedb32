"""Routes: resources of uploads."""

from __future__ import annotations

from dataclasses import dataclass

from signaling.access.actions import Action
from signaling.audit.actions import AuditAction
from signaling.library.uploads.service import Uploads
from signaling.library.uploads.wire import UploadResource
from signaling.library.versions.permits import permitted
from signaling.library.versions.reading import ResourceReader
from signaling.library.versions.wire import ResourceDetail
from signaling.web.routes import Call, Route


@dataclass(frozen=True, slots=True)
class UploadHandlers:
    """Uploads that become resources, for their authors."""

    uploads: Uploads
    reader: ResourceReader

    async def make(self, call: Call) -> ResourceDetail:
        """A draft of an upload that was checked."""
        resource_id = await self.uploads.make(call.actor, call.body)
        return await self.reader.detail(call.actor, resource_id)

    async def again(self, call: Call) -> ResourceDetail:
        """Keep the video once more, after it failed."""
        resource_id = call.path("resource_id")
        await self.uploads.keep_again(call.actor, resource_id)
        return await self.reader.detail(call.actor, resource_id)


ROUTES = (
    Route(
        "POST",
        "/api/resources/uploads",
        UploadHandlers.make,
        "由上传的视频建立资源",
        ResourceDetail,
        UploadResource,
        status=201,
        audited=AuditAction.RESOURCE_UPLOAD,
    ),
    Route(
        "POST",
        "/api/resources/{resource_id}/upload",
        UploadHandlers.again,
        "重新处理上传的视频",
        ResourceDetail,
        permit=permitted(AuditAction.RESOURCE_UPLOAD, Action.EDIT_RESOURCE),
        audited=AuditAction.RESOURCE_UPLOAD,
    ),
)

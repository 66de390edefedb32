"""Routes: 我的资源, and a resource at work."""

from __future__ import annotations

from dataclasses import dataclass

from signaling.access.actions import Action
from signaling.audit.actions import AuditAction
from signaling.library.paging import BEFORE, LIMIT, limit_of, place_of
from signaling.library.versions.permits import permitted
from signaling.library.versions.reading import ResourceReader
from signaling.library.versions.service import ResourceEditing
from signaling.library.versions.wire import (
    DraftSave,
    ResourceDetail,
    ResourceList,
    ResourceSubmit,
)
from signaling.web.routes import Call, Route


@dataclass(frozen=True, slots=True)
class ResourceHandlers:
    """Resources, for their owners and reviewers."""

    reader: ResourceReader
    editing: ResourceEditing

    async def mine(self, call: Call) -> ResourceList:
        """The caller's own resources, the newest lesson first."""
        return await self.reader.mine(call.actor, limit=limit_of(call), before=place_of(call))

    async def get(self, call: Call) -> ResourceDetail:
        """One resource with its versions and reviews."""
        return await self.reader.detail(call.actor, call.path("resource_id"))

    async def begin_version(self, call: Call) -> ResourceDetail:
        """A new version, while the published one is served."""
        await self.editing.begin_version(call.actor, call.path("resource_id"))
        return await self.get(call)

    async def save(self, call: Call) -> ResourceDetail:
        """Save the draft."""
        await self.editing.save(call.actor, call.path("resource_id"), call.body)
        return await self.get(call)

    async def submit(self, call: Call) -> ResourceDetail:
        """Submit the draft for review."""
        await self.editing.submit(call.actor, call.path("resource_id"), call.body)
        return await self.get(call)

    async def recall(self, call: Call) -> ResourceDetail:
        """Take back what was submitted."""
        await self.editing.recall(call.actor, call.path("resource_id"))
        return await self.get(call)


_ONE = "/api/resources/{resource_id}"

ROUTES = (
    Route(
        "GET",
        "/api/resources/mine",
        ResourceHandlers.mine,
        "我的资源",
        ResourceList,
        query=(LIMIT, BEFORE),
    ),
    Route("GET", _ONE, ResourceHandlers.get, "一个资源的工作视图", ResourceDetail),
    Route(
        "POST",
        f"{_ONE}/versions",
        ResourceHandlers.begin_version,
        "新版本",
        ResourceDetail,
        status=201,
        audited=AuditAction.RESOURCE_VERSION,
    ),
    Route(
        "PUT",
        f"{_ONE}/draft",
        ResourceHandlers.save,
        "保存草稿",
        ResourceDetail,
        DraftSave,
        permit=permitted(AuditAction.RESOURCE_SAVE, Action.EDIT_RESOURCE),
        audited=AuditAction.RESOURCE_SAVE,
    ),
    Route(
        "POST",
        f"{_ONE}/submit",
        ResourceHandlers.submit,
        "提交审核",
        ResourceDetail,
        ResourceSubmit,
        permit=permitted(AuditAction.RESOURCE_SUBMIT, Action.SUBMIT_RESOURCE),
        audited=AuditAction.RESOURCE_SUBMIT,
    ),
    Route(
        "POST",
        f"{_ONE}/recall",
        ResourceHandlers.recall,
        "撤回提交",
        ResourceDetail,
        audited=AuditAction.RESOURCE_RECALL,
    ),
)

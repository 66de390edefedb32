"""Routes: captions of versions at work, and what org nodes want of them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from signaling.access.actions import Action
from signaling.access.grants import demand_somewhere
from signaling.audit.actions import AuditAction
from signaling.library.captions import wire as w
from signaling.library.captions.policies import DEFAULT_PAGE, CaptionPolicyDesk
from signaling.library.captions.service import Captions
from signaling.library.paging import BEFORE, LIMIT, limit_of
from signaling.library.versions.ground import ResourceNotFound
from signaling.library.versions.permits import permitted
from signaling.library.versions.reading import ResourceReader
from signaling.web.routes import Call, Route

_NUMBER = re.compile(r"[1-9][0-9]{0,8}")


@dataclass(frozen=True, slots=True)
class CaptionHandlers:
    """Captions, for authors and reviewers."""

    captions: Captions
    policies: CaptionPolicyDesk
    reader: ResourceReader

    async def get(self, call: Call) -> w.CaptionTrack:
        """The captions of a version."""
        found = call.path("version")
        if not _NUMBER.fullmatch(found):
            raise ResourceNotFound()
        return await self.captions.track(call.actor, call.path("resource_id"), int(found))

    async def save(self, call: Call) -> w.CaptionTrack:
        """Change captions of the draft."""
        resource_id = call.path("resource_id")
        number = await self.captions.save(call.actor, resource_id, call.body)
        return await self.captions.track(call.actor, resource_id, number)

    async def order(self, call: Call) -> w.CaptionTrack:
        """Have captions made."""
        resource_id = call.path("resource_id")
        number = await self.captions.order(call.actor, resource_id, call.body)
        return await self.captions.track(call.actor, resource_id, number)

    async def list_policies(self, call: Call) -> w.CaptionPolicies:
        """What the caller's branches want of captions."""
        limit = limit_of(call, DEFAULT_PAGE)
        return await self.policies.listed(
            call.actor, limit=limit, after=call.query.get("before") or None
        )

    async def get_policy(self, call: Call) -> w.CaptionPolicy:
        """What one org node wants of captions, with all its words."""
        return await self.policies.one(call.actor, call.path("node_id"))

    async def may_set(self, call: Call) -> None:
        """Raise Forbidden where the caller sets the policy of no branch."""
        demand_somewhere(call.actor, Action.SET_REVIEW_POLICY)

    async def set_policy(self, call: Call) -> w.CaptionPolicies:
        """Set the policy of a branch."""
        return await self.policies.set(call.actor, call.body)


_ONE = "/api/resources/{resource_id}"

ROUTES = (
    Route(
        "GET",
        f"{_ONE}/versions/{{version}}/captions",
        CaptionHandlers.get,
        "一个版本的字幕",
        w.CaptionTrack,
    ),
    Route(
        "PUT",
        f"{_ONE}/captions",
        CaptionHandlers.save,
        "修改草稿的字幕",
        w.CaptionTrack,
        w.CaptionSave,
        permit=permitted(AuditAction.CAPTIONS_SAVE, Action.EDIT_RESOURCE),
        audited=AuditAction.CAPTIONS_SAVE,
    ),
    Route(
        "POST",
        f"{_ONE}/captions",
        CaptionHandlers.order,
        "生成字幕",
        w.CaptionTrack,
        w.CaptionOrder,
        permit=permitted(AuditAction.CAPTIONS_ORDER, Action.CAPTION_RESOURCE),
        audited=AuditAction.CAPTIONS_ORDER,
    ),
    Route(
        "GET",
        "/api/caption-policies",
        CaptionHandlers.list_policies,
        "字幕设置",
        w.CaptionPolicies,
        query=(LIMIT, BEFORE),
    ),
    Route(
        "GET",
        "/api/caption-policies/{node_id}",
        CaptionHandlers.get_policy,
        "一个区域的字幕设置",
        w.CaptionPolicy,
    ),
    Route(
        "PUT",
        "/api/caption-policies",
        CaptionHandlers.set_policy,
        "设置字幕",
        w.CaptionPolicies,
        w.CaptionPolicySet,
        permit=CaptionHandlers.may_set,
        audited=AuditAction.CAPTION_POLICY_SET,
    ),
)

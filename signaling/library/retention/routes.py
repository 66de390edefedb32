"""Routes: 保存期限, 将删除清单, 法定保留, 删除."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta

from aiohttp import web

from signaling.access.actions import Action
from signaling.access.grants import demand_somewhere
from signaling.audit.actions import AuditAction
from signaling.audit.log import own_branch
from signaling.base.errors import Invalid
from signaling.jobs.routes import shown as job_shown
from signaling.jobs.service import JobService
from signaling.jobs.wire import Job
from signaling.library.paging import BEFORE, LIMIT, choice_of, limit_of, place_of
from signaling.library.retention import wire as w
from signaling.library.retention.export_kind import DELETION_EXPORT
from signaling.library.retention.holding import LegalHolds
from signaling.library.retention.policies import RetentionPolicies
from signaling.library.retention.reading import Question, RetentionReader
from signaling.library.retention.service import Deletions
from signaling.library.versions.permits import permitted
from signaling.library.versions.reading import ResourceReader
from signaling.web.routes import Call, Query, Route

_DAYS = re.compile("[0-9]{1,4}")


@dataclass(frozen=True, slots=True)
class RetentionHandlers:
    """Retention, holds and deletions."""

    deletions: Deletions
    lists: RetentionReader
    holds: LegalHolds
    policies: RetentionPolicies
    jobs: JobService
    reader: ResourceReader

    async def may_read(self, call: Call) -> None:
        """Raise Forbidden where the caller reads the rules of no branch."""
        demand_somewhere(call.actor, Action.READ_RETENTION)

    async def may_set(self, call: Call) -> None:
        """Raise Forbidden where the caller sets the rules of no branch."""
        demand_somewhere(call.actor, Action.SET_RETENTION)

    async def rules(self, call: Call) -> w.RetentionRules:
        """The rules that hold in the caller's branches."""
        return await self.policies.listed(call.actor)

    async def set_rule(self, call: Call) -> w.RetentionRules:
        """Set the rule of a node."""
        return await self.policies.set(call.actor, call.body)

    async def due(self, call: Call) -> w.DueDeletionList:
        """What rules will delete."""
        question = Question(
            choice_of(call, "kind", w.RetentionKind),
            call.query.get("node"),
            call.query.get("q", "").strip(),
            _within(call),
            _held(call),
        )
        place, limit = place_of(call), limit_of(call)
        return await self.lists.due(call.actor, question, limit=limit, after=place)

    async def mine(self, call: Call) -> w.DueDeletionList:
        """What will be deleted of the caller's own."""
        return await self.lists.mine(call.actor)

    async def done(self, call: Call) -> w.TombstoneList:
        """What was deleted."""
        words = call.query.get("q", "").strip()
        return await self.lists.done(call.actor, words, limit=limit_of(call), before=place_of(call))

    async def list_holds(self, call: Call) -> w.LegalHoldList:
        """Legal holds."""
        return await self.lists.holds(
            call.actor,
            all_of_them=call.query.get("all") == "true",
            limit=limit_of(call),
            before=place_of(call),
        )

    async def of_resource(self, call: Call) -> w.ResourceRetention:
        """How long one resource is kept."""
        return await self.lists.of(call.actor, call.path("resource_id"))

    async def find(self, call: Call) -> w.FoundResourceList:
        """Resources by their title."""
        return await self.lists.find(
            call.actor, call.query.get("q", "").strip()[: w.MAX_TITLE_WORDS]
        )

    async def place_hold(self, call: Call) -> w.ResourceRetention:
        """Place a hold."""
        await self.holds.place(call.actor, call.path("resource_id"), call.body)
        return await self.of_resource(call)

    async def release_hold(self, call: Call) -> w.ResourceRetention:
        """End a hold."""
        await self.holds.release(call.actor, call.path("resource_id"), call.body)
        return await self.of_resource(call)

    async def delete(self, call: Call) -> web.Response:
        """Delete a resource for good."""
        await self.deletions.delete(call.actor, call.path("resource_id"), call.body)
        return web.Response(status=204)

    async def export(self, call: Call) -> Job:
        """Have a job make a workbook, whose file is in its result (`DeletionsExported`)."""
        branch = own_branch(call.actor)
        record = await self.jobs.submit(call.actor, DELETION_EXPORT, call.body, branch=branch)
        return job_shown(record, call.actor)


def _within(call: Call) -> timedelta | None:
    told = call.query.get("within")
    if not told:
        return None
    if not _DAYS.fullmatch(told) or int(told) > w.MAX_WITHIN:
        raise Invalid(f"0…{w.MAX_WITHIN} days", field="within")
    return timedelta(days=int(told))


def _held(call: Call) -> bool | None:
    told = call.query.get("held")
    if not told:
        return None
    if told not in {"true", "false"}:
        raise Invalid("true or false", field="held")
    return told == "true"


_ONE = "/api/resources/{resource_id}"
_RULES = "/api/retention-rules"

ROUTES = (
    Route(
        "GET",
        _RULES,
        RetentionHandlers.rules,
        "保存期限",
        w.RetentionRules,
        permit=RetentionHandlers.may_read,
    ),
    Route(
        "PUT",
        _RULES,
        RetentionHandlers.set_rule,
        "设置保存期限",
        w.RetentionRules,
        w.RetentionRuleSet,
        permit=RetentionHandlers.may_set,
        audited=AuditAction.RETENTION_RULE_SET,
    ),
    Route(
        "GET",
        "/api/deletions/due",
        RetentionHandlers.due,
        "将删除的资源",
        w.DueDeletionList,
        query=(
            LIMIT,
            BEFORE,
            Query("kind", f"one of {', '.join(w.RetentionKind)}"),
            Query("node", "the id of an org node: its branch only"),
            Query("q", "words of the title"),
            Query("within", "due within so many days"),
            Query("held", "true or false: with a legal hold, or without"),
        ),
        permit=RetentionHandlers.may_read,
    ),
    Route(
        "GET",
        "/api/deletions/mine",
        RetentionHandlers.mine,
        "我的资源中将删除的",
        w.DueDeletionList,
    ),
    Route(
        "GET",
        "/api/deletions/done",
        RetentionHandlers.done,
        "已删除的资源",
        w.TombstoneList,
        query=(LIMIT, BEFORE, Query("q", "words of the title")),
        permit=RetentionHandlers.may_read,
    ),
    Route(
        "POST",
        "/api/deletions/exports",
        RetentionHandlers.export,
        "导出将删除清单",
        Job,
        w.DeletionExportWish,
        status=202,
        audited=AuditAction.JOB_SUBMIT,
        permit=RetentionHandlers.may_read,
    ),
    Route(
        "GET",
        "/api/legal-holds",
        RetentionHandlers.list_holds,
        "法定保留",
        w.LegalHoldList,
        query=(LIMIT, BEFORE, Query("all", "true: also those that ended")),
        permit=RetentionHandlers.may_read,
    ),
    Route(
        "GET",
        "/api/deletions/resources",
        RetentionHandlers.find,
        "按标题查找资源",
        w.FoundResourceList,
        query=(Query("q", "words of the title"),),
        permit=RetentionHandlers.may_read,
    ),
    Route(
        "GET",
        f"{_ONE}/retention",
        RetentionHandlers.of_resource,
        "一个资源的保存期限",
        w.ResourceRetention,
    ),
    Route(
        "POST",
        f"{_ONE}/legal-hold",
        RetentionHandlers.place_hold,
        "设置法定保留",
        w.ResourceRetention,
        w.LegalHoldPlace,
        permit=permitted(AuditAction.LEGAL_HOLD_PLACE, Action.HOLD_RESOURCE),
        audited=AuditAction.LEGAL_HOLD_PLACE,
    ),
    Route(
        "POST",
        f"{_ONE}/legal-hold/release",
        RetentionHandlers.release_hold,
        "解除法定保留",
        w.ResourceRetention,
        w.LegalHoldRelease,
        permit=permitted(AuditAction.LEGAL_HOLD_RELEASE, Action.HOLD_RESOURCE),
        audited=AuditAction.LEGAL_HOLD_RELEASE,
    ),
    Route(
        "POST",
        f"{_ONE}/delete",
        RetentionHandlers.delete,
        "删除资源",
        None,
        w.ResourceDelete,
        status=204,
        permit=permitted(AuditAction.RESOURCE_DELETE, Action.DELETE_RESOURCE),
        audited=AuditAction.RESOURCE_DELETE,
    ),
)

"""Routes: 联邦检索: sources of harvests, and the records of other libraries."""

from __future__ import annotations

from dataclasses import dataclass

from aiohttp import web

from signaling.access.actions import Action
from signaling.access.grants import demand_somewhere
from signaling.audit.actions import AuditAction
from signaling.base.errors import Invalid
from signaling.base.problem_codes import ProblemCode
from signaling.exchange.harvests.service import Harvests
from signaling.exchange.harvests.store import Found
from signaling.exchange.harvests.wire import (
    FederatedRecord,
    FederatedRecordList,
    HarvestSource,
    HarvestSourceChange,
    HarvestSourceCreate,
    HarvestSourceList,
)
from signaling.web.routes import Call, Query, Route

PAGE_RECORDS = 50
_SOURCES = "/api/harvest-sources"


@dataclass(frozen=True, slots=True)
class HarvestHandlers:
    """Sources of harvests and federated records."""

    harvests: Harvests

    async def may_manage(self, call: Call) -> None:
        """Raise Forbidden unless the caller manages the sources of some county."""
        demand_somewhere(call.actor, Action.MANAGE_HARVESTS)

    async def listed(self, call: Call) -> HarvestSourceList:
        """The sources of a county."""
        county_id = call.query.get("county_id")
        if not county_id:
            raise Invalid(code=ProblemCode.MISSING, field="county_id")
        return HarvestSourceList(tuple(await self.harvests.listed(call.actor, county_id)))

    async def add(self, call: Call) -> HarvestSource:
        """Add a source."""
        return await self.harvests.add(call.actor, call.body)

    async def change(self, call: Call) -> HarvestSource:
        """Change a source."""
        return await self.harvests.change(call.actor, call.path("source_id"), call.body)

    async def remove(self, call: Call) -> web.Response:
        """Remove a source."""
        await self.harvests.remove(call.actor, call.path("source_id"))
        return web.Response(status=204)

    async def harvest_now(self, call: Call) -> HarvestSource:
        """Harvest a source soon."""
        return await self.harvests.harvest_now(call.actor, call.path("source_id"))

    async def found(self, call: Call) -> FederatedRecordList:
        """Records of other libraries."""
        demand_somewhere(call.actor, Action.READ_FEDERATED)
        words, before = call.query.get("q", ""), call.query.get("before")
        found, following = await self.harvests.found(call.actor, words, before, PAGE_RECORDS)
        return FederatedRecordList(tuple(map(_shown, found)), following)


def _shown(found: Found) -> FederatedRecord:
    metadata = found.metadata
    return FederatedRecord(
        source_id=found.source_id,
        source_name=found.source_name,
        source_place=found.source_place,
        identifier=found.identifier,
        datestamp=found.datestamp,
        title=metadata.title,
        summary=metadata.summary,
        keywords=metadata.keywords,
        subject=metadata.subject,
        stage=metadata.stage,
        grade=metadata.grade,
        teacher_name=metadata.teacher_name,
        school_name=metadata.school_name,
        page_url=metadata.page_url,
    )


ROUTES = (
    Route(
        "GET",
        _SOURCES,
        HarvestHandlers.listed,
        "采集来源",
        HarvestSourceList,
        query=(Query("county_id", "the county"),),
        permit=HarvestHandlers.may_manage,
    ),
    Route(
        "POST",
        _SOURCES,
        HarvestHandlers.add,
        "添加采集来源",
        HarvestSource,
        HarvestSourceCreate,
        status=201,
        audited=AuditAction.HARVEST_SOURCE_ADD,
        permit=HarvestHandlers.may_manage,
    ),
    Route(
        "PUT",
        _SOURCES + "/{source_id}",
        HarvestHandlers.change,
        "修改、暂停或恢复采集来源",
        HarvestSource,
        HarvestSourceChange,
        audited=AuditAction.HARVEST_SOURCE_CHANGE,
        permit=HarvestHandlers.may_manage,
    ),
    Route(
        "DELETE",
        _SOURCES + "/{source_id}",
        HarvestHandlers.remove,
        "移除采集来源",
        status=204,
        audited=AuditAction.HARVEST_SOURCE_REMOVE,
        permit=HarvestHandlers.may_manage,
    ),
    Route(
        "POST",
        _SOURCES + "/{source_id}/harvest",
        HarvestHandlers.harvest_now,
        "立即采集",
        HarvestSource,
        audited=AuditAction.HARVEST_ASK,
        permit=HarvestHandlers.may_manage,
    ),
    Route(
        "GET",
        "/api/federated-records",
        HarvestHandlers.found,
        "其他资源库的资源",
        FederatedRecordList,
        query=(
            Query("q", "words that title, people, subject or keywords hold"),
            Query("before", "cursor of the page"),
        ),
    ),
)

"""Routes: 教材目录."""

from __future__ import annotations

from dataclasses import dataclass

from signaling.audit.actions import AuditAction
from signaling.base.errors import Invalid
from signaling.catalogue.rules import MAX_NAME
from signaling.catalogue.service import Catalogue
from signaling.catalogue.store import LEVELS
from signaling.catalogue.wire import (
    CatalogueChoices,
    CatalogueImport,
    CatalogueStage,
    CatalogueSummary,
)
from signaling.jobs.routes import shown
from signaling.jobs.wire import Job
from signaling.web.routes import Call, Query, Route


@dataclass(frozen=True, slots=True)
class CatalogueHandlers:
    """The textbook catalogue."""

    service: Catalogue

    async def choices(self, call: Call) -> CatalogueChoices:
        """What may be chosen on each level."""
        chosen = {name: call.query[name] for name in LEVELS if call.query.get(name)}
        for name, value in chosen.items():
            if len(value) > MAX_NAME:
                raise Invalid(f"at most {MAX_NAME} characters", field=name)
        if "stage" in chosen and chosen["stage"] not in set(CatalogueStage):
            raise Invalid(f"one of {', '.join(CatalogueStage)}", field="stage")
        words = call.query.get("q", "")[:MAX_NAME]
        return await self.service.choices(call.actor, chosen, words)

    async def summary(self, call: Call) -> CatalogueSummary:
        """How much there is."""
        return await self.service.summary(call.actor, call.path("county_id"))

    async def may_import(self, call: Call) -> None:
        """Raise Forbidden unless the caller manages some branch."""
        self.service.demand_may_import(call.actor)

    async def start_import(self, call: Call) -> Job:
        """Read a file as a job; its result is a `CatalogueImported`."""
        return shown(await self.service.start_import(call.actor, call.body), call.actor)


ROUTES = (
    Route(
        "GET",
        "/api/catalogue/choices",
        CatalogueHandlers.choices,
        "教材目录各级可选的名称",
        CatalogueChoices,
        query=(
            Query("stage", "学段: primary, junior or senior"),
            Query("subject", "学科"),
            Query("edition", "版本"),
            Query("grade", "年级"),
            Query("volume", "册"),
            Query("q", "words that chapters must hold"),
        ),
    ),
    Route(
        "GET",
        "/api/counties/{county_id}/catalogue",
        CatalogueHandlers.summary,
        "一个县的教材目录有多少内容",
        CatalogueSummary,
        permit=CatalogueHandlers.may_import,
    ),
    Route(
        "POST",
        "/api/catalogue/imports",
        CatalogueHandlers.start_import,
        "导入教材目录:先试读,确认后写入",
        Job,
        CatalogueImport,
        status=202,
        audited=AuditAction.JOB_SUBMIT,
        permit=CatalogueHandlers.may_import,
    ),
)

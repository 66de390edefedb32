"""Routes: /healthz and /metrics."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec
from aiohttp import web
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from signaling.base.config import Config
from signaling.base.errors import Forbidden
from signaling.web.health_check import BUSY, OK, HealthCheck
from signaling.web.metrics import Figures
from signaling.web.origin import networks, within
from signaling.web.routes import Access, Call, Content, Route

CELLS = "cells"


class Health(msgspec.Struct, frozen=True, omit_defaults=True):
    """``ok``, or for each part what is wrong. ``degraded``: lessons cannot be had, pages can.

    A part that this process does not have is missing.
    """

    status: str
    database: str
    disk: str
    recorder: str
    relay: str | None = None
    cells: str | None = None  # ``ok``, ``no_redis`` or ``no_cells``


@dataclass(frozen=True, slots=True)
class HealthHandlers:
    """Answers for operators and their programs."""

    check: HealthCheck
    figures: Figures
    config: Config

    async def healthz(self, call: Call) -> web.Response:
        """Check that each part works and can write."""
        del call
        parts = await self.check.parts()
        healthy = all(part in {OK, BUSY} for name, part in parts.items() if name != CELLS)
        # A load balancer must not take the pages away, too.
        status = "ok" if parts.get(CELLS, OK) == OK else "degraded"
        health = Health(status if healthy else "failing", **parts)
        return web.Response(
            status=200 if healthy else 503,
            body=msgspec.json.encode(health),
            content_type="application/json",
            headers={"Cache-Control": "no-store"},
        )

    async def metrics(self, call: Call) -> web.Response:
        """Prometheus text, to the networks that may scrape."""
        if not within(call.remote, networks(self.config.metrics_networks)):
            raise Forbidden("not from this network (metrics_networks)")
        await self.check.parts()  # some of the figures are what it finds
        body = await self.figures.text()
        return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE_LATEST})


ROUTES = (
    Route("GET", "/healthz", HealthHandlers.healthz, "各部分是否正常", Health, access=Access.OPEN),
    Route(
        "GET",
        "/metrics",
        HealthHandlers.metrics,
        "Prometheus 指标",
        Content("text/plain", "Prometheus exposition format"),
        access=Access.OPEN,
    ),
)

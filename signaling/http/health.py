"""Routes: /healthz and /metrics."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

import msgspec
from aiohttp import web
from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector

from signaling.errors import Forbidden
from signaling.health_check import BUSY, OK
from signaling.http.link_metrics import LinkFigures
from signaling.http.origin import networks, within
from signaling.http.routes import Access, Call, Content, Route
from signaling.services import Services


class Health(msgspec.Struct, frozen=True):
    """``ok``, or for each part what is wrong."""

    status: str
    database: str
    disk: str
    relay: str
    recorder: str


class Metrics:
    """This server's own registry; nothing global, so that tests may run several servers."""

    def __init__(self, services: Services) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "tongke_http_requests",
            "HTTP requests",
            ("method", "route", "status"),
            registry=self.registry,
        )
        self.seconds = Histogram(
            "tongke_http_request_seconds",
            "Time to answer",
            ("route",),
            registry=self.registry,
        )
        ProcessCollector(registry=self.registry)
        self.registry.register(_LiveFigures(services))
        self.registry.register(LinkFigures(services))


METRICS: web.AppKey[Metrics] = web.AppKey("metrics", Metrics)


class _LiveFigures(Collector):
    """Figures read when asked for: rooms, channels, media sessions and the relay's counters."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def collect(self) -> Iterable[GaugeMetricFamily]:
        rooms = self._services.hub.rooms
        channels = [channel for room in rooms for channel in room.channels]
        figures: dict[str, float] = {
            "rooms": len(rooms),
            "live_lessons": sum(room.state.is_live for room in rooms),
            "control_channels": len(channels),
            "control_waiting_bytes": sum(channel.waiting_bytes for channel in channels),
            "media_sessions": len(self._services.media_sessions),
            "tasks": len(asyncio.all_tasks()),
        }
        relay = self._services.relay.counters()
        figures |= {f"relay_{name}": value for name, value in relay.items()}
        for name, value in figures.items():
            clean = "".join(c if c.isalnum() else "_" for c in name)
            yield GaugeMetricFamily(f"tongke_{clean}", name, value=value)


async def healthz(call: Call) -> web.Response:
    """Whether each part does what it promises, and can write."""
    parts = await call.services.health.parts()
    healthy = all(part in {OK, BUSY} for part in parts.values())
    health = Health("ok" if healthy else "failing", **parts)
    return web.Response(
        status=200 if healthy else 503,
        body=msgspec.json.encode(health),
        content_type="application/json",
        headers={"Cache-Control": "no-store"},
    )


async def metrics(call: Call) -> web.Response:
    """Prometheus text, to the networks that may scrape."""
    if not within(call.remote, networks(call.services.config.metrics_networks)):
        raise Forbidden("not from this network (metrics_networks)")
    body = generate_latest(call.request.app[METRICS].registry)
    return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE_LATEST})


ROUTES = (
    Route("GET", "/healthz", healthz, "各部分是否正常", Health, access=Access.OPEN),
    Route(
        "GET",
        "/metrics",
        metrics,
        "Prometheus 指标",
        Content("text/plain", "Prometheus exposition format"),
        access=Access.OPEN,
    ),
)

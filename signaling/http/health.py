"""Routes: /healthz and /metrics."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

import msgspec
from aiohttp import web
from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector

from signaling.errors import Forbidden
from signaling.health_check import BUSY, OK
from signaling.http.connections import TIMED_STAGES, Gate
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


class _Collected(CollectorRegistry):
    """A registry of figures that were read before."""

    def __init__(self, families: list[Metric]) -> None:
        super().__init__()
        self._families = families

    def collect(self) -> Iterable[Metric]:
        """The families."""
        return self._families


class Metrics:
    """This server's own figures; nothing global, so that tests may run several servers."""

    def __init__(self, services: Services, gate: Gate) -> None:
        self.requests = Counter(
            "tongke_http_requests",
            "HTTP requests",
            ("method", "route", "status"),
            registry=None,
        )
        self.seconds = Histogram(
            "tongke_http_request_seconds",
            "Time to answer",
            ("route",),
            registry=None,
        )
        self._collectors: tuple[Collector, ...] = (
            self.requests,
            self.seconds,
            ProcessCollector(registry=None),
            _LiveFigures(services),
            _ConnectionFigures(gate),
            LinkFigures(services),
        )

    async def text(self) -> bytes:
        """All figures for Prometheus: read here, in turns with media; written by a thread."""
        families: list[Metric] = []
        for collector in self._collectors:
            families += collector.collect()
            await asyncio.sleep(0)
        return await asyncio.to_thread(generate_latest, _Collected(families))


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


class _ConnectionFigures(Collector):
    """HTTP connections: who has them, and what became of those that stood still."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate

    def collect(self) -> Iterable[Metric]:
        """The families, always all of them."""
        gate = self._gate
        open_now = GaugeMetricFamily("tongke_http_connections", "open", labels=("of",))
        open_now.add_metric(("known",), gate.book.known)
        open_now.add_metric(("strangers",), gate.book.strangers)
        yield open_now
        yield CounterMetricFamily("tongke_http_refused", "found no place", value=gate.refused)
        yield CounterMetricFamily("tongke_http_evicted", "made place", value=gate.evicted)
        late = CounterMetricFamily("tongke_http_timeouts", "stood still", labels=("stage",))
        for stage in TIMED_STAGES:
            late.add_metric((stage,), gate.timeouts[stage])
        yield late


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
    body = await call.request.app[METRICS].text()
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

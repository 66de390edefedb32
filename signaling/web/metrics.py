"""Figures for Prometheus: this server's own, nothing global, so that tests may run several."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Protocol

from prometheus_client import Counter, Histogram, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import generate_latest
from prometheus_client.registry import Collector

from signaling.web.connections import TIMED_STAGES, Gate
from signaling.web.merged_metrics import Families


class Figures(Protocol):
    """What /metrics tells."""

    async def text(self) -> bytes:
        """All figures for Prometheus."""


class RequestMetrics:
    """Number of answered requests, and their speed."""

    def __init__(self) -> None:
        self.requests = Counter(
            "tongke_http_requests", "HTTP requests", ("method", "route", "status"), registry=None
        )
        self.seconds = Histogram(
            "tongke_http_request_seconds", "Time to answer", ("route",), registry=None
        )


class Metrics:
    """All figures of this server, read when asked for."""

    def __init__(self, requests: RequestMetrics, collectors: Iterable[Collector]) -> None:
        """Make it; `collectors` read what belongs to the loop."""
        self._of_loop = tuple(collectors)
        # These lock themselves. A histogram of every route is too much for one step of the loop.
        self._of_any_thread: tuple[Collector, ...] = (
            requests.requests,
            requests.seconds,
            ProcessCollector(registry=None),
        )

    async def text(self) -> bytes:
        """All figures for Prometheus: the loop's are read in turns with media; a thread writes."""
        families: list[Metric] = []
        for collector in self._of_loop:
            families += collector.collect()
            await asyncio.sleep(0)
        return await asyncio.to_thread(self._written, families)

    def _written(self, families: list[Metric]) -> bytes:
        first = [family for one in self._of_any_thread for family in one.collect()]
        return generate_latest(Families([*first, *families]))


class ConnectionFigures(Collector):
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

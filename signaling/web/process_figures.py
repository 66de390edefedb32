"""Figures of the process itself for /metrics: its parts' health, its disk, its event loop."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import accumulate

from prometheus_client.core import GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from signaling.base.loop_watch import BOUNDS_S, LoopWatch
from signaling.web.health_check import BUSY, OK, HealthCheck


class HealthFigures(Collector):
    """What /healthz says, as it was found last."""

    def __init__(self, check: HealthCheck) -> None:
        self._check = check

    def collect(self) -> Iterable[Metric]:
        """The families, with the parts that this process has."""
        well = GaugeMetricFamily(
            "tongke_part_ok", "1 if a part does what it promises, as in /healthz", labels=("part",)
        )
        for part, state in self._check.latest.items():
            well.add_metric((part,), float(state in {OK, BUSY}))
        yield well
        if self._check.free_bytes is not None:
            yield GaugeMetricFamily(
                "tongke_disk_free_bytes", "free for the data folder", value=self._check.free_bytes
            )


class LoopFigures(Collector):
    """How late the event loop calls a timer: packets of lessons wait as long."""

    def __init__(self, watch: LoopWatch) -> None:
        self._watch = watch

    def collect(self) -> Iterable[Metric]:
        """The family."""
        bounds = (*(f"{bound:g}" for bound in BOUNDS_S), "+Inf")
        yield HistogramMetricFamily(
            "tongke_loop_late_seconds",
            "lateness of a timer in the loop that forwards media",
            buckets=list(zip(bounds, map(float, accumulate(self._watch.counts)), strict=True)),
            sum_value=self._watch.late_s,
        )

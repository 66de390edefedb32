"""Figures of traces: what became of the spans of this process."""

from __future__ import annotations

from collections.abc import Iterable

from prometheus_client.core import CounterMetricFamily, Metric
from prometheus_client.registry import Collector

from signaling.tracing.api import Tracing


class TraceFigures(Collector):
    """Tells what became of spans; nothing where traces are off."""

    def __init__(self, tracing: Tracing) -> None:
        self._tracing = tracing

    def collect(self) -> Iterable[Metric]:
        """See `Collector`."""
        counts = self._tracing.counts
        if counts:
            spans = CounterMetricFamily(
                "tongke_trace_spans", "spans by what became of them", labels=("outcome",)
            )
            for outcome, count in counts.items():
                spans.add_metric((outcome,), count)
            yield spans

"""Figures of edges for /metrics."""

from __future__ import annotations

from collections.abc import Iterable

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from signaling.edges.edge import EdgeDesk
from signaling.edges.owner import LessonEdges

MAX_SERIES = 200  # pairs of lesson and edge; those that were opened first


class EdgeFigures(Collector):
    """Viewers of this cell's lessons at edges, and viewers that it carries for others."""

    def __init__(self, owner: LessonEdges, edge: EdgeDesk) -> None:
        self._owner = owner
        self._edge = edge

    def collect(self) -> Iterable[Metric]:
        """The families, always all of them."""
        family = GaugeMetricFamily(
            "tongke_edge_viewers",
            f"viewers of a lesson of this cell at an edge (at most {MAX_SERIES} series)",
            labels=("lesson", "edge"),
        )
        for (lesson_id, edge_id), viewers in list(self._owner.viewers.items())[:MAX_SERIES]:
            family.add_metric((lesson_id, edge_id), viewers)
        yield family
        yield GaugeMetricFamily(
            "tongke_carried_viewers",
            "viewers that this cell carries for other cells",
            value=self._edge.viewers,
        )
        yield GaugeMetricFamily(
            "tongke_carried_lessons", "lessons of other cells here", value=self._edge.lessons
        )
        yield CounterMetricFamily(
            "tongke_edge_failures", "edges that failed or left a lesson", value=self._owner.failures
        )

"""Figures of how a process stands to the others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from signaling.cells.api import Health, NodeRole
from signaling.cells.desk import CellsDesk


class CellFigures(Collector):
    """Leases, Redis, nodes and hints, as this process knows them."""

    def __init__(self, desk: CellsDesk) -> None:
        self._desk = desk

    def collect(self) -> Iterable[Metric]:
        """The families, always all of them."""
        state = self._desk.state
        leases = GaugeMetricFamily("tongke_leases", "of this cell", labels=("standing",))
        leases.add_metric(("sure",), state.sure)
        leases.add_metric(("doubtful",), state.doubtful)
        yield leases
        for name, words, value in (
            ("tongke_redis_reachable", "answered last time", state.reachable),
            ("tongke_node_id_taken", "another process has the id", state.node_id_taken),
            ("tongke_limits_shared", "limits of guessing hold over all", self._desk.limits.shared),
        ):
            yield GaugeMetricFamily(name, words, value=float(value))
        yield self._nodes()
        cells = [seen.node for seen in self._desk.nodes if seen.health is not Health.GONE]
        yield GaugeMetricFamily(
            "tongke_cells_load",
            "participants of live lessons in cells",
            value=sum(one.load for one in cells),
        )
        yield GaugeMetricFamily(
            "tongke_cells_capacity",
            "participants that cells take",
            value=sum(one.capacity for one in cells),
        )
        yield self._hints()

    def _nodes(self) -> Metric:
        counts = Counter((one.node.role, one.health) for one in self._desk.nodes)
        family = GaugeMetricFamily(
            "tongke_nodes", "processes, as this one sees them", labels=("role", "health")
        )
        for role in NodeRole:
            for health in Health:
                family.add_metric((role.value, health.value), counts[role, health])
        return family

    def _hints(self) -> Metric:
        counts = self._desk.hints.counts
        family = CounterMetricFamily("tongke_hints", "events of processes", labels=("outcome",))
        for outcome, count in (
            ("sent", counts.sent),
            ("dropped", counts.dropped),
            ("followed", counts.followed),
            ("ignored", counts.ignored),
            ("subscription_lost", counts.lost),
        ):
            family.add_metric((outcome,), count)
        return family

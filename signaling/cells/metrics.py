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
        yield from self._room()
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

    def _room(self) -> Iterable[Metric]:
        nodes = [one.node for one in self._desk.nodes if one.health is not Health.GONE]
        cells = [one for one in nodes if one.role is NodeRole.CELL]
        for name, words, value in (
            ("load", "participants of live lessons in all cells", sum(x.load for x in cells)),
            ("capacity", "participants that all cells take", sum(x.capacity for x in cells)),
        ):
            yield GaugeMetricFamily(f"tongke_cells_{name}", words, value=value)

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

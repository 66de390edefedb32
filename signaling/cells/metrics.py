"""Figures of an installation's processes for /metrics, as this process knows them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Protocol

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from signaling.cells.api import CellsState, Health, NodeRole, SeenNode


class _Desk(Protocol):
    """Knows the processes that are there."""

    @property
    def nodes(self) -> Sequence[SeenNode]:
        """The nodes as they were read with the last beat."""

    @property
    def state(self) -> CellsState:
        """How this process stands to the others."""


class NodeFigures(Collector):
    """Who is there, and whether Redis answers; read when asked for."""

    def __init__(self, desk: _Desk) -> None:
        self._desk = desk

    def collect(self) -> Iterable[Metric]:
        """The families, with all roles and all states."""
        yield GaugeMetricFamily(
            "tongke_redis_reachable", "1 if Redis answers", value=self._desk.state.reachable
        )
        nodes = self._desk.nodes
        known = GaugeMetricFamily(
            "tongke_nodes", "processes of the installation", labels=("role", "health")
        )
        counts = Counter((one.node.role, one.health) for one in nodes)
        for role in NodeRole:
            for health in Health:
                known.add_metric((role.value, health.value), counts[role, health])
        yield known
        cells = [one.node for one in nodes if one.node.role is NodeRole.CELL and _is_there(one)]
        for name, words, value in (
            ("load", "participants of live lessons in cells", sum(one.load for one in cells)),
            ("capacity", "participants that cells take", sum(one.capacity for one in cells)),
        ):
            yield GaugeMetricFamily(f"tongke_cells_{name}", words, value=value)


def _is_there(one: SeenNode) -> bool:
    return one.health is not Health.GONE

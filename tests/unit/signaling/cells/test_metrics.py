"""What /metrics tells of the processes of an installation."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import cast

from prometheus_client import CollectorRegistry, generate_latest

from signaling.cells.api import CellsState, Health, Node, NodeRole, SeenNode
from signaling.cells.desk import CellsDesk
from signaling.cells.hints import HintCounts
from signaling.cells.metrics import CellFigures


@dataclass
class OneDesk:
    """The part of a desk that is asked."""

    nodes: Sequence[SeenNode]
    state: CellsState
    limits: SimpleNamespace = field(default_factory=lambda: SimpleNamespace(shared=True))
    hints: SimpleNamespace = field(default_factory=lambda: SimpleNamespace(counts=HintCounts()))


def cell(name: str, health: Health, load: int) -> SeenNode:
    return SeenNode(Node(name, NodeRole.CELL, "http://10.0.0.7:7801", 60, load), health)


def test_nodes_are_counted_by_role_and_health_and_gone_cells_carry_nothing() -> None:
    desk = OneDesk(
        (
            cell("a", Health.ALIVE, 10),
            cell("b", Health.SUSPECT, 5),
            cell("c", Health.GONE, 30),
            SeenNode(Node("web", NodeRole.WEB, ""), Health.ALIVE),
        ),
        CellsState("web", reachable=False, node_id_taken=False, sure=0, doubtful=0),
    )
    registry = CollectorRegistry()
    registry.register(CellFigures(cast("CellsDesk", desk)))
    text = generate_latest(registry).decode()
    for line in (
        "tongke_redis_reachable 0.0",
        'tongke_nodes{health="gone",role="cell"} 1.0',
        'tongke_nodes{health="alive",role="web"} 1.0',
        'tongke_nodes{health="alive",role="worker"} 0.0',
        "tongke_cells_load 15.0",
        "tongke_cells_capacity 120.0",
    ):
        assert line in text

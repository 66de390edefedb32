"""The cells that may carry viewers, by their beats."""

from types import SimpleNamespace
from typing import Any

import pytest

from signaling.base.config import load
from signaling.base.errors import CellAway
from signaling.cells.api import Health, Node, NodeRole, SeenNode
from signaling.joints.cell_edges import CellEdges
from tests.support.fake_relays import FakeRelay
from tests.support.services import ManualClock


def _edges(*seen: SeenNode, reachable: bool = True, **settings: Any) -> CellEdges:
    config = load(
        overrides={
            "roles": ["cell"],
            "redis_url": "redis://redis",
            "door": "http://10.0.0.1:7801",
            **settings,
        }
    )
    desk: Any = SimpleNamespace(
        nodes=seen, node_id="own", state=SimpleNamespace(reachable=reachable), leases=None
    )
    nothing: Any = None
    relay = FakeRelay("own")
    return CellEdges(
        config,
        nothing,
        ManualClock(),
        desk=desk,
        sender=nothing,
        relay=relay,
        cascade=relay,
        takes=lambda: True,
    )


def _seen(
    name: str = "other", health: Health = Health.ALIVE, role: NodeRole = NodeRole.CELL, **more: Any
) -> SeenNode:
    fields = {"capacity": 60, "load": 15, "pipe_host": "10.0.0.2", **more}
    return SeenNode(Node(name, role, f"http://{name}:7801", **fields), health)


def test_another_cell_may_carry_as_much_as_it_has_room_for() -> None:
    (found,) = _edges(_seen(regions=("cn/p/",))).others()
    assert (found.node_id, found.free, found.load) == ("other", 45, 0.25)
    assert found.regions == ("cn/p/",)


@pytest.mark.parametrize(
    "seen",
    [
        _seen("own"),
        _seen(health=Health.SUSPECT),
        _seen(health=Health.GONE),
        _seen(role=NodeRole.WEB),
        _seen(draining=True),
        _seen(capacity=0, load=0),
        _seen(pipe_host=None),  # of a version without edges
        _seen(pipe_host="127.0.0.1"),  # on a machine of its own
    ],
)
def test_who_may_not_carry(seen: SeenNode) -> None:
    assert _edges(seen).others() == ()


def test_a_cell_whose_door_has_a_name_needs_an_address_for_pipes() -> None:
    named = {"door": "http://cell-1:7801"}
    assert _edges(_seen(), **named).others() == ()
    assert len(_edges(_seen(), **named, pipe_host="10.0.0.1").others()) == 1


def test_nothing_new_begins_while_redis_is_away() -> None:
    assert _edges(_seen(), reachable=False).others() == ()


async def test_a_cell_that_nobody_knows_any_more_cannot_be_reached() -> None:
    edges = _edges()
    with pytest.raises(CellAway):
        edges._line_to("other", "lesson")

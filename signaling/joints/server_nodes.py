"""The processes of the installation: what the page of nodes asks of presence and of the cells."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from signaling.base.config import Config
from signaling.base.errors import CellAway
from signaling.cells.api import SeenNode
from signaling.cells.desk import CellsDesk
from signaling.classroom.api import LiveLessons
from signaling.forwarding.places import CellAddress
from signaling.nodes.wire import NodeHealth, NodeKind, ServerNode, ServerNodeList

ALONE = "tongke"  # the name of a process that has none and needs none

AskToDrain = Callable[[CellAddress, bool], Awaitable[None]]


class OneProcess:
    """Implements `Installation` where this process does everything."""

    def __init__(self, config: Config, live: LiveLessons) -> None:
        self._config = config
        self._live = live

    async def nodes(self) -> ServerNodeList:
        """See `Installation`."""
        rooms = await self._live.rooms()
        name = self._config.node_id or ALONE
        node = ServerNode(
            node_id=name,
            kind=NodeKind.SINGLE,
            health=NodeHealth.ALIVE,
            capacity=self._config.cell_capacity,
            load=sum(len(room.seats) for room in rooms),
            lessons=sum(room.is_live for room in rooms),
            sure=len(rooms),
        )
        return ServerNodeList(name, None, (node,))

    async def set_drain(self, node_id: str, on: bool) -> None:
        """See `Installation`. There is nobody to hand lessons to."""
        del node_id, on
        raise CellAway("there is one process only")


class SeenNodes:
    """Implements `Installation` over presence."""

    def __init__(self, desk: CellsDesk, ask_to_drain: AskToDrain) -> None:
        self._desk = desk
        self._ask_to_drain = ask_to_drain

    async def nodes(self) -> ServerNodeList:
        """See `Installation`. They are those of the last beat."""
        state = self._desk.state
        nodes = tuple(_shown(seen) for seen in self._desk.nodes)
        return ServerNodeList(state.node_id, state.reachable, nodes)

    async def set_drain(self, node_id: str, on: bool) -> None:
        """See `Installation`."""
        found = [seen.node for seen in self._desk.nodes if seen.node.node_id == node_id]
        if not found:
            raise CellAway("the cell is gone")
        await self._ask_to_drain(CellAddress.at(node_id, found[0].address), on)


def _shown(seen: SeenNode) -> ServerNode:
    node = seen.node
    return ServerNode(
        node_id=node.node_id,
        kind=NodeKind(node.role.value),
        health=NodeHealth(seen.health.value),
        capacity=node.capacity,
        load=node.load,
        lessons=node.lessons,
        sure=node.sure,
        doubtful=node.doubtful,
        draining=node.draining,
        carried=node.carried,
        carried_lessons=node.carried_lessons,
    )

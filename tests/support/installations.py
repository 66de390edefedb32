"""An installation of several processes, as the page of nodes asks for it."""

from __future__ import annotations

import msgspec

from signaling.base.errors import CellAway
from signaling.nodes.wire import NodeHealth, NodeKind, ServerNode, ServerNodeList


class DrainableCells:
    """Implements `Installation` of the nodes wing: a web process and cells.

    Attributes:
        reachable: whether Redis is.
        asked: the cells that were asked, and what.
        deaf: cells that do not answer.
        known: the nodes.
    """

    def __init__(self, *cells: str) -> None:
        self.reachable = True
        self.asked: list[tuple[str, bool]] = []
        self.deaf: set[str] = set()
        web = ServerNode("web", NodeKind.WEB, NodeHealth.ALIVE)
        self.known = {"web": web} | {
            name: ServerNode(name, NodeKind.CELL, NodeHealth.ALIVE, capacity=60, lessons=1, sure=1)
            for name in cells
        }

    def lose(self, name: str) -> None:
        """A node is gone."""
        self.known[name] = msgspec.structs.replace(self.known[name], health=NodeHealth.GONE)

    async def nodes(self) -> ServerNodeList:
        return ServerNodeList("web", self.reachable, tuple(self.known.values()))

    async def set_drain(self, node_id: str, on: bool) -> None:
        if node_id in self.deaf:
            raise CellAway("no answer")
        self.asked.append((node_id, on))

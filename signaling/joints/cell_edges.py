"""Edges of a cell's lessons, and its own part as an edge, put together over presence and doors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager

from relay.api import Cascade, Relay
from signaling.base.clock import Clock
from signaling.base.config import Config
from signaling.base.database import Database
from signaling.base.errors import CellAway
from signaling.cells.api import Health, NodeRole, Standing
from signaling.cells.desk import CellsDesk
from signaling.directory.branches import paths_named
from signaling.edges.api import EdgeNode
from signaling.edges.edge import EdgeDesk
from signaling.edges.line import Socket
from signaling.edges.metrics import EdgeFigures
from signaling.edges.owner import LessonEdges
from signaling.edges.relay import SpreadRelay
from signaling.edges.rules import can_pipe
from signaling.edges.sockets import edge_socket, open_line
from signaling.forwarding.places import CellAddress
from signaling.forwarding.sender import Sender
from signaling.web.routes import Socket as Endpoint


class CellEdges:
    """What a cell has so that lessons can have several relays.

    Attributes:
        relay: that of this process, and those of the edges of its lessons.
        owner: sends viewers to other cells.
        edge: carries viewers of other cells.
        regions: paths of the org tree whose viewers this cell carries.
    """

    def __init__(
        self,
        config: Config,
        database: Database,
        clock: Clock,
        *,
        desk: CellsDesk,
        sender: Sender,
        relay: Relay,
        cascade: Cascade,
        takes: Callable[[], bool],
    ) -> None:
        """Put it together.

        Args:
            config: the settings.
            database: knows which paths the regions are.
            clock: the time.
            desk: presence and leases.
            sender: signs what goes to other cells.
            relay: that of this process.
            cascade: the pipes of this process.
            takes: tells whether viewers of others may come now.
        """
        self.regions: tuple[str, ...] = ()
        self.relay = SpreadRelay(relay)
        self._database = database
        self._named = config.regions
        self._desk = desk
        self._sender = sender
        self.pipe_host = config.pipe_address
        self.owner = LessonEdges(
            relay=self.relay,
            cascade=cascade,
            nodes=self,
            doors=self._line_to,
            clock=clock,
            edge_after=config.edge_after,
        )
        self.edge = EdgeDesk(
            relay,
            cascade,
            owns=lambda lesson_id: desk.leases.standing(lesson_id) is not Standing.LOST,
            takes=takes,
        )

    @property
    def socket(self) -> Endpoint:
        """The endpoint behind the door of this cell."""
        return edge_socket(self.edge)

    @property
    def figures(self) -> EdgeFigures:
        """Figures for /metrics."""
        return EdgeFigures(self.owner, self.edge)

    async def start(self) -> None:
        """Find out which paths the regions are."""
        if self._named:
            async with self._database.read() as session:
                self.regions = await paths_named(session, self._named)

    async def stop(self) -> None:
        """End everything, as owner and as edge."""
        self.edge.close()
        await self.owner.stop()

    # --- EdgeNodes -------------------------------------------------------------------------------

    def own_regions(self) -> Sequence[str]:
        """See `EdgeNodes`."""
        return self.regions

    def others(self) -> Sequence[EdgeNode]:
        """See `EdgeNodes`. Without Redis nothing new begins, and nodes are as they were before."""
        own = self.pipe_host
        if own is None or not self._desk.state.reachable:
            return ()
        return tuple(
            EdgeNode(
                node.node_id,
                node.capacity - node.load,
                node.load / node.capacity,
                node.regions,
                node.pipe_host,
            )
            for node in (seen.node for seen in self._desk.nodes if seen.health is Health.ALIVE)
            if node.role is NodeRole.CELL
            and node.node_id != self._desk.node_id
            and not node.draining
            and node.capacity > 0
            and node.pipe_host is not None
            and can_pipe(own, node.pipe_host)
        )

    def _line_to(self, edge_id: str, lesson_id: str) -> AbstractAsyncContextManager[Socket]:
        found = [seen.node for seen in self._desk.nodes if seen.node.node_id == edge_id]
        if not found:
            raise CellAway("the edge is gone")
        return open_line(self._sender, CellAddress.at(edge_id, found[0].address), lesson_id)

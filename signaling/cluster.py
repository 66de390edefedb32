"""One process among others: what it has besides its services, put together."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

from prometheus_client.registry import Collector

from relay.api import Cascade, Relay
from signaling.access.secret_file import load_keyring
from signaling.access.signing import Keyring
from signaling.base.clock import Clock
from signaling.base.config import Config
from signaling.base.database import Database
from signaling.base.fences import NO_FENCES, Fences
from signaling.cells.api import Health, HealthChange, NodeRole
from signaling.cells.desk import CellsDesk, NodeNow
from signaling.cells.fence import LeaseFences
from signaling.cells.metrics import CellFigures
from signaling.classroom.api import InTime, LiveLessons
from signaling.classroom.desk import ClassroomDesk
from signaling.classroom.inner.remote_lessons import RemoteLessons, ask_to_drain, ask_to_take
from signaling.classroom.moving import Drain
from signaling.classroom.taking_up import OrphanWatch
from signaling.classroom.tenure import NoLesson, Tenure
from signaling.edges.api import HERE, Carriers
from signaling.edges.rules import weight
from signaling.forwarding.clients import CellClients
from signaling.forwarding.door import DoorKeeper
from signaling.forwarding.figures import AllFigures
from signaling.forwarding.forwarder import Forwarder
from signaling.forwarding.keys import InnerKeys, read_secrets
from signaling.forwarding.metrics import DoorFigures, ForwardFigures
from signaling.forwarding.places import CellAddress, StaticPlaces
from signaling.forwarding.sender import Sender
from signaling.joints.cell_edges import CellEdges
from signaling.joints.cell_places import CellPlaces, CellShares, OtherCells
from signaling.joints.hinted_events import HINTED
from signaling.joints.leased_lessons import LeasedLessons
from signaling.joints.open_lessons import StoredLessons
from signaling.joints.server_nodes import SeenNodes
from signaling.lessons.store import LessonStore
from signaling.tracing.api import NO_TRACING, Tracing
from signaling.web.metrics import Figures

ORPHANS_S = 1.0  # between two looks for lessons whose cell is gone; news of a node come at once


class Cluster:
    """A process of an installation that has several.

    Attributes:
        desk: presence and leases.
        tenure: the right of this process to hold lessons.
        fences: the right to write of them.
        seen: the processes that are there, for operators.
        forwarder: hands requests on to cells; None in a cell.
        door: lets signed requests in; None in other processes.
        edges: lets lessons have several relays; None in other processes.
    """

    def __init__(
        self, config: Config, database: Database, clock: Clock, tracing: Tracing = NO_TRACING
    ) -> None:
        role = _role(config)
        self.desk = CellsDesk(
            config,
            database,
            clock,
            role=role,
            address=config.door or "",
            now=self._now,
            on_lost=self._on_lost,
            on_nodes=self._on_nodes,
            hints=HINTED,
        )
        keys = InnerKeys(partial(_secrets, config, clock), clock.monotonic)
        self._sender = Sender(CellClients(config.http_connections), keys, clock, tracing)
        self._stored = StoredLessons(LessonStore(database))
        self._places = CellPlaces(self.desk, partial(ask_to_take, self._sender))
        self.seen = SeenNodes(self.desk, partial(ask_to_drain, self._sender))
        self._config = config
        self._database = database
        self._clock = clock
        self.edges: CellEdges | None = None
        # By then cells that started at the same time have told of themselves.
        self._orphans = OrphanWatch(
            self._take_orphans, quiet_s=config.cells_ttl_s, every_s=ORPHANS_S
        )
        self._classroom: ClassroomDesk | None = None
        self._leaving = False
        self._drain: Drain | None = None
        self.tenure: Tenure = NoLesson()
        self.fences: Fences = NO_FENCES
        self.forwarder: Forwarder | None = None
        self.door: DoorKeeper | None = None
        if role is NodeRole.CELL:
            held = LeasedLessons(self.desk.leases, lambda: self._takes_lessons)
            self.tenure = held
            self.fences = LeaseFences(self.desk.leases)
            self.door = DoorKeeper(cell_id=self.desk.node_id, keys=keys, held=held, clock=clock)
        else:
            self.forwarder = Forwarder(
                places=self._places, lessons=self._stored, sender=self._sender
            )

    @property
    def door_address(self) -> CellAddress:
        """The address at which this cell takes requests."""
        assert self._config.door is not None
        return CellAddress.at(self.desk.node_id, self._config.door)

    def live(self, local: LiveLessons) -> LiveLessons:
        """Return the live lessons as this process may ask for them."""
        if self.forwarder is None:
            return InTime(local)
        return InTime(RemoteLessons(self._places, self._stored, self._sender))

    @property
    def figures(self) -> tuple[Collector, ...]:
        """What this process tells of itself among the others."""
        of_all: Collector = CellFigures(self.desk)
        if self.edges is not None and self.door is not None:
            return of_all, DoorFigures(self.door), self.edges.figures
        if self.door is not None:
            return of_all, DoorFigures(self.door)
        return (
            (of_all,) if self.forwarder is None else (of_all, ForwardFigures(self.forwarder.counts))
        )

    def all_figures(self, own: Figures) -> Figures:
        """Return the figures of this process; of a web process together with those of all cells."""
        # Of each cell one process tells: a sum over all processes would count it twice.
        asked = self._places if "web" in self._config.roles else StaticPlaces(())
        return AllFigures(own, self.desk.node_id, asked, self._sender)

    def spread(self, relay: Relay, cascade: Cascade | None) -> Relay:
        """Return the relay that this process's rooms are to use: that of a cell has edges."""
        if self.door is None or cascade is None:
            return relay
        self.edges = CellEdges(
            self._config,
            self._database,
            self._clock,
            desk=self.desk,
            sender=self._sender,
            relay=relay,
            cascade=cascade,
            takes=lambda: self._takes_lessons,
        )
        return self.edges.relay

    @property
    def carriers(self) -> Carriers:
        """Who opens viewing sessions."""
        return HERE if self.edges is None else self.edges.owner

    def hold(self, classroom: ClassroomDesk) -> None:
        """Name the rooms of this cell, which are to follow its leases."""
        self._classroom = classroom
        self._drain = classroom.drain_to(OtherCells(self.desk, self._places))

    async def join(self) -> None:
        """Tell the others that this process is ready, and begin to take up orphans."""
        if self.edges is not None:
            await self.edges.start()
        await self.desk.start()
        if self._classroom is not None:
            self._orphans.start()

    async def set_drain(self, on: bool) -> None:
        """Begin to move the lessons of this cell to others and take no new ones, or end that."""
        if self._drain is None:
            return
        if on:
            self._drain.begin()
            self._leave_edges()
        else:
            await self._drain.end()
        await self.desk.watch.talk()

    async def drain(self) -> None:
        """Move the lessons of this cell to others, within `drain_s`; before the process stops."""
        if self._drain is not None:
            await self.set_drain(True)
            await self._drain.wait(self._config.drain_s)
        if self.edges is not None:
            await self.edges.edge.emptied()

    def say_goodbye(self) -> None:
        """End the lines of other cells: the door is about to close."""
        if self.edges is not None:
            self.edges.edge.close()

    async def leave(self) -> None:
        """Take nothing new, and move nothing more. Lessons that are here go on."""
        self._leaving = True
        self._leave_edges()
        if self._drain is not None:
            await self._drain.end()
        await self._orphans.stop()
        await self.desk.watch.talk()

    async def stop(self) -> None:
        """Leave the others, after the last lesson was given back."""
        if self.edges is not None:
            await self.edges.stop()
        await self.desk.stop()
        await self._sender.clients.close()

    async def probe(self) -> str:
        """Tell whether lessons can be had: ``ok``, ``no_redis`` or ``no_cells``."""
        if not self.desk.state.reachable:
            return "no_redis"
        return "ok" if await self._places.cells() else "no_cells"

    # --- what the desk asks and tells ------------------------------------------------------------

    @property
    def _takes_lessons(self) -> bool:
        return not self._is_draining and not self.desk.state.node_id_taken

    @property
    def _is_draining(self) -> bool:
        return self._leaving or (self._drain is not None and self._drain.is_on)

    def _now(self) -> NodeNow:
        rooms = () if self._classroom is None else self._classroom.hub.rooms
        now = NodeNow(
            load=sum(len(room.state.participants) for room in rooms),
            draining=self._is_draining,
            lessons=sum(room.state.is_live for room in rooms),
        )
        if self.edges is None:
            return now
        edge = self.edges.edge
        return replace(
            now,
            load=now.load + weight(edge.viewers),
            pipe_host=self.edges.pipe_host,
            carried=edge.viewers,
            carried_lessons=edge.lessons,
            regions=self.edges.regions,
        )

    def _leave_edges(self) -> None:
        if self.edges is not None:
            self.edges.edge.leave()

    async def _on_lost(self, lesson_id: str) -> None:
        if self._classroom is not None:
            await self._classroom.hub.lose(lesson_id)

    async def _on_nodes(self, changes: tuple[HealthChange, ...]) -> None:
        for change in changes:
            if self.edges is not None and change.after is Health.GONE:
                self.edges.owner.node_gone(change.node_id)
        self._orphans.wake()  # no more than that: the next beat waits for us

    async def _take_orphans(self) -> None:
        if self._classroom is not None and self._takes_lessons:
            await self._classroom.taker.take_orphans(CellShares(self.desk))


def _role(config: Config) -> NodeRole:
    for role in (NodeRole.CELL, NodeRole.WEB):
        if role.value in config.roles:
            return role
    return NodeRole.WORKER


def _secrets(config: Config, clock: Clock) -> Keyring:
    if config.inner_secrets is not None:
        return read_secrets(Path(config.inner_secrets).expanduser())
    return load_keyring(config.data, clock.now().timestamp())

"""Leases and presence as Redis keeps them: keys that run out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
import structlog

from signaling.base.clock import Clock
from signaling.cells.api import NodeIdTaken, Unreachable
from signaling.cells.core.leasing import Lease, Refusal, Refused, Renewal
from signaling.cells.core.nodes import HealthChange, Node, NodeBook, SeenNode, Sighting
from signaling.cells.core.times import CellTimes
from signaling.cells.ports import PostedLease
from signaling.cells.redis_link import Arguments, RedisLink
from signaling.cells.scripts import (
    BEAT,
    CLAIM,
    LEAVE,
    MEMORY_KEY,
    NODES,
    NODES_KEY,
    PLACE,
    RELEASE,
    RENEW,
    SETTLING_KEY,
    lesson_key,
    node_key,
)

log = structlog.get_logger(__name__)

_AT_ONCE = 100  # leases in one script: Redis does nothing else meanwhile, some 0.3 ms
_TO_NODE = msgspec.json.Decoder(Node)


@dataclass(frozen=True, slots=True)
class Incarnation:
    """One run of a node: a process that starts again does not have its predecessor's leases."""

    node_id: str
    run: str  # drawn at random

    @property
    def owner(self) -> str:
        """The owner of a key."""
        return f"{self.node_id} {self.run}"


class RedisLeases:
    """The port `LeaseBoard` over Redis."""

    def __init__(self, link: RedisLink, own: Incarnation, times: CellTimes) -> None:
        self._link = link
        self._own = own
        self._times = times

    async def claim(self, lease: Lease, *, was_held: bool) -> Refused | None:
        """Set the key if it is missing or this process's own. Raises Unreachable."""
        keys = [lesson_key(lease.lesson_id), MEMORY_KEY, SETTLING_KEY]
        arguments: Arguments = [lease.epoch, self._own.owner, self._times.ttl_ms, int(was_held)]
        done, value = await self._link.run(CLAIM, keys, arguments)
        if done == "claimed":
            return None
        posted = _posted(value)
        return Refused(Refusal(done), None if posted is None else posted.cell_id)

    async def renew(self, leases: Sequence[Lease]) -> Sequence[Renewal]:
        """Give each key a new TTL; one answer for each lease. Raises Unreachable."""
        answers: list[Renewal] = []
        for start in range(0, len(leases), _AT_ONCE):
            some = leases[start : start + _AT_ONCE]
            arguments: Arguments = [
                self._own.owner,
                self._times.ttl_ms,
                *(one.epoch for one in some),
            ]
            found = await self._link.run(RENEW, _keys(some), arguments)
            answers += [Renewal(one) for one in found]
        return answers

    async def release(self, leases: Sequence[Lease]) -> None:
        """Remove the keys that are these leases'. Raises Unreachable."""
        for start in range(0, len(leases), _AT_ONCE):
            some = leases[start : start + _AT_ONCE]
            arguments: Arguments = [self._own.owner, *(one.epoch for one in some)]
            await self._link.run(RELEASE, _keys(some), arguments)

    async def posted(self, lesson_id: str) -> tuple[PostedLease | None, bool]:
        """The lease of a lesson, and whether Redis is settling. Raises Unreachable."""
        keys = [lesson_key(lesson_id), MEMORY_KEY, SETTLING_KEY]
        settling, value = await self._link.run(PLACE, keys, [self._times.ttl_ms])
        return _posted(value), bool(settling)


class RedisPresence:
    """Nodes in Redis, read into the book of this process."""

    def __init__(
        self, link: RedisLink, own: Incarnation, book: NodeBook, clock: Clock, times: CellTimes
    ) -> None:
        self._link = link
        self._own = own
        self._book = book
        self._clock = clock
        self._times = times
        self.changes: tuple[HealthChange, ...] = ()  # by the last reading

    async def beat(self, node: Node) -> None:
        """Tell the others of this node. Raises Unreachable, NodeIdTaken."""
        text = msgspec.json.encode(node).decode()
        arguments: Arguments = [self._own.run, text, self._times.ttl_ms, self._own.node_id]
        if not await self._link.run(BEAT, [node_key(self._own.node_id), NODES_KEY], arguments):
            raise NodeIdTaken(self._own.node_id)

    async def leave(self) -> None:
        """Tell the others that this node goes. Raises Unreachable."""
        keys = [node_key(self._own.node_id), NODES_KEY]
        await self._link.run(LEAVE, keys, [self._own.run, self._own.node_id])

    async def nodes(self) -> Sequence[SeenNode]:
        """Read all nodes, those gone lately included. Raises Unreachable."""
        keys = [NODES_KEY, MEMORY_KEY, SETTLING_KEY]
        found = await self._link.run(NODES, keys, [self._times.ttl_ms, node_key("")])
        settling, *fields = found
        sightings = [
            Sighting(node, self._times.ttl_s - int(left_ms) / 1000)
            for text, left_ms in zip(fields[::2], fields[1::2], strict=True)
            if (node := _node(text)) is not None
        ]
        self.changes = self._book.read(sightings, self._clock.monotonic(), settling=bool(settling))
        return self._book.nodes


def _keys(leases: Sequence[Lease]) -> list[str]:
    return [lesson_key(lease.lesson_id) for lease in leases]


def _posted(value: str) -> PostedLease | None:
    """Read the value of a lesson's key; empty is none."""
    if not value:
        return None
    try:
        epoch, cell_id, _ = value.split(" ")
        return PostedLease(cell_id, int(epoch))
    except ValueError as error:
        raise Unreachable(f"a lease that nobody can read: {value!r}") from error


def _node(text: str) -> Node | None:
    try:
        return _TO_NODE.decode(text)
    except msgspec.MsgspecError:  # of a newer version, maybe
        log.warning("node_unreadable", text=text[:200])
        return None

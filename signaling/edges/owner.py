"""In the cell that has a lesson: sends viewers to edges, and speaks to their sessions there."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager

import structlog

from relay.api import Answer, Cascade, Patched, RelayFull, SessionNotFound
from signaling.base.clock import Clock
from signaling.edges.api import EdgeNodes, ViewerWish
from signaling.edges.calls import EdgeAway
from signaling.edges.line import Socket
from signaling.edges.link import EdgeLink
from signaling.edges.relay import SpreadRelay
from signaling.edges.rules import chosen_edge

log = structlog.get_logger(__name__)

AVOIDED_S = 30.0  # an edge that failed or left a lesson gets none of its viewers for so long
FULL_S = 5.0  # … and one that is full
MAX_EDGES = 8  # of one lesson: a relay opens no more pipes of a room

Doors = Callable[[str, str], AbstractAsyncContextManager[Socket]]


class LessonEdges:
    """Implements `Carriers` over the other cells."""

    def __init__(
        self,
        *,
        relay: SpreadRelay,
        cascade: Cascade,
        nodes: EdgeNodes,
        doors: Doors,
        clock: Clock,
        edge_after: int,
    ) -> None:
        """Put it together.

        Args:
            relay: that of this cell, which learns of all sessions.
            cascade: opens pipes.
            nodes: the other cells.
            doors: opens a line to a cell for a lesson.
            clock: the time.
            edge_after: viewers of one lesson that this cell carries itself.
        """
        self._relay = relay
        self._cascade = cascade
        self._nodes = nodes
        self._doors = doors
        self._clock = clock
        self._edge_after = edge_after
        self._links: dict[tuple[str, str], EdgeLink] = {}  # by lesson and edge
        self._ending: set[EdgeLink] = set()
        self._avoided: dict[tuple[str, str], float] = {}  # until when
        self.failures = 0  # links that the edge ended, or that broke

    @property
    def viewers(self) -> Mapping[tuple[str, str], int]:
        """Viewers by lesson and edge."""
        return {key: link.viewers for key, link in self._links.items()}

    def node_gone(self, node_id: str) -> None:
        """Give up a cell that counts as gone; its line may not have noticed yet."""
        for link in tuple(self._links.values()):
            if link.edge_id == node_id:
                link.cut("edge_gone")

    async def stop(self) -> None:
        """End all links."""
        for link in tuple(self._links.values()):
            link.end()
        await asyncio.gather(*(link.ended() for link in tuple(self._ending)))

    # --- Carriers --------------------------------------------------------------------------------

    async def watch(self, wish: ViewerWish, opened: Callable[[Answer], None]) -> Answer | None:
        """See `Carriers`. An edge that cannot do it leaves the viewer to this cell."""
        edge_id = self._choose(wish)
        if edge_id is None:
            return None
        link = self._link(wish.lesson_id, edge_id)
        try:
            return await link.watch(wish, opened)
        except RelayFull:
            self._avoid(link, FULL_S)
        except EdgeAway:
            self._avoid(link, AVOIDED_S)
        return None

    async def patch(self, session_id: str, fragment: str, etag: str | None) -> Patched | None:
        """See `Carriers`. Of an edge that is gone the session is over, too."""
        carrier = self._relay.carrier_of(session_id)
        if not isinstance(carrier, EdgeLink):
            return None
        try:
            return await carrier.patch(session_id, fragment, etag)
        except EdgeAway:
            raise SessionNotFound("the edge is gone") from None

    # --- inside ----------------------------------------------------------------------------------

    def _choose(self, wish: ViewerWish) -> str | None:
        lesson_id = wish.lesson_id
        self._forget_avoided()
        carried = Counter(
            {
                edge: link.viewers
                for (lesson, edge), link in self._links.items()
                if lesson == lesson_id
            }
        )
        edges = [
            node
            for node in self._nodes.others()
            if (lesson_id, node.node_id) not in self._avoided
            and (node.node_id in carried or len(carried) < MAX_EDGES)
        ]
        return chosen_edge(
            wish.kind,
            wish.home,
            here=self._relay.viewers_here(lesson_id),
            edge_after=self._edge_after,
            own_regions=self._nodes.own_regions(),
            edges=edges,
            carried=carried,
        )

    def _link(self, lesson_id: str, edge_id: str) -> EdgeLink:
        link = self._links.get((lesson_id, edge_id))
        if link is None:
            link = self._links[lesson_id, edge_id] = EdgeLink(
                lesson_id,
                edge_id,
                door=lambda: self._doors(edge_id, lesson_id),
                cascade=self._cascade,
                relay=self._relay,
                on_gone=self._on_gone,
            )
        return link

    def _on_gone(self, link: EdgeLink, avoid: bool) -> None:
        self._links.pop((link.lesson_id, link.edge_id), None)
        self._ending.add(link)
        link.when_ended(self._ending.discard)
        if avoid:
            self.failures += 1
            self._avoid(link, AVOIDED_S)

    def _avoid(self, link: EdgeLink, seconds: float) -> None:
        key = link.lesson_id, link.edge_id
        until = self._clock.monotonic() + seconds
        self._avoided[key] = max(until, self._avoided.get(key, 0.0))

    def _forget_avoided(self) -> None:
        now = self._clock.monotonic()
        for key, until in tuple(self._avoided.items()):
            if now >= until:
                del self._avoided[key]

"""Protocols and value types by which other wings know of edges."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from relay.api import Answer, Patched


class ViewerKind(StrEnum):
    """The part of a viewer in its lesson."""

    PLAIN = "plain"  # a plain player: it watches the programme
    OBSERVER = "observer"  # watches unseen
    ROOM = "room"  # takes part, off stage
    STAGE = "stage"  # leads, or is on stage: it stays at the owner


@dataclass(frozen=True, slots=True)
class ViewerWish:
    """A viewing session that is to be opened; the same words as `Relay.watch`.

    Attributes:
        lesson_id: the room of the owner's relay.
        viewer_id: who watches.
        offer: SDP.
        own_sources: are never heard by this viewer.
        programme: the slots follow the programme.
        kind: of viewer.
        home: path of the viewer's school in the org tree; None if it has none.
    """

    lesson_id: str
    viewer_id: str
    offer: str
    own_sources: tuple[str, ...]
    programme: bool
    kind: ViewerKind
    home: str | None = None


class Carriers(Protocol):
    """Opens viewing sessions in other cells than the one that has the lesson."""

    async def watch(self, wish: ViewerWish, opened: Callable[[Answer], None]) -> Answer | None:
        """Open a session elsewhere; return None where it is to be opened here.

        `opened` is called before anything else of the session is told, in the same step.

        Raises:
            OfferError: the offer cannot be used.
        """

    async def patch(self, session_id: str, fragment: str, etag: str | None) -> Patched | None:
        """Trickle or restart ICE of a session elsewhere; return None if it is none.

        Raises:
            SessionNotFound, StaleSession, OfferError: as `Relay.patch`.
        """


class Here:
    """Implements `Carriers` where there are no other cells: each session is opened here."""

    async def watch(self, wish: ViewerWish, opened: Callable[[Answer], None]) -> Answer | None:
        """See `Carriers`."""
        del wish, opened
        return None

    async def patch(self, session_id: str, fragment: str, etag: str | None) -> Patched | None:
        """See `Carriers`."""
        del session_id, fragment, etag
        return None


HERE: Carriers = Here()


@dataclass(frozen=True, slots=True)
class EdgeNode:
    """A cell that may carry viewers of other cells' lessons.

    Attributes:
        node_id: its name.
        free: participants that it can still take.
        load: the share of its capacity that is used, 0…1.
        regions: paths of the org tree whose viewers it carries.
        pipe_host: where its relay takes pipes.
    """

    node_id: str
    free: int
    load: float
    regions: tuple[str, ...]
    pipe_host: str


class EdgeNodes(Protocol):
    """The cells of the installation."""

    def own_regions(self) -> Sequence[str]:
        """Return the paths of the org tree whose viewers this cell carries itself."""

    def others(self) -> Sequence[EdgeNode]:
        """Return the other cells that take viewers now."""

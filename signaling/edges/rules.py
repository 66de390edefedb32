"""Rules: whether a viewer is carried by its lesson's owner, or by which edge."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from signaling.edges.api import EdgeNode, ViewerKind

# Viewers that weigh as much as one participant of a lesson: a core takes 300 to 400 of them, or 60
# participants (docs/scale.md).
VIEWERS_PER_PARTICIPANT = 5
ROOMS_PER_EDGE_AFTER = 1.5  # rooms stay at the owner longer than those who only look on
_LOOPBACK = ("127.", "::1")


def weight(viewers: int) -> int:
    """Return how many participants so many viewers weigh, rounded up."""
    return -(-viewers // VIEWERS_PER_PARTICIPANT)


def chosen_edge(
    kind: ViewerKind,
    home: str | None,
    *,
    here: int,
    edge_after: int,
    own_regions: Collection[str],
    edges: Sequence[EdgeNode],
    carried: Mapping[str, int],
) -> str | None:
    """Choose the edge of a new viewer; None means the owner.

    A region is an order of the operator, so it comes first. By load, an edge that has the lesson
    already is taken before another one: one more pipe costs more than one more viewer.

    Args:
        kind: of viewer.
        home: path of its school.
        here: viewers of the lesson at the owner.
        edge_after: viewers of one lesson that the owner carries.
        own_regions: regions of the owner.
        edges: other cells that may be asked now.
        carried: viewers of the lesson at each edge that has some.
    """
    if kind is ViewerKind.STAGE:
        return None
    free = [edge for edge in edges if edge.free > 0]
    near = max((_nearness(edge.regions, home) for edge in free), default=0)
    if near > _nearness(own_regions, home):
        return _least(edge for edge in free if _nearness(edge.regions, home) == near)
    if here < stays_until(kind, edge_after):
        return None
    having = [edge for edge in free if edge.node_id in carried]
    roomy = [edge for edge in having if carried[edge.node_id] < edge_after]
    return _least(roomy or [edge for edge in free if edge.node_id not in carried] or having)


def stays_until(kind: ViewerKind, edge_after: int) -> int:
    """Return from how many viewers at the owner on a further one of a kind goes to an edge."""
    return edge_after if kind is not ViewerKind.ROOM else int(edge_after * ROOMS_PER_EDGE_AFTER)


def can_pipe(one: str, other: str) -> bool:
    """Tell whether pipes between two addresses can be: loopback reaches nobody else."""
    return one.startswith(_LOOPBACK) == other.startswith(_LOOPBACK)


def _least(edges: Iterable[EdgeNode]) -> str | None:
    found = min(edges, key=lambda edge: (edge.load, edge.node_id), default=None)
    return None if found is None else found.node_id


def _nearness(regions: Collection[str], home: str | None) -> int:
    """Return how closely regions name a home: the length of the longest that holds it."""
    if home is None:
        return 0
    return max((len(region) for region in regions if home.startswith(region)), default=0)

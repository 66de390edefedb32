"""Who carries a viewer."""

import pytest

from signaling.edges.api import EdgeNode, ViewerKind
from signaling.edges.rules import can_pipe, chosen_edge, weight

AFTER = 10
PLAIN, OBSERVER, ROOM, STAGE = ViewerKind


def _edge(
    name: str, load: float = 0.0, *, free: int = 50, regions: tuple[str, ...] = ()
) -> EdgeNode:
    return EdgeNode(name, free, load, regions, "127.0.0.1")


def _chosen(
    kind: ViewerKind,
    here: int,
    *edges: EdgeNode,
    home: str | None = None,
    own: tuple[str, ...] = (),
    carried: dict[str, int] | None = None,
) -> str | None:
    return chosen_edge(
        kind,
        home,
        here=here,
        edge_after=AFTER,
        own_regions=own,
        edges=edges,
        carried=carried or {},
    )


@pytest.mark.parametrize(
    ("kind", "here", "goes"),
    [
        (PLAIN, 9, None),
        (PLAIN, 10, "b"),
        (OBSERVER, 10, "b"),
        (ROOM, 14, None),  # rooms stay longer than those who only look on
        (ROOM, 15, "b"),
        (STAGE, 1000, None),
    ],
)
def test_what_goes_to_an_edge_by_load(kind: ViewerKind, here: int, goes: str | None) -> None:
    assert _chosen(kind, here, _edge("a", 0.5), _edge("b", 0.2)) == goes


def test_without_another_cell_everybody_stays() -> None:
    assert _chosen(PLAIN, 1000) is None
    assert _chosen(PLAIN, 1000, _edge("full", 1.0, free=0)) is None


def test_an_edge_that_has_the_lesson_is_taken_before_another_one() -> None:
    edges = _edge("a", 0.5), _edge("b", 0.2)
    assert _chosen(PLAIN, 10, *edges, carried={"a": 9}) == "a"
    assert _chosen(PLAIN, 10, *edges, carried={"a": 10}) == "b"  # it has its part
    assert _chosen(PLAIN, 10, *edges, carried={"a": 10, "b": 10}) == "b"  # all have: the emptiest


def test_a_region_comes_first_and_the_closest_one_of_several() -> None:
    city = _edge("city", 0.9, regions=("cn/p/c/",))
    county = _edge("county", 0.9, regions=("cn/p/c/x/",))
    other = _edge("other", 0.0)
    assert _chosen(ROOM, 0, city, county, other, home="cn/p/c/x/s1/") == "county"
    assert _chosen(ROOM, 0, city, county, other, home="cn/p/c/y/s2/") == "city"
    assert _chosen(ROOM, 0, city, county, other, home="cn/q/s3/") is None
    assert _chosen(STAGE, 0, county, home="cn/p/c/x/s1/") is None


def test_the_owner_keeps_its_own_region() -> None:
    near = _edge("near", regions=("cn/p/c/",))
    assert _chosen(ROOM, 0, near, home="cn/p/c/x/s1/", own=("cn/p/c/x/",)) is None
    assert _chosen(ROOM, 0, near, home="cn/p/c/x/s1/", own=("cn/p/",)) == "near"


def test_a_full_edge_of_the_region_leaves_the_viewer_to_the_owner() -> None:
    near = _edge("near", free=0, regions=("cn/p/",))
    assert _chosen(ROOM, 0, near, home="cn/p/s/") is None


def test_loopback_reaches_no_other_machine() -> None:
    assert can_pipe("127.0.0.1", "127.0.0.1")
    assert can_pipe("10.0.0.1", "10.0.0.2")
    assert not can_pipe("127.0.0.1", "10.0.0.2")
    assert not can_pipe("10.0.0.1", "127.0.0.1")


def test_viewers_weigh_less_than_participants() -> None:
    assert [weight(n) for n in (0, 1, 5, 6, 300)] == [0, 1, 1, 2, 60]

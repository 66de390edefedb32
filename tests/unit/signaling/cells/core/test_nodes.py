"""The book of nodes, on a clock of the test's own."""

import pytest

from signaling.cells.core import nodes
from signaling.cells.core.nodes import (
    Health,
    HealthChange,
    Node,
    NodeBook,
    NodeRole,
    SeenNode,
    Sighting,
)
from signaling.cells.core.times import CellTimes

TIMES = CellTimes(beat_s=1.0, ttl_s=6.0)


def _node(node_id: str = "a", load: int = 0) -> Node:
    return Node(node_id, NodeRole.CELL, f"http://{node_id}", 60, load)


def _seen(age_s: float, node_id: str = "a") -> list[Sighting]:
    return [Sighting(_node(node_id), age_s)]


@pytest.mark.parametrize(
    ("age_s", "health"),
    [(0.0, Health.ALIVE), (2.4, Health.ALIVE), (2.5, Health.SUSPECT), (5.9, Health.SUSPECT)],
)
def test_the_age_of_the_last_beat_tells_the_health(age_s: float, health: Health) -> None:
    book = NodeBook(TIMES)
    assert book.read(_seen(age_s), 10.0) == (HealthChange("a", None, health),)
    assert book.nodes == (SeenNode(_node(), health),)


def test_a_node_goes_and_comes_back() -> None:
    book = NodeBook(TIMES)
    book.read(_seen(0.0), 0.0)
    assert book.read(_seen(3.0), 1.0) == (HealthChange("a", Health.ALIVE, Health.SUSPECT),)
    assert book.read([], 2.0) == (HealthChange("a", Health.SUSPECT, Health.GONE),)
    assert book.address_of("a") is None
    assert book.read([], 3.0) == ()
    assert book.read(_seen(0.0), 4.0) == (HealthChange("a", Health.GONE, Health.ALIVE),)
    assert book.address_of("a") == "http://a"


def test_without_a_reading_nobody_dies() -> None:
    book = NodeBook(TIMES)
    book.read(_seen(0.0), 0.0)
    # Redis is away for an hour: there is no reading, and so no change.
    assert book.nodes[0].health is Health.ALIVE
    assert book.address_of("a") == "http://a"


def test_a_redis_that_lost_its_memory_declares_nobody_gone() -> None:
    book = NodeBook(TIMES)
    book.read(_seen(0.0), 0.0)
    (change,) = book.read([], 1.0, settling=True)
    assert change.after is Health.SUSPECT
    assert book.address_of("a") == "http://a"
    (change,) = book.read([], 8.0)
    assert change.after is Health.GONE


def test_a_gone_node_is_forgotten_after_a_while() -> None:
    book = NodeBook(TIMES)
    book.read(_seen(0.0), 0.0)
    book.read([], 1.0)
    book.read([], 600.9)
    assert len(book.nodes) == 1
    book.read([], 601.0)
    assert book.nodes == ()


def test_a_node_that_was_never_alive_is_not_noted() -> None:
    book = NodeBook(TIMES)
    assert book.read(_seen(6.0), 0.0) == ()
    assert book.nodes == ()


def test_the_book_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nodes, "MAX_NODES", 2)
    book = NodeBook(TIMES)
    book.read([*_seen(0.0, "a"), *_seen(0.0, "b"), *_seen(0.0, "c")], 0.0)
    assert [one.node.node_id for one in book.nodes] == ["a", "b"]

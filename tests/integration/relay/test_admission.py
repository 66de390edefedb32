"""Bounds of the number of sessions: per source, viewer, room and relay."""

from __future__ import annotations

import pytest

from relay.api import CloseReason, RelayFull
from relay.config import RelayConfig
from relay.node import RelayNode
from tests.integration.relay.client import Client, Listener, offer, publish, until, watch


async def test_of_many_attempts_of_one_source_the_latest_few_stay(
    relay: RelayNode, told: Listener
) -> None:
    running, answer = publish(relay)
    client = Client(answer)
    await client.connect()
    await until(lambda: told.up == [running])
    opened = [publish(relay)[0] for _ in range(40)]
    other, _ = publish(relay, "another")
    assert relay.counters()["sessions"] == 6
    assert relay.counters()["sessions_superseded"] == 36
    await until(lambda: len(told.down) == 36)
    assert set(told.down) == set(opened[:36])
    assert set(told.down.values()) == {CloseReason.REPLACED}
    assert relay.stats(running).connected  # what is up goes on until a newer one is, too
    assert not relay.stats(other).connected
    await client.close()


async def test_the_latest_attempt_comes_up_and_replaces_what_ran(
    relay: RelayNode, told: Listener
) -> None:
    opened = [watch(relay) for _ in range(12)]
    client = Client(opened[-1][1])
    await client.connect()
    await until(lambda: len(told.down) == 11)
    assert told.up == [opened[-1][0]]
    assert relay.counters()["sessions"] == 1
    await client.close()


async def test_one_room_leaves_space_for_others() -> None:
    relay = RelayNode(RelayConfig(hosts=("127.0.0.1",), max_sessions_per_room=3))
    await relay.start()
    for number in range(3):
        relay.watch(offer("recvonly"), room_id="full", viewer_id=str(number))
    with pytest.raises(RelayFull, match="in this room"):
        relay.watch(offer("recvonly"), room_id="full", viewer_id="4")
    assert relay.counters()["sessions_refused"] == 1
    relay.watch(offer("recvonly"), room_id="other", viewer_id="4")
    await relay.stop()

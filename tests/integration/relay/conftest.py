"""A relay on loopback, with a clock that a test can push forward."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator

import pytest

from relay.config import RelayConfig
from relay.node import RelayNode
from tests.integration.relay.client import Listener


class PushedClock:
    """The monotonic clock plus whatever a test added."""

    def __init__(self) -> None:
        self.ahead_s = 0.0

    def __call__(self) -> float:
        return time.monotonic() + self.ahead_s


@pytest.fixture
def clock() -> PushedClock:
    return PushedClock()


@pytest.fixture
async def relay(clock: PushedClock) -> AsyncIterator[RelayNode]:
    node = RelayNode(RelayConfig(hosts=("127.0.0.1",)), clock=clock)
    await node.start()
    yield node
    await node.stop()


@pytest.fixture
def told(relay: RelayNode) -> Listener:
    listener = Listener()
    relay.add_listener(listener)
    return listener

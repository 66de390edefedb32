"""The channel's bounds: a client that does not read, talks too much, or fell silent."""

import asyncio
import json

import pytest

from signaling.classroom import wire as m
from signaling.classroom.channel import MAX_WAITING_BYTES, Channel
from tests.unit.signaling.classroom.rooms import seat


class _Client:
    """Reads only while `reading` is set."""

    def __init__(self) -> None:
        self.got: list[dict[str, object]] = []
        self.reading = asyncio.Event()
        self.reading.set()

    async def send(self, text: str) -> None:
        await self.reading.wait()
        self.got.append(json.loads(text))


async def test_messages_arrive_in_order_and_goodbye_last() -> None:
    channel, client = Channel(seat("lead"), 0), _Client()
    for number in range(5):
        channel.send(m.Ack(number))
    channel.close(m.ByeReason.REPLACED)
    channel.send(m.Ack(99))
    channel.close(m.ByeReason.SHUTDOWN)
    await channel.pump(client.send)
    assert [message.get("id") for message in client.got[:-1]] == [0, 1, 2, 3, 4]
    assert client.got[-1] == {"type": "bye", "reason": "replaced"}
    assert channel.waiting_bytes == 0


async def test_a_client_that_does_not_read_is_dropped_and_its_queue_freed() -> None:
    channel, client = Channel(seat("lead"), 0), _Client()
    client.reading.clear()
    pump = asyncio.create_task(channel.pump(client.send))
    text = json.dumps({"x": "汉" * 100})
    posted = 0
    while channel.bye is None:
        channel.post(text)
        await asyncio.sleep(0)
        posted += 1
        assert channel.waiting_bytes <= MAX_WAITING_BYTES
    assert channel.bye is m.ByeReason.TOO_SLOW
    assert posted * len(text.encode()) >= MAX_WAITING_BYTES
    client.reading.set()
    await pump
    assert client.got[-1] == {"type": "bye", "reason": "too_slow"}
    assert len(client.got) == 2  # the one under way, and goodbye


async def test_thirty_messages_a_second_are_taken_and_no_more() -> None:
    channel = Channel(seat("lead"), 0)
    assert all(channel.heard(second + i / 30) for second in range(3) for i in range(30))
    flooded = Channel(seat("lead"), 0)
    assert [flooded.heard(0.0) for _ in range(31)] == [True] * 30 + [False]
    assert flooded.bye is m.ByeReason.FLOODING


@pytest.mark.parametrize(("now", "silent"), [(15.0, False), (15.1, True)])
async def test_silence(now: float, silent: bool) -> None:
    channel = Channel(seat("lead"), 0)
    assert channel.is_silent(now) is silent
    channel.heard(10.0)
    assert not channel.is_silent(now)

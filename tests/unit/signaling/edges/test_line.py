"""One end of the line between owner and edge: what ends it, and what it lets through."""

import asyncio
from typing import Any

import aiohttp
import msgspec
import pytest

from relay.api import PipeEnd
from signaling.edges import line as line_module
from signaling.edges import wire as m
from signaling.edges.line import MAX_WAITING, Ending, Line

EDGE: msgspec.msgpack.Decoder[m.FromEdge] = msgspec.msgpack.Decoder(m.FromEdge)
BINARY, TEXT = aiohttp.WSMsgType.BINARY, aiohttp.WSMsgType.TEXT


class FakeSocket:
    """A WebSocket whose other end is the test."""

    def __init__(self) -> None:
        self.coming: asyncio.Queue[aiohttp.WSMessage] = asyncio.Queue()
        self.sent: list[Any] = []
        self.stuck = False
        self.closed = False

    def say(self, data: Any, kind: aiohttp.WSMsgType = BINARY) -> None:
        """Let the other end say something."""
        if isinstance(data, msgspec.Struct):
            data = msgspec.msgpack.encode(data)
        self.coming.put_nowait(aiohttp.WSMessage(kind, data, None))

    async def receive(self, timeout: float | None = None) -> aiohttp.WSMessage:  # noqa: ASYNC109
        """See `Socket`."""
        async with asyncio.timeout(timeout):
            return await self.coming.get()

    async def send_bytes(self, data: bytes, compress: int | None = None) -> None:
        """See `Socket`."""
        if self.stuck:
            await asyncio.Event().wait()
        self.sent.append(msgspec.msgpack.decode(data))

    async def close(self) -> None:
        """See `Socket`."""
        self.closed = True


@pytest.fixture
async def socket() -> FakeSocket:
    return FakeSocket()


async def test_messages_come_in_order_and_the_goodbye_ends_the_line(socket: FakeSocket) -> None:
    socket.say(m.Up("s1"))
    socket.say(m.Beat())
    socket.say(m.Leaving())
    socket.say(m.Bye())
    taken: list[m.FromEdge] = []
    assert await Line(socket, EDGE).run(taken.append) is Ending.BYE
    assert taken == [m.Up("s1"), m.Leaving()]
    assert socket.closed


@pytest.mark.parametrize(
    "data",
    [
        b"\xff",
        msgspec.msgpack.encode({"type": "no such"}),
        msgspec.msgpack.encode(m.Open(1, "l", PipeEnd("h", 1, "i", "k"))),  # the owner's to say
        msgspec.msgpack.encode({"type": "up", "session_id": "s" * 201}),
        b"\xc0" * (m.MAX_MESSAGE_BYTES + 1),
    ],
)
async def test_what_cannot_be_read_ends_the_line(socket: FakeSocket, data: bytes) -> None:
    socket.say(data)
    socket.say(m.Up("s1"))
    taken: list[m.FromEdge] = []
    assert await Line(socket, EDGE).run(taken.append) is Ending.LOST
    assert not taken


@pytest.mark.parametrize("kind", [TEXT, aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.ERROR])
async def test_a_socket_that_closes_is_lost(socket: FakeSocket, kind: aiohttp.WSMsgType) -> None:
    socket.say("x", kind)
    assert await Line(socket, EDGE).run(lambda _: None) is Ending.LOST


async def test_what_waits_is_sent_before_the_goodbye_and_nothing_after(socket: FakeSocket) -> None:
    line = Line(socket, EDGE)
    line.send(m.Beat())
    line.bye()
    line.send(m.Beat())
    assert await line.run(lambda _: None) is Ending.BYE
    assert socket.sent == [{"type": "beat"}, {"type": "bye"}]


async def test_an_end_that_does_not_read_is_given_up(socket: FakeSocket) -> None:
    socket.stuck = True
    line = Line(socket, EDGE)
    running = asyncio.create_task(line.run(lambda _: None))
    await asyncio.sleep(0)
    for _ in range(MAX_WAITING + 2):
        line.send(m.Beat())
    assert await running is Ending.LOST


async def test_a_goodbye_to_an_end_that_does_not_read_ends_in_time(
    socket: FakeSocket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(line_module, "GOODBYE_S", 0.02)
    socket.stuck = True
    line = Line(socket, EDGE)
    line.bye()
    assert await line.run(lambda _: None) is Ending.BYE


async def test_silence_ends_the_line_and_signs_of_life_are_sent(
    socket: FakeSocket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(line_module, "BEAT_S", 0.01)
    monkeypatch.setattr(line_module, "SILENCE_S", 0.1)
    assert await Line(socket, EDGE).run(lambda _: None) is Ending.LOST
    assert socket.sent[0] == {"type": "beat"}


async def test_what_the_reader_raises_is_not_hidden(socket: FakeSocket) -> None:
    def fail(_: m.FromEdge) -> None:
        raise KeyError

    socket.say(m.Up("s1"))
    with pytest.raises(KeyError):
        await Line(socket, EDGE).run(fail)
    assert socket.closed

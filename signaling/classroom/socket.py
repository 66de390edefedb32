"""The control channel's WebSocket: reads messages, pumps the queue, closes in time."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Any, Protocol

import msgspec
import structlog
from aiohttp import WSCloseCode, WSMsgType, web

from signaling.base.clock import Clock
from signaling.base.config import Config
from signaling.base.errors import (
    CellAway,
    Forbidden,
    NotFound,
    PasswordChangeDue,
    SignalingError,
    WrongLessonState,
)
from signaling.base.fences import LeaseLost
from signaling.base.text import cleaned, is_word
from signaling.classroom import wire as m
from signaling.classroom.channel import Channel, encode
from signaling.classroom.entry import ClassroomEntry
from signaling.classroom.hub import RoomHub
from signaling.classroom.live_room import LiveRoom
from signaling.classroom.messages import Command
from signaling.classroom.parts.part import CommandRefused
from signaling.classroom.seat_watch import SeatWatch
from signaling.identity.logins import SignedIn
from signaling.lessons.members import member_of
from signaling.lessons.seats import Seat
from signaling.tracing.api import COMMAND, LESSON, NO_TRACING, Tracing
from signaling.web.origin import client_address, is_own_origin, networks
from signaling.web.routes import GATE
from signaling.web.socket_queue import unsent_bytes

log = structlog.get_logger(__name__)

HELLO_TIMEOUT_S = 5.0  # docs/protocol.md
GOODBYE_S = 1.0  # for a last message to a client that may not read any more
_CLOSE_CODES = {
    m.ByeReason.REPLACED: WSCloseCode.OK,
    m.ByeReason.LESSON_OVER: WSCloseCode.OK,
    m.ByeReason.FORBIDDEN: WSCloseCode.POLICY_VIOLATION,
    m.ByeReason.FLOODING: WSCloseCode.POLICY_VIOLATION,
    m.ByeReason.TOO_SLOW: WSCloseCode.TRY_AGAIN_LATER,
    m.ByeReason.SHUTDOWN: WSCloseCode.GOING_AWAY,
    m.ByeReason.MOVED: WSCloseCode.SERVICE_RESTART,
}
_decoder: msgspec.json.Decoder[m.Hello | m.Ping | Command] = msgspec.json.Decoder(
    m.any_of(m.CLIENT_MESSAGES)
)


class _IdOnly(msgspec.Struct):
    """The id of a message that does not fit, so that the page is answered."""

    id: int


_id_decoder = msgspec.json.Decoder(_IdOnly)


class Logins(Protocol):
    """Finds the login of a request."""

    async def of(self, request: web.Request) -> SignedIn:
        """Find it. Raises NotSignedIn, Malformed."""


@dataclass(frozen=True, slots=True)
class ControlChannels:
    """The control channels of lessons, one WebSocket each."""

    entry: ClassroomEntry
    hub: RoomHub
    seats: SeatWatch
    logins: Logins
    clock: Clock
    config: Config
    tracing: Tracing = NO_TRACING

    async def connect(self, request: web.Request) -> web.StreamResponse:
        """`GET /ws/lessons/{lesson_id}`.

        A browser cannot read the status of a refused upgrade. So whoever may not enter is let in
        far enough to be told `bye`; only a foreign page is refused outright.
        """
        if not is_own_origin(request, self.config):
            raise Forbidden("the Origin is another site's")
        ws = web.WebSocketResponse(
            max_msg_size=m.MAX_MESSAGE_BYTES, compress=False, timeout=GOODBYE_S, autoping=True
        )
        await ws.prepare(request)
        try:
            await self._serve(request, ws, request.match_info["lesson_id"])
        except Exception:  # of the database, say. The answer was given, so no problem can be sent
            log.exception("channel_failed", lesson_id=request.match_info["lesson_id"])
            await _break_off(ws)
        return ws

    async def _serve(self, request: web.Request, ws: web.WebSocketResponse, lesson_id: str) -> None:
        turn = self.hub.turn
        try:
            who, seat, room = await self._admit(request, lesson_id)
        except WrongLessonState:
            await _refuse(ws, m.ByeReason.LESSON_OVER)
        except (CellAway, LeaseLost):  # the lesson is on its way to another process
            await _refuse(ws, m.ByeReason.SHUTDOWN)
        except SignalingError as error:
            log.debug("channel_refused", code=error.code)
            await _refuse(ws, m.ByeReason.FORBIDDEN)
        else:
            hello = await _hello(request, ws)
            transport = request.transport
            channel = Channel(
                seat, self.clock.monotonic(), who.session_hash, lambda: unsent_bytes(transport)
            )
            if hello is None:
                return
            entered = await self._enter(channel, who.school, room, hello)
            if not isinstance(entered, LiveRoom):
                await _refuse(ws, entered)
            elif await self._lost_on_the_way(channel, entered, turn):
                await _refuse(ws, m.ByeReason.FORBIDDEN)
            else:
                await self._converse(request, ws, channel, entered)

    async def _lost_on_the_way(self, channel: Channel, room: LiveRoom, turn: int) -> bool:
        """Return whether the seat was lost between its check and the room; it leaves again then.

        From here on the channel is seen by whoever ends seats and logins. Nothing was sent yet.
        """
        keeps = False
        try:
            keeps = self.hub.turn == turn or await self.seats.keeps(channel, room.lesson_id)
        finally:
            if not keeps:
                room.detach(channel)
        return not keeps

    async def _admit(self, request: web.Request, lesson_id: str) -> tuple[SignedIn, Seat, LiveRoom]:
        who = await self.logins.of(request)
        request.app[GATE].know(request, who.session_hash)
        if who.password_due:
            raise PasswordChangeDue()
        remote = client_address(request, networks(self.config.trusted_proxies))
        if not is_word(lesson_id):
            raise NotFound()
        seat, room = await self.entry.enter(who.actor.at(remote), lesson_id)
        return who, seat, room

    async def _enter(
        self, channel: Channel, school: str | None, room: LiveRoom, hello: m.Hello
    ) -> LiveRoom | m.ByeReason:
        """Attach the channel to the room, or say why not."""
        try:
            # The room may have closed meanwhile; a closed one must not be entered.
            if self.hub.room(room.lesson_id) is not room:
                room = await self.hub.enter(room.lesson_id)
            room.attach(channel, member_of(channel.seat, school), hello)
        except WrongLessonState:
            return m.ByeReason.LESSON_OVER
        except (CellAway, LeaseLost):
            return m.ByeReason.SHUTDOWN
        except (CommandRefused, SignalingError):
            return m.ByeReason.FORBIDDEN
        return room

    async def _converse(
        self, request: web.Request, ws: web.WebSocketResponse, channel: Channel, room: LiveRoom
    ) -> None:
        read = asyncio.create_task(self._read(ws, channel, room), name="channel-read")
        pump = asyncio.create_task(channel.pump(ws.send_str), name="channel-pump")
        closing = asyncio.create_task(channel.closing.wait(), name="channel-closing")
        deaf = failed = False
        try:
            await asyncio.wait({read, pump, closing}, return_when=asyncio.FIRST_COMPLETED)
            if channel.bye is not None:
                await asyncio.wait({pump}, timeout=GOODBYE_S)
                deaf = not pump.done()
        finally:
            room.detach(channel)
            if deaf and request.transport is not None:
                # A closing handshake would wait behind what the client does not read. The pump is
                # cancelled only after: aiohttp's writers share one future to wait for the socket.
                request.transport.abort()
            failed = await _end((read, pump, closing))
        if failed:
            await _break_off(ws)
        elif not deaf:
            await _close(ws, channel.bye)

    async def _read(self, ws: web.WebSocketResponse, channel: Channel, room: LiveRoom) -> None:
        """Take messages until the client leaves or the channel closes."""
        async for message in ws:
            if channel.bye is not None or not channel.heard(self.clock.monotonic()):
                return
            if message.type is not WSMsgType.TEXT:
                channel.send(m.CommandError(None, "bad_message", "text messages only"))
                continue
            decoded, error = _decode(message.data)
            match decoded:
                case None:
                    channel.send(error or _expected_hello())
                case m.Ping(sent_at=sent_at):
                    channel.send(m.Pong(sent_at))
                case m.Hello():
                    channel.send(m.CommandError(None, "bad_message", "hello was said"))
                case command:
                    self._carry_out(channel, room, command)

    def _carry_out(self, channel: Channel, room: LiveRoom, command: Command) -> None:
        tag = str(type(command).__struct_config__.tag)
        facts = {COMMAND: tag, LESSON: room.lesson_id}
        with self.tracing.span(f"command {tag}", facts=facts, alone=True):
            room.command(channel, command)


async def _hello(request: web.Request, ws: web.WebSocketResponse) -> m.Hello | None:
    """The client's first message: in the address, which saves a round trip, or sent."""
    text = request.query.get("hello")
    if text is None:
        try:
            message = await ws.receive(HELLO_TIMEOUT_S)
        except TimeoutError:
            await _refuse(ws, m.ByeReason.FORBIDDEN)
            return None
        text = message.data if message.type is WSMsgType.TEXT else None
    if text is not None:
        hello, error = _decode(text)
        if isinstance(hello, m.Hello) and hello.version == m.PROTOCOL_VERSION:
            return hello
        await _quietly(ws.send_str(encode(error or _expected_hello())))
    await _refuse(ws, m.ByeReason.FORBIDDEN)
    return None


def _decode(text: str) -> tuple[m.Hello | m.Ping | Command | None, m.CommandError | None]:
    try:
        return cleaned(_decoder.decode(text)), None
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        detail = str(error)[:300]
    try:
        command_id: int | None = _id_decoder.decode(text).id
    except (msgspec.MsgspecError, ValueError, RecursionError):
        command_id = None
    return None, m.CommandError(command_id, "bad_message", detail)


def _expected_hello() -> m.CommandError:
    return m.CommandError(None, "bad_message", f"hello of version {m.PROTOCOL_VERSION} comes first")


async def _refuse(ws: web.WebSocketResponse, reason: m.ByeReason) -> None:
    await _quietly(ws.send_str(encode(m.Bye(reason))))
    await _close(ws, reason)


async def _close(ws: web.WebSocketResponse, reason: m.ByeReason | None) -> None:
    code = WSCloseCode.OK if reason is None else _CLOSE_CODES[reason]
    await _quietly(ws.close(code=code, message=(reason or "").encode()))


async def _break_off(ws: web.WebSocketResponse) -> None:
    """Close after an error of ours, without a `bye`: to the page a lost link, which it mends."""
    await _quietly(ws.close(code=WSCloseCode.INTERNAL_ERROR, message=b"internal"))


async def _quietly(sending: Awaitable[object]) -> None:
    """Send to a client that may be gone or deaf; either is fine now."""
    with contextlib.suppress(TimeoutError, ConnectionError, RuntimeError):
        async with asyncio.timeout(GOODBYE_S):
            await sending


async def _end(tasks: tuple[asyncio.Task[Any], ...]) -> bool:
    """Cancel them; whether one had failed by an error of ours."""
    failed = False
    for task in tasks:
        task.cancel()
    for result in await asyncio.gather(*tasks, return_exceptions=True):
        if isinstance(result, Exception) and not isinstance(result, ConnectionError):
            log.error("channel_failed", error=repr(result))
            failed = True
    return failed

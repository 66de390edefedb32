"""One participant's control channel: a bounded outgoing queue, a flood gate and a watch on silence.

It knows nothing of WebSockets: `pump` is given a function that sends a text.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable

import msgspec

from signaling.base.rate_limit import TokenBucket
from signaling.classroom.messages import ServerMessage
from signaling.classroom.wire import Bye, ByeReason
from signaling.lessons.seats import Seat

MAX_WAITING_BYTES = 64 * 1024  # docs/protocol.md: what may wait for a slow client
MAX_MESSAGES_PER_S = 30.0  # docs/protocol.md: what is taken from one client
SILENCE_S = 15.0  # docs/protocol.md: a channel silent for so long is closed

_encoder = msgspec.json.Encoder()


def encode(message: ServerMessage) -> str:
    """A message as it goes onto the wire."""
    return _encoder.encode(message).decode()


class Channel:
    """The server's end of a control channel. `now` is in monotonic seconds."""

    def __init__(
        self,
        seat: Seat,
        now: float,
        session: str | None = None,
        unsent: Callable[[], int] = lambda: 0,
    ) -> None:
        """Open it.

        Args:
            seat: whose.
            now: the time.
            session: the hash of the login's session id, with which the channel ends.
            unsent: how many bytes of what was sent the client has not acknowledged yet.
        """
        self.seat = seat
        self._unsent = unsent
        self.session = session
        self.closing = asyncio.Event()
        self.bye: ByeReason | None = None
        self.waiting_bytes = 0
        self._queue: deque[tuple[str, int]] = deque()
        self._wake = asyncio.Event()
        self._gate = TokenBucket(MAX_MESSAGES_PER_S, MAX_MESSAGES_PER_S, now)
        self._last_heard = now

    @property
    def backlog_bytes(self) -> int:
        """Bytes on their way to the client: queued here, in the socket, or in the network."""
        return self.waiting_bytes + self._unsent()

    def post(self, text: str) -> None:
        """Queue a text. A client that cannot keep up is closed, whatever it still waits for.

        Who waits for nothing is not slow: a single message of any size is queued (a snapshot of a
        full room may be larger than all else that may wait).
        """
        if self.bye is not None:
            return
        size = len(text.encode())
        if self.waiting_bytes and self.waiting_bytes + size > MAX_WAITING_BYTES:
            self._queue.clear()
            self.close(ByeReason.TOO_SLOW)
            return
        self._queue.append((text, size))
        self.waiting_bytes += size
        self._wake.set()

    def send(self, message: ServerMessage) -> None:
        """Queue a message for this participant only."""
        self.post(encode(message))

    def close(self, reason: ByeReason) -> None:
        """Say goodbye after what is queued. The first reason stands."""
        if self.bye is None:
            self.bye = reason
            self.closing.set()
            self._wake.set()

    def heard(self, now: float) -> bool:
        """Note a message; False when it is one too many, and the channel is closed for it."""
        self._last_heard = now
        if self._gate.take(now):
            return True
        self.close(ByeReason.FLOODING)
        return False

    def is_silent(self, now: float) -> bool:
        """Return whether nothing was heard for too long."""
        return now - self._last_heard > SILENCE_S

    async def pump(self, send: Callable[[str], Awaitable[None]]) -> None:
        """Send what is queued until the channel is closed; ends with `Bye`."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._queue:
                text, size = self._queue.popleft()
                await send(text)
                self.waiting_bytes = max(0, self.waiting_bytes - size)
            if self.bye is not None:
                await send(encode(Bye(self.bye)))
                return

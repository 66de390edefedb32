"""WHIP and WHEP requests made by hand, and a lesson to make them in."""

import asyncio
from collections.abc import Callable
from typing import Any

from load_tests.sdp import AudioOffer, publish_offer
from load_tests.transport import MediaTransport
from signaling.command.seed import RECEIVE_ROOMS
from tests.support.server import Client, TongkeServer

SDP = "application/sdp"
FRAGMENT = "application/trickle-ice-sdpfrag"
ROOM_A, ROOM_B = (f"room-{room}" for room in RECEIVE_ROOMS[:2])
OFFER = "v=0\r\n"  # good enough where the answer must come before the offer is read


async def media_request(
    client: Client,
    method: str,
    path: str,
    *,
    token: str | None = None,
    body: bytes | None = OFFER.encode(),
    kind: str | None = SDP,
    **headers: str,
) -> tuple[int, dict[str, Any], Any]:
    """Status, problem and headers of a media request."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    if token is not None:
        sent["Authorization"] = f"Bearer {token}"
    if kind is not None:
        sent["Content-Type"] = kind
    async with client.http.request(method, client.base + path, data=body, headers=sent) as response:
        problem = {}
        if response.content_type == "application/problem+json":
            problem = await response.json(content_type=None)
        return response.status, problem, response.headers


async def poll(condition: Callable[[], bool]) -> None:
    """Wait for a figure that nobody announces."""
    async with asyncio.timeout(60):
        while not condition():  # noqa: ASYNC110 - a figure has no event to wait for
            await asyncio.sleep(0.02)


async def some_offer() -> bytes:
    """An offer that is answered, of a peer that then says nothing."""
    transport = MediaTransport()
    offer = publish_offer(transport.identity, audio=AudioOffer(1234), video=None)
    await transport.close()
    return offer.encode()


async def live(server: TongkeServer) -> tuple[Client, dict[str, Any], dict[str, Any]]:
    """The teacher of a lesson under way, the lesson, and what the teacher may publish and watch."""
    teacher, lesson, _ = await server.live_lesson()
    return teacher, lesson, await teacher.media_access(lesson["lesson_id"])

"""Bodies are read after the caller is known and permitted, and never inflated."""

import gzip
from collections.abc import AsyncIterator

import aiohttp
import pytest
import pytest_asyncio

from tests.integration.signaling.web.test_connections import connected, received
from tests.support.server import Client, TongkeServer

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def room(server: TongkeServer) -> AsyncIterator[tuple[TongkeServer, Client, str]]:
    _, lesson, (terminal,) = await server.live_lesson("shanquan1")
    yield server, terminal, lesson["lesson_id"]


def head(method: str, path: str, kind: str, **headers: str) -> bytes:
    """A request that promises a body which never comes."""
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", f"Content-Type: {kind}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "Content-Length: 1000", "", ""]).encode()


@pytest.mark.parametrize(
    ("method", "path", "kind", "status"),
    [
        ("POST", "/api/lessons", "application/json", 401),
        ("POST", "/api/lessons/x/cancel", "application/json", 401),
        ("PUT", "/api/lessons/x/stills/y", "image/webp", 401),
        ("POST", "/whip/x/y", "application/sdp", 401),
        ("POST", "/whep/x", "application/sdp", 401),
        ("PATCH", "/whip/x/sessions/x", "application/trickle-ice-sdpfrag", 401),
    ],
)
async def test_a_stranger_is_answered_before_the_body(
    server: TongkeServer, method: str, path: str, kind: str, status: int
) -> None:
    with connected(server.url, head(method, path, kind)) as sock:
        assert f" {status} ".encode() in await received(sock, until=b"\r\n")


@pytest.mark.parametrize(
    ("path", "kind", "status"),
    [
        ("/api/lessons", "application/json", 403),
        ("/api/lessons/{}/cancel", "application/json", 403),
        ("/whip/{}/lead.camera", "application/sdp", 403),
    ],
)
async def test_who_may_not_is_answered_before_the_body(
    room: tuple[TongkeServer, Client, str], path: str, kind: str, status: int
) -> None:
    server, client, lesson_id = room
    cookies = "; ".join(f"{c.key}={c.value}" for c in client.http.cookie_jar)
    access = await client.media_access(lesson_id)
    headers = {
        "Cookie": cookies,
        "X_CSRF_Token": client.identity["csrf_token"],
        "Authorization": f"Bearer {access['camera']['token']}",
    }
    with connected(server.url, head("POST", path.format(lesson_id), kind, **headers)) as sock:
        assert f" {status} ".encode() in await received(sock, until=b"\r\n")


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "identity, gzip"])
async def test_a_compressed_body_is_refused_unread(server: TongkeServer, encoding: str) -> None:
    body = gzip.compress(bytes(64 << 20))  # 64 kB that would become 64 MB
    headers = {"Content-Encoding": encoding, "Content-Type": "application/json"}
    async with aiohttp.request(
        "POST", f"{server.url}/api/login", data=body, headers=headers
    ) as answer:
        assert answer.status == 415
        assert (await answer.json())["field"] == "Content-Encoding"

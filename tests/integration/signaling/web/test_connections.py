"""Connections that stand still are closed, and take nobody's place; over real sockets."""

import asyncio
import contextlib
import resource
import socket
import ssl
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import aiohttp
import pytest
from yarl import URL

from tests.support.server import TongkeServer
from tests.support.services import served
from tests.support.tls import self_signed

HALF_REQUEST = b"GET /api/me HTTP/1.1\r\nHost: localhost\r\n"
REQUEST = b"GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n"
HALF_BODY = (
    b"POST /api/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    b'Content-Length: 50\r\n\r\n{"login":'
)
SOON_S = 0.2
NEVER_S = 600.0
PATIENT = dict.fromkeys(
    ("http_headers_s", "http_body_s", "http_idle_s", "http_stall_s", "tls_handshake_s"), NEVER_S
)
STALLED = 'tongke_http_timeouts_total{stage="stalled"}'


@contextlib.contextmanager
def connected(url: str, sent: bytes = b"") -> Iterator[socket.socket]:
    """A connection that has sent that much."""
    address = URL(url)
    assert address.host is not None
    with socket.create_connection((address.host, address.port or 0)) as sock:
        sock.setblocking(False)
        if sent:
            sock.send(sent)
        yield sock


async def received(sock: socket.socket, *, until: bytes | None = None) -> bytes:
    """What comes until the server closes, or until some bytes came."""
    loop, got = asyncio.get_running_loop(), b""
    async with asyncio.timeout(60):
        while until is None or until not in got:
            try:
                piece = await loop.sock_recv(sock, 65_536)
            except ConnectionError:
                break
            if not piece:
                break
            got += piece
    return got


@pytest.mark.parametrize("sent", [b"", b"GET", HALF_REQUEST], ids=["nothing", "word", "headers"])
async def test_a_request_without_an_end_is_closed(tmp_path: Path, sent: bytes) -> None:
    async with served(tmp_path, **{**PATIENT, "http_headers_s": SOON_S}) as (_, client, _lesson):
        with connected(client.base, sent) as sock:
            assert await received(sock) == b""


async def test_headers_that_trickle_in_do_not_buy_time(tmp_path: Path) -> None:
    async with served(tmp_path, **{**PATIENT, "http_headers_s": SOON_S}) as (_, client, _lesson):
        with connected(client.base, HALF_REQUEST) as sock:

            async def trickle() -> None:
                with contextlib.suppress(ConnectionError):
                    while True:
                        sock.send(b"X: y\r\n")
                        await asyncio.sleep(SOON_S / 10)

            async with asyncio.timeout(60), asyncio.TaskGroup() as tasks:
                tasks.create_task(trickle())
                assert await received(sock) == b""


async def test_a_body_that_does_not_come_is_answered_408(tmp_path: Path) -> None:
    async with served(tmp_path, **{**PATIENT, "http_body_s": SOON_S}) as (_, client, _lesson):
        with connected(client.base, HALF_BODY) as sock:
            assert b" 408 " in await received(sock, until=b"request_timeout")


async def test_an_idle_connection_is_closed_after_its_answer(tmp_path: Path) -> None:
    async with served(tmp_path, **{**PATIENT, "http_idle_s": SOON_S}) as (_, client, _lesson):
        with connected(client.base, REQUEST % b"/api/nothing") as sock:
            assert b" 404 " in await received(sock)
        assert (await client.call("GET", "/api/me"))["name"]


async def test_half_of_a_second_request_has_no_more_time_than_of_the_first(tmp_path: Path) -> None:
    async with served(tmp_path, **{**PATIENT, "http_headers_s": SOON_S}) as (_, client, _lesson):
        with connected(client.base, REQUEST % b"/api/nothing") as sock:
            await received(sock, until=b"not_found")
            sock.send(HALF_REQUEST)
            await received(sock)


async def test_a_reader_that_takes_nothing_is_cut_off(tmp_path: Path) -> None:
    web = tmp_path / "web"
    (web / "assets").mkdir(parents=True)
    with (web / "assets" / "large.js").open("wb") as file:
        file.truncate(64 << 20)  # more than every buffer on the way
    config = tmp_path / "tongke.toml"
    config.write_text(f'http_stall_s = {SOON_S}\nweb_root = "{web}"\n')
    async with TongkeServer.start(tmp_path, (f"--config={config}",)) as server:
        with connected(server.url, REQUEST % b"/assets/large.js"):
            async with asyncio.timeout(60):
                while (await _figures(server.url))[STALLED] == 0:  # noqa: ASYNC110
                    await asyncio.sleep(0.02)


async def test_a_tls_handshake_that_does_not_end_is_closed(tmp_path: Path) -> None:
    certificate, key = self_signed(tmp_path)
    config = tmp_path / "tongke.toml"
    config.write_text(f"tls_handshake_s = {SOON_S}\n")
    arguments = (f"--tls-cert={certificate}", f"--tls-key={key}", f"--config={config}")
    async with TongkeServer.start(tmp_path, arguments) as server:
        with connected(server.url, b"\x16\x03\x01") as sock:
            assert await received(sock) == b""
        trust = ssl.create_default_context(cafile=str(certificate))
        async with aiohttp.request("GET", f"{server.url}/healthz", ssl=trust) as answer:
            assert answer.status == 200


async def test_strangers_make_room_and_those_in_a_lesson_stay(tmp_path: Path) -> None:
    async with served(tmp_path, **{**PATIENT, "http_connections": 16}) as (_, client, lesson):
        url = client.base
        async with client.http.ws_connect(f"{url}/ws/lessons/{lesson}") as ws:
            await ws.send_json({"type": "hello"})
            assert (await ws.receive_json())["type"] == "snapshot"
            with contextlib.ExitStack() as stack:
                for sent in (HALF_REQUEST, HALF_BODY) * 20:
                    stack.enter_context(connected(url, sent))
                async with aiohttp.ClientSession() as stranger:
                    body = {"login": "wang", "password": "no"}
                    async with stranger.post(f"{url}/api/login", json=body) as answer:
                        assert answer.status == 401
                await ws.send_json({"type": "ping", "sent_at": 1.0})
                async with asyncio.timeout(60):
                    while (await ws.receive_json())["type"] != "pong":
                        pass
                figures = await _figures(url)
            assert figures['tongke_http_connections{of="known"}'] == 1
            assert figures['tongke_http_connections{of="strangers"}'] <= 12
            assert figures["tongke_http_evicted_total"] >= 28


async def test_behind_a_proxy_an_address_is_not_one_person(tmp_path: Path) -> None:
    settings = {**PATIENT, "http_connections_per_address": 2, "trusted_proxies": ["127.0.0.1"]}
    async with served(tmp_path, **settings) as (_, client, _lesson):
        with contextlib.ExitStack() as stack:
            for _ in range(10):
                stack.enter_context(connected(client.base, HALF_REQUEST))
            figures = await _figures(client.base)
        assert figures["tongke_http_evicted_total"] == 0


async def test_an_address_has_so_many_connections_and_no_more(tmp_path: Path) -> None:
    settings = {**PATIENT, "http_connections_per_address": 2}
    async with served(tmp_path, **settings) as (_, client, _lesson):
        half = partial(connected, client.base, HALF_REQUEST)
        with half() as first, half(), half():
            assert await received(first) == b""


async def test_at_256_files_half_requests_keep_nobody_out(tmp_path: Path) -> None:
    async with TongkeServer.start(tmp_path, prefix=("prlimit", "--nofile=128:256")) as server:
        assert resource.prlimit(server.pid, resource.RLIMIT_NOFILE) == (256, 256)
        with contextlib.ExitStack() as stack:
            for _ in range(400):
                stack.enter_context(connected(server.url, HALF_REQUEST))
            teacher, lesson, _ = await server.live_lesson()
            async with teacher.channel(lesson["lesson_id"]) as ws:
                assert (await ws.receive_json())["type"] == "snapshot"
            assert server.open_files < 256 - 64  # what recordings and media may use now
            assert "cannot_accept" not in server.log


async def _figures(url: str) -> dict[str, float]:
    async with aiohttp.request("GET", f"{url}/metrics") as answer:
        lines = (await answer.text()).splitlines()
    pairs = [line.rsplit(" ", 1) for line in lines if line[:1] != "#"]
    return {name: float(value) for name, value in pairs}

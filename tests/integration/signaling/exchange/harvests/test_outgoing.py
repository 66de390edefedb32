"""Requests to other libraries: never into the own network, never without a bound."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import AsyncIterator, Callable
from ipaddress import ip_network

import pytest
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult

from signaling.exchange.harvests import outgoing
from signaling.exchange.harvests.outgoing import Outgoing
from signaling.exchange.harvests.rules import BadSource

LOOPBACK = (ip_network("127.0.0.0/8"),)
Answer = Callable[[web.Request], web.StreamResponse]


class Names(AbstractResolver):
    """A name server that says what a test wants, one address after the other."""

    def __init__(self, *addresses: str) -> None:
        self.addresses = list(addresses)

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        address = self.addresses[0] if len(self.addresses) == 1 else self.addresses.pop(0)
        return [
            ResolveResult(
                hostname=host, host=address, port=port, family=socket.AF_INET, proto=0, flags=0
            )
        ]

    async def close(self) -> None:
        pass


class Other:
    """Another library; counts the requests that reach it."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.port = 0
        self.asked: list[str] = []

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(request.path_qs)
        return self.answer(request)


@contextlib.asynccontextmanager
async def library(answer: Answer) -> AsyncIterator[Other]:
    other = Other(answer)
    app = web.Application()
    app.router.add_get("/{tail:.*}", other.handle)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    assert runner.addresses
    other.port = runner.addresses[0][1]
    try:
        yield other
    finally:
        await runner.cleanup()


def hello(_request: web.Request) -> web.Response:
    return web.Response(body=b"<a/>")


async def refused(outgoing_: Outgoing, url: str) -> str:
    with pytest.raises(BadSource) as caught:
        await outgoing_.fetch(url, {"verb": "Identify"})
    return caught.value.code


async def test_an_allowed_library_is_asked_with_its_arguments() -> None:
    async with library(hello) as other:
        url = f"http://127.0.0.1:{other.port}/oai"
        assert await Outgoing(LOOPBACK).fetch(url, {"verb": "Identify", "x": "a b&c"}) == b"<a/>"
        assert other.asked == ["/oai?verb=Identify&x=a+b%26c"]


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost", "2130706433", "127.1", "0x7f000001", "[::1]", "[::ffff:127.0.0.1]"],
)
async def test_no_way_to_write_a_host_reaches_this_machine(host: str) -> None:
    async with library(hello) as other:
        code = await refused(Outgoing(), f"http://{host}:{other.port}/oai")
        assert code in {"harvest_own_network", "harvest_unreachable"}
        assert other.asked == []


async def test_a_name_that_leads_into_the_own_network_is_refused() -> None:
    async with library(hello) as other:
        url = f"http://library.example:{other.port}/oai"
        assert await refused(Outgoing((), Names("127.0.0.1")), url) == "harvest_own_network"
        assert other.asked == []


async def test_a_redirect_into_the_own_network_is_refused() -> None:
    """The first host is allowed; where it sends us is judged anew."""

    async with library(hello) as inner:

        def redirect(_request: web.Request) -> web.Response:
            raise web.HTTPFound(f"http://127.9.9.9:{inner.port}/secret")

        async with library(redirect) as other:
            only = (ip_network("127.0.0.1/32"),)
            url = f"http://127.0.0.1:{other.port}/oai"
            assert await refused(Outgoing(only), url) == "harvest_own_network"
        assert inner.asked == []


async def test_a_name_that_changes_its_address_gains_nothing() -> None:
    """DNS rebinding: the redirect names the same host, which now leads elsewhere."""
    async with library(hello) as other:

        def again(_request: web.Request) -> web.Response:
            raise web.HTTPFound("/again")

        other.answer = again
        names = Names("127.0.0.1", "127.0.0.2")
        only = (ip_network("127.0.0.1/32"),)
        url = f"http://library.example:{other.port}/oai"
        code = await refused(Outgoing(only, names), url)
        assert code in {"harvest_own_network", "harvest_redirects"}
        assert set(other.asked) <= {"/oai?verb=Identify", "/again"}


@pytest.mark.parametrize(
    "location",
    ["file:///etc/passwd", "ftp://a.example/", "", "http://u:p@a.example/", "gopher://a.example"],
)
async def test_a_redirect_elsewhere_than_the_web_is_refused(location: str) -> None:
    def redirect(_request: web.Request) -> web.Response:
        return web.Response(status=302, headers={"Location": location})

    async with library(redirect) as other:
        url = f"http://127.0.0.1:{other.port}/oai"
        assert await refused(Outgoing(LOOPBACK), url) == "harvest_redirects"


async def test_a_redirect_of_its_own_is_followed_but_not_for_ever() -> None:
    def redirect(request: web.Request) -> web.Response:
        if request.path == "/new":
            return hello(request)
        raise web.HTTPMovedPermanently("/new" if request.path == "/oai" else "/round")

    async with library(redirect) as other:
        start = f"http://127.0.0.1:{other.port}"
        assert await Outgoing(LOOPBACK).fetch(f"{start}/oai", {}) == b"<a/>"
        assert await refused(Outgoing(LOOPBACK), f"{start}/round") == "harvest_redirects"
        assert len(other.asked) == 2 + outgoing.MAX_REDIRECTS + 1


async def test_what_is_too_large_or_packed_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outgoing, "MAX_BYTES", 100_000)

    def answer(request: web.Request) -> web.Response:
        if request.path == "/packed":
            return web.Response(body=b"x", headers={"Content-Encoding": "gzip"})
        if request.path == "/gone":
            return web.Response(status=404)
        return web.Response(body=b"x" * 200_000)

    async with library(answer) as other:
        start = f"http://127.0.0.1:{other.port}"
        assert await refused(Outgoing(LOOPBACK), f"{start}/large") == "harvest_too_large"
        assert await refused(Outgoing(LOOPBACK), f"{start}/packed") == "harvest_no_oai"
        assert await refused(Outgoing(LOOPBACK), f"{start}/gone") == "harvest_status"


async def test_a_busy_library_is_waited_for_within_reason() -> None:
    busy = iter(["0", "0"])

    def answer(request: web.Request) -> web.Response:
        pause = "86400" if request.path == "/long" else next(busy, None)
        if pause is None:
            return hello(request)
        return web.Response(status=503, headers={"Retry-After": pause})

    async with library(answer) as other:
        start = f"http://127.0.0.1:{other.port}"
        assert await Outgoing(LOOPBACK).fetch(f"{start}/oai", {}) == b"<a/>"
        assert await refused(Outgoing(LOOPBACK), f"{start}/long") == "harvest_busy"


async def test_nobody_there_is_told() -> None:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port = sock.getsockname()[1]
    assert await refused(Outgoing(LOOPBACK), f"http://127.0.0.1:{port}/") == "harvest_unreachable"

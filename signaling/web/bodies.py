"""Reading a body: never more of it than it may have, never for longer than it may take."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

from aiohttp import hdrs, web

from signaling.base.errors import Malformed, RequestTimeout, TooLarge, UnsupportedMediaType
from signaling.web.at_cell import arrival_of
from signaling.web.routes import CONFIG, GATE

PIECE_BYTES = 256 * 1024  # of a body that comes in pieces, at most


async def read_body(request: web.Request, most: int, *, field: str | None = None) -> bytes:
    """The body, at most so many bytes.

    Raises:
        UnsupportedMediaType: it is compressed; that is told before it is read.
        TooLarge: likewise, for a declared length.
        RequestTimeout: it did not come in time.
        Malformed: it broke off.
    """
    _demand_plain(request)
    arrival = arrival_of(request)
    length = request.content_length if arrival is None else len(arrival.body)
    if (length or 0) > most:
        raise TooLarge(f"at most {most} bytes", field=field)
    if arrival is not None:
        return arrival.body
    try:
        with request.app[GATE].awaiting_body(request):
            async with asyncio.timeout(request.app[CONFIG].http_body_s):
                return await _read(request, most, field)
    except TimeoutError:
        raise RequestTimeout("the body did not come in time", field=field) from None
    except (ConnectionError, web.RequestPayloadError):  # nobody is there to read the answer
        raise Malformed("the body broke off", field=field) from None


async def body_pieces(request: web.Request) -> AsyncGenerator[bytes, None]:
    """The body in pieces as they come, for a handler that bounds and keeps them.

    Raises:
        UnsupportedMediaType, RequestTimeout, Malformed: see `read_body`.
    """
    _demand_plain(request)
    arrival = arrival_of(request)
    if arrival is not None:
        yield arrival.body
        return
    last = asyncio.get_running_loop().time() + request.app[CONFIG].http_body_s
    try:
        with request.app[GATE].awaiting_body(request):
            while True:
                async with asyncio.timeout_at(last):
                    piece = await request.content.read(PIECE_BYTES)
                if not piece:
                    return
                yield piece
    except TimeoutError:
        raise RequestTimeout("the body did not come in time") from None
    except (ConnectionError, web.RequestPayloadError):
        raise Malformed("the body broke off") from None


def _demand_plain(request: web.Request) -> None:
    encoding = request.headers.get(hdrs.CONTENT_ENCODING, "identity").strip().lower()
    if encoding not in {"", "identity"}:
        raise UnsupportedMediaType("compressed bodies are not taken", field="Content-Encoding")


async def _read(request: web.Request, most: int, field: str | None) -> bytes:
    body = bytearray()
    while len(body) <= most:
        piece = await request.content.read(most + 1 - len(body))
        if not piece:
            return bytes(body)
        body += piece
    raise TooLarge(f"at most {most} bytes", field=field)

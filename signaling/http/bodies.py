"""Reading a body that is not JSON: never more of it than it may have."""

from __future__ import annotations

from aiohttp import web

from signaling.errors import TooLarge


async def read_body(request: web.Request, most: int, *, field: str | None = None) -> bytes:
    """The body, at most so many bytes. Raises TooLarge, for a declared length before reading."""
    if (request.content_length or 0) > most:
        raise TooLarge(f"at most {most} bytes", field=field)
    body = bytearray()
    while len(body) <= most:
        piece = await request.content.read(most + 1 - len(body))
        if not piece:
            return bytes(body)
        body += piece
    raise TooLarge(f"at most {most} bytes", field=field)

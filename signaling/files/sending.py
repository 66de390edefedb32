"""The bytes of a file as an answer: to be saved, and never shown by the browser."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

from aiohttp import web

from signaling.files.core.disposition import attachment
from signaling.files.records import FileRecord


async def send(
    request: web.Request, record: FileRecord, local: Path | None, pieces: AsyncIterator[bytes]
) -> web.StreamResponse:
    """Answer with a finished file.

    Args:
        request: what is answered.
        record: the file.
        local: its path, so that the kernel sends it; None if it lies elsewhere.
        pieces: its bytes, read only then.
    """
    headers = {
        "Content-Type": record.media_type or "application/octet-stream",
        "Content-Disposition": attachment(record.name),
        "Content-Security-Policy": "sandbox; default-src 'none'",
        "Cache-Control": "no-store",  # a shared machine shows nothing after 退出登录
    }
    if local is not None:
        return web.FileResponse(local, headers=headers)
    response = web.StreamResponse(headers=headers)
    response.content_length = record.size
    await response.prepare(request)
    async for piece in pieces:
        await response.write(piece)
    return response

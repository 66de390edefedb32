"""A recording's file as an HTTP response: conditional requests and ranges (RFC 9110 §13, §14).

A file that the storage serves itself is a redirect. A file that the reverse proxy finds is left to
it (nginx: `X-Accel-Redirect`). Another file of this machine goes out by the kernel (`sendfile`).
Any other is read through the storage port, and is answered alike.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from aiohttp import ETag, web
from aiohttp.abc import AbstractStreamWriter

from recorder.api import PublishedFile


def is_saved(request: web.Request) -> bool:
    """Tell whether the browser opens or saves a file by itself, in no player (Fetch metadata).

    Browsers since Chromium 80 say so over HTTPS. Who says nothing is taken for a player.
    """
    return request.headers.get("Sec-Fetch-Mode") == "navigate"


def file_response(file: PublishedFile, headers: Mapping[str, str]) -> web.StreamResponse:
    """Make the response for one file; `headers` go with every status."""
    if file.url is not None:
        # The store ends the address by itself: a cache would keep it longer, or past its end.
        away = {"Location": file.url, "Cache-Control": "no-store"}
        return web.Response(status=307, headers={**headers, **away})
    if file.internal is not None:
        return web.Response(headers={**headers, "X-Accel-Redirect": file.internal})
    if file.local is not None:
        return web.FileResponse(file.local, headers=headers)
    return _PortResponse(file, headers)


class _PortResponse(web.StreamResponse):
    """Sends a file that is read through the storage port."""

    def __init__(self, file: PublishedFile, headers: Mapping[str, str]) -> None:
        super().__init__(headers=dict(headers))
        self._file = file
        self._tag = f"{file.modified_ns:x}-{file.size:x}"  # as aiohttp makes it for local files
        self._modified_s = file.modified_ns / 1e9

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        """Send the head, and the bytes that were asked for."""
        if self.prepared:
            return await super().prepare(request)
        status = self._failed_condition(request)
        part = range(0)
        if status is None:
            status, part = self._part(request)
        self.set_status(status)
        if status in {200, 206}:
            self.headers["Accept-Ranges"] = "bytes"
        if status in {200, 206, 304}:
            self.etag = self._tag
            self.last_modified = datetime.fromtimestamp(self._modified_s, UTC)
        if status == 206:
            self.headers["Content-Range"] = f"bytes {part.start}-{part.stop - 1}/{self._file.size}"
        elif status == 416:
            self.headers["Content-Range"] = f"bytes */{self._file.size}"
        if status != 304:
            self.content_length = len(part)
        writer = await super().prepare(request)
        if part and request.method != "HEAD":
            async for piece in self._file.read(part.start, part.stop):
                await self.write(piece)
        return writer

    def _failed_condition(self, request: web.BaseRequest) -> int | None:
        """Evaluate the preconditions in the order of RFC 9110 §13.2.2; None if all hold."""
        if (wanted := request.if_match) is not None:
            if not self._is_among(wanted, weak=False):
                return 412
        elif (since := request.if_unmodified_since) is not None and (
            self._modified_s > since.timestamp()
        ):
            return 412
        if (known := request.if_none_match) is not None:
            if self._is_among(known, weak=True):
                return 304
        elif (since := request.if_modified_since) is not None and (
            self._modified_s <= since.timestamp()
        ):
            return 304
        return None

    def _is_among(self, tags: tuple[ETag, ...], *, weak: bool) -> bool:
        if len(tags) == 1 and tags[0].value == "*":
            return True
        return any(tag.value == self._tag for tag in tags if weak or not tag.is_weak)

    def _part(self, request: web.BaseRequest) -> tuple[int, range]:
        """Status and bytes for the `Range` of a request."""
        size = self._file.size
        if (since := request.if_range) is not None and self._modified_s > since.timestamp():
            return 200, range(size)
        try:
            wanted = request.http_range
        except ValueError:
            return 416, range(0)
        if wanted.start is None:
            return 200, range(size)
        part = range(size)[wanted.start : wanted.stop]
        return (206, part) if part else (416, range(0))

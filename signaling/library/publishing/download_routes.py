"""Routes: files of what is published, to be saved."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePath

from aiohttp import web

from signaling.base.errors import NotFound
from signaling.files.core.disposition import attachment
from signaling.library.file_response import file_response
from signaling.library.publishing.media import PublishedMedia
from signaling.library.publishing.routes import viewer_of
from signaling.web.routes import Access, Call, Content, Route

_TYPES = {".webm": "video/webm", ".mp4": "video/mp4"}


@dataclass(frozen=True, slots=True)
class DownloadHandlers:
    """Downloads, open to callers who are not signed in."""

    media: PublishedMedia

    async def file(self, call: Call) -> web.StreamResponse:
        """A file of a published version, to be saved by whoever may see it; not by terminals."""
        name = call.path("file")
        content_type = _TYPES.get(PurePath(name).suffix)
        if content_type is None:
            raise NotFound("no such file")
        saved = await self.media.download(
            viewer_of(call), call.path("resource_id"), call.path("version"), name
        )
        headers = {
            "Content-Type": content_type,
            "Content-Disposition": attachment(saved.name),
            "Content-Security-Policy": "sandbox; default-src 'none'",
            "Cache-Control": "no-store",  # who may have it changes
        }
        return file_response(saved.file, headers)


ROUTES = (
    Route(
        "GET",
        "/media/downloads/{resource_id}/{version}/{file}",
        DownloadHandlers.file,
        "下载已发布资源的文件",
        Content("video/*", "the file, to be saved"),
        access=Access.GUEST,
    ),
)

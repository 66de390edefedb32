"""Routes: 导出 MP4 of a version."""

from __future__ import annotations

import re
from dataclasses import dataclass

from aiohttp import web

from signaling.access.actions import Action
from signaling.audit.actions import AuditAction
from signaling.files.core.disposition import attachment
from signaling.library.file_response import file_response
from signaling.library.films.service import FilmDesk
from signaling.library.films.wire import FilmStatus
from signaling.library.versions.ground import ResourceNotFound
from signaling.library.versions.permits import permitted
from signaling.library.versions.reading import ResourceReader
from signaling.web.routes import Call, Content, Route

_NUMBER = re.compile(r"[1-9][0-9]{0,8}")


@dataclass(frozen=True, slots=True)
class FilmHandlers:
    """Films, for those who work on resources."""

    desk: FilmDesk
    reader: ResourceReader

    async def status(self, call: Call) -> FilmStatus:
        """The film of a version as it is now."""
        return await self.desk.status(call.actor, *_version(call))

    async def order(self, call: Call) -> FilmStatus:
        """Have the film of a version made."""
        await self.desk.order(call.actor, *_version(call))
        return await self.status(call)

    async def remove(self, call: Call) -> FilmStatus:
        """Cancel the film of a version, or give it up."""
        await self.desk.remove(call.actor, *_version(call))
        return await self.status(call)

    async def content(self, call: Call) -> web.StreamResponse:
        """The film of a version, to be saved."""
        found = await self.desk.content(call.actor, *_version(call))
        headers = {
            "Content-Type": "video/mp4",
            "Content-Disposition": attachment(found.name),
            "Content-Security-Policy": "sandbox; default-src 'none'",
            "Cache-Control": "no-store",  # a shared machine shows nothing after 退出登录
        }
        return file_response(found.file, headers)


def _version(call: Call) -> tuple[str, int]:
    number = call.path("version")
    if not _NUMBER.fullmatch(number):
        raise ResourceNotFound()
    return call.path("resource_id"), int(number)


_FILM = "/api/resources/{resource_id}/versions/{version}/film"
ROUTES = (
    Route("GET", _FILM, FilmHandlers.status, "一个版本的 MP4", FilmStatus),
    Route(
        "POST",
        _FILM,
        FilmHandlers.order,
        "导出 MP4",
        FilmStatus,
        status=202,
        permit=permitted(AuditAction.FILM_ORDER, Action.EXPORT_FILM),
        audited=AuditAction.FILM_ORDER,
    ),
    Route(
        "DELETE",
        _FILM,
        FilmHandlers.remove,
        "取消导出, 或删除 MP4",
        FilmStatus,
        permit=permitted(AuditAction.FILM_REMOVE, Action.EXPORT_FILM),
        audited=AuditAction.FILM_REMOVE,
    ),
    Route(
        "GET",
        f"{_FILM}/content",
        FilmHandlers.content,
        "下载 MP4",
        Content("video/mp4", "the film, to be saved"),
        audited=AuditAction.FILM_DOWNLOAD,
    ),
)

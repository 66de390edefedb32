"""Routes: 资源库."""

from __future__ import annotations

import mimetypes
from dataclasses import dataclass
from pathlib import PurePath

from aiohttp import web

from signaling.base.errors import Forbidden, Invalid, NotFound
from signaling.library.file_response import file_response, is_saved
from signaling.library.service import MAX_PAGE, Library
from signaling.library.wire import RecordingDetail, RecordingList
from signaling.web.routes import Call, Content, Query, Route

DEFAULT_PAGE = 20
_SERVED = frozenset({".webm", ".mp4", ".jpg", ".json", ".vtt"})


@dataclass(frozen=True, slots=True)
class LibraryHandlers:
    """The resource library."""

    library: Library

    async def list_recordings(self, call: Call) -> RecordingList:
        """Recordings, newest first."""
        query = call.query
        try:
            limit = int(query.get("limit", DEFAULT_PAGE))
        except ValueError:
            raise Invalid("expected a whole number", field="limit") from None
        if not 1 <= limit <= MAX_PAGE:
            raise Invalid(f"1…{MAX_PAGE}", field="limit")
        text = query.get("q", "")
        before = query.get("before") or None
        return await self.library.listed(call.actor, limit=limit, before=before, query=text or None)

    async def get_recording(self, call: Call) -> RecordingDetail:
        """One recording."""
        return await self.library.detail(call.actor, call.path("recording_id"))

    async def recording_file(self, call: Call) -> web.StreamResponse:
        """A file of a recording, or ranges of it (RFC 9110 §14); a terminal only plays it."""
        if call.actor.room_id is not None and is_saved(call.request):
            raise Forbidden("a classroom's screen plays recordings, and keeps none")
        file = await self.library.file(call.actor, call.path("recording_id"), call.path("file"))
        if PurePath(file.name).suffix not in _SERVED:
            raise NotFound("no such file")
        content_type, _ = mimetypes.guess_type(file.name)
        return file_response(
            file,
            {
                "Content-Type": content_type or "application/octet-stream",
                "Cache-Control": "no-store",  # a shared panel shows nothing after 退出登录
            },
        )


ROUTES = (
    Route(
        "GET",
        "/api/recordings",
        LibraryHandlers.list_recordings,
        "录像列表",
        RecordingList,
        query=(
            Query("limit", f"1…{MAX_PAGE}, default {DEFAULT_PAGE}"),
            Query("before", "the cursor `next` of the page before"),
            Query(
                "q",
                "words, pinyin or initials; each must be found in title, teacher, subject or grade",
            ),
        ),
    ),
    Route(
        "GET",
        "/api/recordings/{recording_id}",
        LibraryHandlers.get_recording,
        "一个录像",
        RecordingDetail,
    ),
    Route(
        "GET",
        "/media/recordings/{recording_id}/{file}",
        LibraryHandlers.recording_file,
        "录像的文件,支持 Range",
        Content("video/*", "the file, or a range of it"),
    ),
)

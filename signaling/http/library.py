"""Routes: 资源库."""

from __future__ import annotations

import mimetypes

from aiohttp import web

from signaling.core import resources as r
from signaling.errors import Invalid, NotFound
from signaling.http.routes import Call, Content, Query, Route
from signaling.library import MAX_PAGE

DEFAULT_PAGE = 20
_SERVED = frozenset({".webm", ".mp4", ".jpg", ".json"})


async def list_recordings(call: Call) -> r.RecordingList:
    """Recordings, newest first."""
    query = call.query
    try:
        limit = int(query.get("limit", DEFAULT_PAGE))
    except ValueError:
        raise Invalid("须为整数", field="limit") from None
    if not 1 <= limit <= MAX_PAGE:
        raise Invalid(f"1…{MAX_PAGE}", field="limit")
    text = query.get("q", "")
    before = query.get("before") or None
    return await call.services.library.listed(
        call.subject, limit=limit, before=before, query=text or None
    )


async def get_recording(call: Call) -> r.RecordingDetail:
    """One recording."""
    return await call.services.library.detail(call.subject, call.path("recording_id"), call.remote)


async def recording_file(call: Call) -> web.StreamResponse:
    """A file of a recording; aiohttp answers ranges (RFC 9110 §14)."""
    path = await call.services.library.file(
        call.subject, call.path("recording_id"), call.path("file"), call.remote
    )
    if path.suffix not in _SERVED or not path.is_file():
        raise NotFound("没有这个文件")
    content_type, _ = mimetypes.guess_type(path.name)
    return web.FileResponse(
        path,
        headers={
            "Content-Type": content_type or "application/octet-stream",
            "Cache-Control": "no-store",  # a shared panel shows nothing after 退出登录
        },
    )


ROUTES = (
    Route(
        "GET",
        "/api/recordings",
        list_recordings,
        "录像列表",
        r.RecordingList,
        query=(
            Query("limit", f"1…{MAX_PAGE}, default {DEFAULT_PAGE}"),
            Query("before", "the cursor `next` of the page before"),
            Query("q", "text to find in title, teacher or subject"),
        ),
    ),
    Route("GET", "/api/recordings/{recording_id}", get_recording, "一个录像", r.RecordingDetail),
    Route(
        "GET",
        "/media/recordings/{recording_id}/{file}",
        recording_file,
        "录像的文件,支持 Range",
        Content("video/*", "the file, or a range of it"),
    ),
)

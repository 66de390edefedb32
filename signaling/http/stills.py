"""Route: a still picture of the courseware, for those whose links carry no video of it."""

from __future__ import annotations

from aiohttp import web

from signaling.core.stills import MAX_STILL_BYTES
from signaling.errors import SignalingError, UnsupportedMediaType
from signaling.http.bodies import read_body
from signaling.http.routes import Call, Content, Route

MIMES = ("image/webp", "image/jpeg")


async def put_still(call: Call) -> web.Response:
    """The newest page; the one before is forgotten. WebP or JPEG, at most 48 KiB, once a second."""
    services, source_id = call.services, call.path("source_id")
    record, seat = await services.lessons.seat(call.subject, call.path("lesson_id"))
    desk = services.stills
    try:
        desk.admit(record.lesson_id, seat, source_id)
        declared = call.request.content_type
        if declared not in MIMES:
            raise UnsupportedMediaType("expected image/webp or image/jpeg", field="Content-Type")
        image = await read_body(call.request, MAX_STILL_BYTES, field="body")
        desk.put(record.lesson_id, source_id, declared, image)
    except SignalingError:
        desk.refused += 1
        raise
    return web.Response(status=204)


ROUTES = (
    Route(
        "PUT",
        "/api/lessons/{lesson_id}/stills/{source_id}",
        put_still,
        "课件的静态画面",
        body=Content("image/*", "WebP or JPEG, at most 48 KiB"),
        status=204,
    ),
)

"""Route: a still picture of the courseware, for those whose links carry no video of it."""

from __future__ import annotations

from dataclasses import dataclass

from aiohttp import web

from signaling.base.errors import SignalingError, UnsupportedMediaType
from signaling.classroom.stills.intake import StillDesk
from signaling.classroom.stills.rules import MAX_STILL_BYTES
from signaling.lessons.service import LessonService
from signaling.web.at_cell import AT_CELL
from signaling.web.bodies import read_body
from signaling.web.routes import Call, Content, Route

MIMES = ("image/webp", "image/jpeg")


@dataclass(frozen=True, slots=True)
class StillHandlers:
    """Taking still pictures in."""

    lessons: LessonService
    desk: StillDesk

    async def put_still(self, call: Call) -> web.Response:
        """The newest page; the one before is forgotten.

        WebP or JPEG, at most 48 KiB, once a second.
        """
        source_id = call.path("source_id")
        record, seat = await self.lessons.seat(call.actor, call.path("lesson_id"))
        try:
            self.desk.admit(record.lesson_id, seat, source_id)
            declared = call.request.content_type
            if declared not in MIMES:
                raise UnsupportedMediaType(
                    "expected image/webp or image/jpeg", field="Content-Type"
                )
            image = await read_body(call.request, MAX_STILL_BYTES, field="body")
            self.desk.put(record.lesson_id, source_id, declared, image)
        except SignalingError:
            self.desk.refused += 1
            raise
        return web.Response(status=204)


ROUTES = (
    Route(
        "PUT",
        "/api/lessons/{lesson_id}/stills/{source_id}",
        StillHandlers.put_still,
        "课件的静态画面",
        body=Content("image/*", "WebP or JPEG, at most 48 KiB"),
        status=204,
        at_cell=AT_CELL,
    ),
)

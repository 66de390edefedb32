"""The REST API's body of a notice."""

from __future__ import annotations

import msgspec

from signaling.base.text import Word
from signaling.classroom.parts.notice import NoticeText


class NoticeWish(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A text for one receive room of a lesson, or for all of them (``room_id`` None)."""

    text: NoticeText
    room_id: Word | None = None

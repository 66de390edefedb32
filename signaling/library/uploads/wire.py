"""The REST API's bodies about uploads that become resources."""

from __future__ import annotations

from typing import Annotated

import msgspec

from signaling.base.fields import Title
from signaling.base.text import TextKind, Word, text_of
from signaling.library.versions.wire import ResourceType

_Short = Annotated[str, text_of(TextKind.LINE, 80, 0)]


class UploadResource(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Makes a resource of an upload that was checked and taken."""

    file_id: Word
    title: Title
    subject: _Short = ""
    grade: _Short = ""
    kind_of_resource: ResourceType = ResourceType.MICRO_LESSON

"""Resources as the store returns them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from signaling.library.wire import ResourceKind, ResourceState


@dataclass(frozen=True, slots=True)
class Resource:
    """The library's entry for one recording. Title to lead teacher are copies."""

    resource_id: str
    kind: ResourceKind
    state: ResourceState
    recording_id: str
    lesson_id: str
    lead_teacher_id: str
    title: str
    subject: str
    grade: str
    class_kind: str
    lead_teacher: str
    started_at: datetime

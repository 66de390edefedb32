"""Routes: 学科."""

from __future__ import annotations

from signaling.directory.entries.routes import Bodies, entry_routes
from signaling.directory.subjects.store import SUBJECTS
from signaling.directory.subjects.wire import (
    SubjectChange,
    SubjectCreate,
    SubjectEntry,
    SubjectPage,
)

BODIES = Bodies(SubjectEntry, SubjectPage, SubjectCreate, SubjectChange)
ROUTES = entry_routes(SUBJECTS, "学科", BODIES)

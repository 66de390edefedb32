"""Routes: 教师."""

from __future__ import annotations

from signaling.directory.entries.routes import Bodies, entry_routes
from signaling.directory.teachers.store import TEACHERS
from signaling.directory.teachers.wire import (
    TeacherChange,
    TeacherCreate,
    TeacherEntry,
    TeacherPage,
)

BODIES = Bodies(TeacherEntry, TeacherPage, TeacherCreate, TeacherChange)
ROUTES = entry_routes(TEACHERS, "教师", BODIES)

"""Routes: 学校."""

from __future__ import annotations

from signaling.directory.entries.routes import Bodies, entry_routes
from signaling.directory.schools.store import SCHOOLS
from signaling.directory.schools.wire import SchoolChange, SchoolCreate, SchoolEntry, SchoolPage

BODIES = Bodies(SchoolEntry, SchoolPage, SchoolCreate, SchoolChange)
ROUTES = entry_routes(SCHOOLS, "学校", BODIES)

"""Routes: 班级."""

from __future__ import annotations

from signaling.directory.classes.store import CLASSES
from signaling.directory.classes.wire import ClassChange, ClassCreate, ClassEntry, ClassPage
from signaling.directory.entries.routes import Bodies, entry_routes

BODIES = Bodies(ClassEntry, ClassPage, ClassCreate, ClassChange)
ROUTES = entry_routes(CLASSES, "班级", BODIES)

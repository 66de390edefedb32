"""Routes: 教室."""

from __future__ import annotations

from signaling.directory.entries.routes import Bodies, entry_routes
from signaling.directory.rooms.store import ROOMS
from signaling.directory.rooms.wire import RoomChange, RoomCreate, RoomEntry, RoomPage

BODIES = Bodies(RoomEntry, RoomPage, RoomCreate, RoomChange)
ROUTES = entry_routes(ROOMS, "教室", BODIES)

"""Routes: 结对关系."""

from __future__ import annotations

from signaling.directory.entries.routes import Bodies, entry_routes
from signaling.directory.pairings.store import PAIRINGS
from signaling.directory.pairings.wire import (
    PairingChange,
    PairingCreate,
    PairingEntry,
    PairingPage,
)

BODIES = Bodies(PairingEntry, PairingPage, PairingCreate, PairingChange)
ROUTES = entry_routes(PAIRINGS, "结对关系", BODIES)

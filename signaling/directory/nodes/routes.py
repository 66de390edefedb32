"""Routes: 区域."""

from __future__ import annotations

from signaling.directory.entries.routes import Bodies, entry_routes
from signaling.directory.nodes.store import NODES
from signaling.directory.nodes.wire import NodeChange, NodeCreate, NodeEntry, NodePage

BODIES = Bodies(NodeEntry, NodePage, NodeCreate, NodeChange)
ROUTES = entry_routes(NODES, "区域", BODIES)

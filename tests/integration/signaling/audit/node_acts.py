"""How each audited action on the processes of the installation is done."""

from __future__ import annotations

from typing import Any, Protocol

from signaling.command import seed
from signaling.wiring import Services
from tests.support.installations import DrainableCells
from tests.support.server import Client


class County(Protocol):
    """Who acts."""

    services: Services
    admin: Client


async def _two_cells(c: County) -> Any:
    c.services.nodes.installation = DrainableCells("cell-1", "cell-2")


ACTS = {
    "node_drain": lambda c: c.admin.call("POST", "/api/nodes/cell-1/drain"),
    "node_drain_end": lambda c: c.admin.call("DELETE", "/api/nodes/cell-1/drain"),
}
PREPARED_BY = dict.fromkeys(ACTS, _two_cells)
BRANCHES = dict.fromkeys(ACTS, seed.COUNTY[0])

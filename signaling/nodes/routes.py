"""Routes: 节点: the processes of the installation."""

from __future__ import annotations

from dataclasses import dataclass

from signaling.audit.actions import AuditAction
from signaling.nodes.service import NodeService, demand_operator, demand_operator_of_one
from signaling.nodes.wire import ServerNode, ServerNodeList
from signaling.web.routes import Call, Route

_DRAIN = "/api/nodes/{node_id}/drain"


@dataclass(frozen=True, slots=True)
class NodeHandlers:
    """The processes of the installation."""

    service: NodeService

    async def may_manage(self, call: Call) -> None:
        """Raise Forbidden unless the caller looks after the installation."""
        demand_operator(call.actor)

    async def may_drain(self, call: Call) -> None:
        """Raise Forbidden or NotFound unless the caller looks after the installation."""
        demand_operator_of_one(call.actor)

    async def listed(self, call: Call) -> ServerNodeList:
        """All processes."""
        return await self.service.listed(call.actor)

    async def drain(self, call: Call) -> ServerNode:
        """Have a cell move its lessons to others."""
        return await self.service.set_drain(call.actor, call.path("node_id"), True)

    async def end_drain(self, call: Call) -> ServerNode:
        """Let a cell keep its lessons, and take new ones again."""
        return await self.service.set_drain(call.actor, call.path("node_id"), False)


ROUTES: tuple[Route[NodeHandlers], ...] = (
    Route(
        "GET",
        "/api/nodes",
        NodeHandlers.listed,
        "服务进程",
        ServerNodeList,
        permit=NodeHandlers.may_manage,
    ),
    Route(
        "POST",
        _DRAIN,
        NodeHandlers.drain,
        "排空一个课堂进程",
        ServerNode,
        permit=NodeHandlers.may_drain,
        audited=AuditAction.NODE_DRAIN,
    ),
    Route(
        "DELETE",
        _DRAIN,
        NodeHandlers.end_drain,
        "停止排空",
        ServerNode,
        permit=NodeHandlers.may_drain,
        audited=AuditAction.NODE_DRAIN_END,
    ),
)

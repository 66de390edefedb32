"""Looking at the processes of the installation, and draining one of them."""

from __future__ import annotations

from typing import Protocol

import msgspec

from signaling.access.actions import Action
from signaling.access.grants import demand_somewhere
from signaling.access.roles import Actor
from signaling.audit.actions import AuditAction
from signaling.audit.log import AuditLog, own_branch
from signaling.base.errors import NotFound, Refused
from signaling.base.problem_codes import ProblemCode
from signaling.nodes.wire import NodeHealth, NodeKind, ServerNode, ServerNodeList


class Installation(Protocol):
    """The processes of the installation."""

    async def nodes(self) -> ServerNodeList:
        """Return all processes that are known."""

    async def set_drain(self, node_id: str, on: bool) -> None:
        """Have a cell move its lessons to others, or keep them. Raises CellAway."""


class NodeService:
    """What operators see and do about processes."""

    def __init__(self, installation: Installation, audit: AuditLog) -> None:
        self._installation = installation
        self._audit = audit

    async def listed(self, actor: Actor) -> ServerNodeList:
        """Return all processes. Raises Forbidden."""
        demand_somewhere(actor, Action.MANAGE_NODES)
        return await self._installation.nodes()

    async def set_drain(self, actor: Actor, node_id: str, on: bool) -> ServerNode:
        """Have a cell move its lessons to others and take no new ones, or end that.

        The audit row comes first: a cell that answers late may have begun all the same.

        Raises:
            Forbidden: not for this actor.
            NotFound: there is no such process.
            Refused: it is no cell, or it does not run.
            CellAway: it does not answer.
        """
        demand_somewhere(actor, Action.MANAGE_NODES)
        listed = await self._installation.nodes()
        node = next((one for one in listed.nodes if one.node_id == node_id), None)
        if node is None:
            raise NotFound(code=ProblemCode.NODE_NOT_FOUND)
        if node.kind is NodeKind.SINGLE:
            raise Refused(code=ProblemCode.NODE_ALONE)
        if node.kind is not NodeKind.CELL:
            raise Refused(code=ProblemCode.NODE_HOLDS_NO_LESSONS)
        if node.health is NodeHealth.GONE:
            raise Refused(code=ProblemCode.NODE_GONE)
        action = AuditAction.NODE_DRAIN if on else AuditAction.NODE_DRAIN_END
        await self._audit.note(actor, action, node_id, path=own_branch(actor), name=node_id)
        await self._installation.set_drain(node_id, on)
        return msgspec.structs.replace(node, draining=on)

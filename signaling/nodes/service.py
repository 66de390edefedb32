"""Looking at the processes of the installation, and draining one of them."""

from __future__ import annotations

from typing import Protocol

import msgspec

from signaling.access.actions import Action
from signaling.access.grants import allows_in_whole_county, branches_granted
from signaling.access.roles import Actor
from signaling.audit.actions import AuditAction
from signaling.audit.log import AuditLog, own_branch
from signaling.base.errors import Forbidden, NotFound, Refused
from signaling.base.problem_codes import ProblemCode
from signaling.nodes.wire import NodeHealth, NodeKind, ServerNode, ServerNodeList


class Installation(Protocol):
    """The processes of the installation."""

    async def nodes(self) -> ServerNodeList:
        """Return all processes that are known."""

    async def set_drain(self, node_id: str, on: bool) -> None:
        """Have a cell move its lessons to others, or keep them. Raises CellAway."""


class NodeService:
    """What operators see and do about processes.

    Attributes:
        installation: the processes.
    """

    def __init__(self, installation: Installation, audit: AuditLog) -> None:
        self.installation = installation
        self._audit = audit

    async def listed(self, actor: Actor) -> ServerNodeList:
        """Return all processes. Raises Forbidden."""
        demand_operator(actor)
        return await self.installation.nodes()

    async def set_drain(self, actor: Actor, node_id: str, on: bool) -> ServerNode:
        """Have a cell move its lessons to others and take no new ones, or end that.

        The audit row comes first: a cell that answers late may have begun all the same.

        Raises:
            Forbidden: not for this actor.
            NotFound: there is no such process, or none that this actor is told of.
            Refused: it is no cell, or it does not run.
            CellAway: it does not answer.
        """
        demand_operator_of_one(actor)
        listed = await self.installation.nodes()
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
        await self.installation.set_drain(node_id, on)
        return msgspec.structs.replace(node, draining=on)


def demand_operator(actor: Actor) -> None:
    """Raise Forbidden unless the actor looks after a whole county, or more: a node serves all."""
    if not allows_in_whole_county(actor, Action.MANAGE_NODES):
        raise Forbidden()


def demand_operator_of_one(actor: Actor) -> None:
    """Raise as `demand_operator`, but NotFound for one who looks after a part of a county only.

    To such an actor no process is there, as no object of another school is.
    """
    try:
        demand_operator(actor)
    except Forbidden:
        if branches_granted(actor, Action.MANAGE_NODES):
            raise NotFound(code=ProblemCode.NODE_NOT_FOUND) from None
        raise

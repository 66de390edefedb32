"""The question before a deed on a resource: may the caller do this to it at all?"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol

from signaling.access.actions import Action
from signaling.audit.actions import AuditAction
from signaling.library.versions.reading import ResourceReader
from signaling.web.routes import Call


class ReadsResources(Protocol):
    """Handlers that hold the reader of resources."""

    @property
    def reader(self) -> ResourceReader:
        """The reader."""


def permitted(
    deed: AuditAction, action: Action
) -> Callable[[ReadsResources, Call], Awaitable[None]]:
    """Return the question of a route, which is asked before its body is read.

    It raises ResourceNotFound or Forbidden, and audits that somebody tried.
    """

    async def ask(handlers: ReadsResources, call: Call) -> None:
        await handlers.reader.permit(call.actor, deed, action, call.path("resource_id"))

    return ask

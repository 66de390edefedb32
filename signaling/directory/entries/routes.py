"""Routes that every noun of the directory has, and the handlers behind them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Generic

import msgspec

from signaling.audit.actions import AuditAction
from signaling.base.errors import Invalid
from signaling.directory.entries.noun import E, Noun
from signaling.directory.entries.pages import MAX_PAGE, MIN_PAGE, Search
from signaling.directory.entries.service import EntryService
from signaling.directory.entries.wire import EntryDisable, EntryDisabled, EntryEnable
from signaling.web.routes import Call, Query, Route

_TRUTH = {"true": True, "false": False}
_KEY = "entry_id"


@dataclass(frozen=True, slots=True)
class Bodies(Generic[E]):
    """The bodies of one noun."""

    entry: type[E]
    page: type[Any]  # of entries, total and next
    create: type[msgspec.Struct]
    change: type[msgspec.Struct]  # has a version


@dataclass(frozen=True, slots=True)
class EntryHandlers(Generic[E]):
    """The entries of one noun."""

    service: EntryService[E]
    page: type[Any]

    async def listed(self, call: Call) -> Any:
        """A page of the entries that the caller may see."""
        return self.page(*await self.service.listed(call.actor, self._search(call)))

    async def get(self, call: Call) -> E:
        """One entry."""
        return await self.service.get(call.actor, call.path(_KEY))

    async def may_create(self, call: Call) -> None:
        """Raise Forbidden unless the caller manages some branch."""
        self.service.demand_may_create(call.actor)

    async def may_change(self, call: Call) -> None:
        """Raise NotFound or Forbidden unless the caller may change this entry."""
        await self.service.demand_may_change(call.actor, call.path(_KEY))

    async def create(self, call: Call) -> E:
        """Create an entry."""
        return await self.service.create(call.actor, call.body)

    async def change(self, call: Call) -> E:
        """Change an entry; a stale `version` is refused."""
        body = call.body
        return await self.service.change(call.actor, call.path(_KEY), body, body.version)

    async def disable(self, call: Call) -> EntryDisabled:
        """Disable an entry, or list the lessons ahead that have to be confirmed."""
        return await self.service.disable(call.actor, call.path(_KEY), call.body)

    async def enable(self, call: Call) -> E:
        """Enable an entry again."""
        return await self.service.enable(call.actor, call.path(_KEY), call.body.version)

    def _search(self, call: Call) -> Search:
        query = call.query
        try:
            limit = int(query.get("limit", MIN_PAGE))
        except ValueError:
            raise Invalid("expected a whole number", field="limit") from None
        if not MIN_PAGE <= limit <= MAX_PAGE:
            raise Invalid(f"{MIN_PAGE}…{MAX_PAGE}", field="limit")
        return Search(
            query.get("q", ""),
            _truth(query, "active"),
            {name: query[name] for name in self.service.noun.filters if name in query},
            limit,
            query.get("after"),
            _truth(query, "manageable") is True,
        )


def _truth(query: Mapping[str, str], name: str) -> bool | None:
    value = query.get(name)
    if value is not None and value not in _TRUTH:
        raise Invalid("true or false", field=name)
    return None if value is None else _TRUTH[value]


def entry_routes(
    noun: Noun[E], title: str, bodies: Bodies[E]
) -> tuple[Route[EntryHandlers[E]], ...]:
    """Return the routes of a noun; `title` is its Chinese name, for the summaries."""
    all_of, one = f"/api/directory/{noun.name}", f"/api/directory/{noun.name}/{{{_KEY}}}"
    query = (
        Query("q", "words that must all occur"),
        Query("active", "true or false; both without"),
        Query("manageable", "true: only those that the caller may change"),
        Query("limit", f"{MIN_PAGE}…{MAX_PAGE}, default {MIN_PAGE}"),
        Query("after", "the `next` of the page before"),
        *(Query(name, "only these") for name in noun.filters),
    )
    return (
        Route("GET", all_of, EntryHandlers.listed, f"{title}列表", bodies.page, query=query),
        Route("GET", one, EntryHandlers.get, f"一个{title}", bodies.entry),
        *_changing(all_of, one, title, bodies),
    )


def _changing(
    all_of: str, one: str, title: str, bodies: Bodies[E]
) -> tuple[Route[EntryHandlers[E]], ...]:
    return (
        Route(
            "POST",
            all_of,
            EntryHandlers.create,
            f"新建{title}",
            bodies.entry,
            bodies.create,
            status=201,
            audited=AuditAction.DIRECTORY_CREATE,
            permit=EntryHandlers.may_create,
        ),
        Route(
            "PUT",
            one,
            EntryHandlers.change,
            f"修改{title}",
            bodies.entry,
            bodies.change,
            audited=AuditAction.DIRECTORY_CHANGE,
            permit=EntryHandlers.may_change,
        ),
        Route(
            "POST",
            f"{one}/disable",
            EntryHandlers.disable,
            f"停用{title}:先列出以后的课,确认后停用",
            EntryDisabled,
            EntryDisable,
            audited=AuditAction.DIRECTORY_DISABLE,
            permit=EntryHandlers.may_change,
        ),
        Route(
            "POST",
            f"{one}/enable",
            EntryHandlers.enable,
            f"启用{title}",
            bodies.entry,
            EntryEnable,
            audited=AuditAction.DIRECTORY_ENABLE,
            permit=EntryHandlers.may_change,
        ),
    )

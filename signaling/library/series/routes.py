"""Routes: 专题."""

from __future__ import annotations

from dataclasses import dataclass

from signaling.access.actions import Action
from signaling.access.grants import demand_somewhere
from signaling.audit.actions import AuditAction
from signaling.base.errors import Invalid
from signaling.library.paging import BEFORE, LIMIT, limit_of, place_of
from signaling.library.publishing.reading import Viewer
from signaling.library.publishing.tickets import COOKIE
from signaling.library.series import wire as w
from signaling.library.series.service import SeriesDesk
from signaling.web.routes import Access, Call, Query, Route

MAX_SHOWN = 100  # series of one page


@dataclass(frozen=True, slots=True)
class SeriesHandlers:
    """Series; reading is open to callers who are not signed in."""

    desk: SeriesDesk

    async def listed(self, call: Call) -> w.SeriesList:
        """What the caller may see, or may edit."""
        whose = call.query.get("whose")
        if whose not in {None, "", "mine"}:
            raise Invalid("mine, or nothing", field="whose")
        limit, before = limit_of(call, most=MAX_SHOWN), place_of(call)
        return await self.desk.listed(
            _viewer(call), own=whose == "mine", limit=limit, before=before
        )

    async def get(self, call: Call) -> w.SeriesDetail:
        """One series."""
        return await self.desk.detail(_viewer(call), call.path("series_id"))

    async def may_create(self, call: Call) -> None:
        """Raise Forbidden where the caller keeps no series at all."""
        demand_somewhere(call.actor, Action.KEEP_SERIES)

    async def may_keep(self, call: Call) -> None:
        """Raise SeriesNotFound, or Forbidden where the caller may only see it."""
        await self.desk.permit(call.actor, call.path("series_id"))

    async def create(self, call: Call) -> w.SeriesDetail:
        """Make a series."""
        return await self.desk.detail(_own(call), await self.desk.create(call.actor, call.body))

    async def change(self, call: Call) -> w.SeriesDetail:
        """Change what it is called and who sees it."""
        await self.desk.change(call.actor, call.path("series_id"), call.body)
        return await self._shown(call)

    async def order(self, call: Call) -> w.SeriesDetail:
        """Set the order of its entries."""
        await self.desk.order(call.actor, call.path("series_id"), call.body)
        return await self._shown(call)

    async def add(self, call: Call) -> w.SeriesDetail:
        """Add an entry."""
        await self.desk.add(call.actor, call.path("series_id"), call.body)
        return await self._shown(call)

    async def remove(self, call: Call) -> None:
        """Remove it."""
        try:
            version = int(call.query.get("version", ""))
        except ValueError:
            raise Invalid("the version that was read", field="version") from None
        await self.desk.remove(call.actor, call.path("series_id"), version)

    async def _shown(self, call: Call) -> w.SeriesDetail:
        return await self.desk.detail(_own(call), call.path("series_id"))


def _viewer(call: Call) -> Viewer:
    return Viewer(call.guest, call.request.cookies.get(COOKIE))


def _own(call: Call) -> Viewer:
    return Viewer(call.actor, call.request.cookies.get(COOKIE))


_ALL, _ONE = "/api/series", "/api/series/{series_id}"

ROUTES = (
    Route(
        "GET",
        _ALL,
        SeriesHandlers.listed,
        "专题",
        w.SeriesList,
        access=Access.GUEST,
        query=(LIMIT, BEFORE, Query("whose", "mine: those that the caller may edit")),
    ),
    Route(
        "POST",
        _ALL,
        SeriesHandlers.create,
        "新建专题",
        w.SeriesDetail,
        w.SeriesCreate,
        status=201,
        permit=SeriesHandlers.may_create,
        audited=AuditAction.SERIES_CREATE,
    ),
    Route("GET", _ONE, SeriesHandlers.get, "一个专题", w.SeriesDetail, access=Access.GUEST),
    Route(
        "PUT",
        _ONE,
        SeriesHandlers.change,
        "修改专题",
        w.SeriesDetail,
        w.SeriesChange,
        permit=SeriesHandlers.may_keep,
        audited=AuditAction.SERIES_CHANGE,
    ),
    Route(
        "DELETE",
        _ONE,
        SeriesHandlers.remove,
        "删除专题",
        None,
        status=204,
        query=(Query("version", "the version that was read"),),
        permit=SeriesHandlers.may_keep,
        audited=AuditAction.SERIES_REMOVE,
    ),
    Route(
        "PUT",
        f"{_ONE}/entries",
        SeriesHandlers.order,
        "专题的顺序",
        w.SeriesDetail,
        w.SeriesOrder,
        permit=SeriesHandlers.may_keep,
        audited=AuditAction.SERIES_CHANGE,
    ),
    Route(
        "POST",
        f"{_ONE}/entries",
        SeriesHandlers.add,
        "加入专题",
        w.SeriesDetail,
        w.SeriesAdd,
        permit=SeriesHandlers.may_keep,
        audited=AuditAction.SERIES_CHANGE,
    ),
)

"""Routes: 已发布."""

from __future__ import annotations

from dataclasses import dataclass

from signaling.library.overview import wire as w
from signaling.library.overview.service import PublicationOverview, PublicationQuestion
from signaling.library.paging import BEFORE, LIMIT, choice_of, limit_of, place_of
from signaling.library.versions.wire import ShareScope
from signaling.web.routes import Call, Query, Route


@dataclass(frozen=True, slots=True)
class OverviewHandlers:
    """Lists of publications, for resource admins."""

    overview: PublicationOverview

    async def listed(self, call: Call) -> w.PublicationList:
        """What the caller's branches have published."""
        wanted = PublicationQuestion(
            choice_of(call, "state", w.PublicationState) or w.PublicationState.SERVED,
            call.query.get("q", "").strip(),
            choice_of(call, "scope", ShareScope),
            call.query.get("school") or None,
        )
        return await self.overview.listed(
            call.actor, wanted, limit=limit_of(call), before=place_of(call)
        )


ROUTES = (
    Route(
        "GET",
        "/api/publications",
        OverviewHandlers.listed,
        "已发布和已下架的资源,供资源管理员",
        w.PublicationList,
        query=(
            LIMIT,
            BEFORE,
            Query("state", "served (the default), expired or withdrawn"),
            Query("q", "words, pinyin or initials; each must be found"),
            Query("scope", "for whom it was published"),
            Query("school", "the id of a school"),
        ),
    ),
)

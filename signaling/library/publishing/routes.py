"""Routes: 发布, and the library that others see."""

from __future__ import annotations

import mimetypes
import re
from dataclasses import dataclass
from pathlib import PurePath

from aiohttp import web

from signaling.access.actions import Action
from signaling.audit.actions import AuditAction
from signaling.base.config import Config
from signaling.base.errors import Malformed, NotFound
from signaling.base.problem_codes import ProblemCode
from signaling.identity.session_cookies import AS_HEADER
from signaling.library.edition_view import media_type
from signaling.library.editions.service import EditionKeeper
from signaling.library.file_response import file_response, is_saved
from signaling.library.indexing import FACETS
from signaling.library.paging import BEFORE, LIMIT, limit_of, place_of
from signaling.library.publishing.facets import Facets
from signaling.library.publishing.media import PublishedMedia
from signaling.library.publishing.reading import LibraryReader, Viewer, Wanted
from signaling.library.publishing.service import Publishing
from signaling.library.publishing.showing import CAPTIONS
from signaling.library.publishing.tickets import COOKIE, VALID
from signaling.library.publishing.tree import Tree
from signaling.library.publishing.wire import (
    LibraryDetail,
    LibraryFacets,
    LibraryList,
    LibraryTree,
    LibraryUnlock,
    PublicationSet,
    ResourcePublish,
)
from signaling.library.versions.permits import permitted
from signaling.library.versions.reading import ResourceReader
from signaling.library.versions.wire import ResourceDetail, ResourceWithdraw
from signaling.web.origin import is_secure, limiter_key, networks
from signaling.web.routes import Access, Call, Content, Query, Route

_SERVED = frozenset({".webm", ".mp4", ".jpg", ".json"})
# Of what anybody may see: withdrawn media are refused within five minutes everywhere.
_SHARED_S = 240
_VIEWER = f"Cookie, {AS_HEADER}"  # headers of a request by which viewers differ
_HITS_BEFORE = re.compile("[0-9]{1,3}")
_NAMES = {"school": "school_name"}  # a parameter, and the facet that it names


@dataclass(frozen=True, slots=True)
class PublishingHandlers:
    """The actions on what is published, for those who work on resources."""

    publishing: Publishing
    editions: EditionKeeper
    reader: ResourceReader

    async def publish(self, call: Call) -> ResourceDetail:
        """Publish what was passed."""
        await self.publishing.publish(call.actor, call.path("resource_id"), call.body)
        return await self._shown(call)

    async def share(self, call: Call) -> ResourceDetail:
        """Change who may see what is published."""
        await self.publishing.share(call.actor, call.path("resource_id"), call.body)
        return await self._shown(call)

    async def withdraw(self, call: Call) -> ResourceDetail:
        """Withdraw what is published."""
        await self.publishing.withdraw(call.actor, call.path("resource_id"), call.body)
        return await self._shown(call)

    async def order_edition(self, call: Call) -> ResourceDetail:
        """Order the edition of what is published once more, after it failed."""
        await self.editions.order_again(call.actor, call.path("resource_id"))
        return await self._shown(call)

    async def _shown(self, call: Call) -> ResourceDetail:
        return await self.reader.detail(call.actor, call.path("resource_id"))


@dataclass(frozen=True, slots=True)
class LibraryPages:
    """The published library, open to callers who are not signed in."""

    reader: LibraryReader
    facets: Facets
    tree: Tree
    media: PublishedMedia
    config: Config

    async def listed(self, call: Call) -> LibraryList:
        """Resources that the caller may see: the newest first, or the best match first."""
        wanted = Wanted(call.query.get("q", "").strip(), _facets(call))
        limit = limit_of(call)
        if not wanted.words:
            return await self.reader.listed(
                viewer_of(call), wanted, limit=limit, before=place_of(call)
            )
        before = call.query.get("before") or "0"
        if not _HITS_BEFORE.fullmatch(before):
            raise Malformed(code=ProblemCode.BAD_CURSOR, field="before")
        return await self.reader.found(viewer_of(call), wanted, limit=limit, skip=int(before))

    async def counted(self, call: Call) -> LibraryFacets:
        """Values of facets among what the caller may see."""
        return await self.facets.of(viewer_of(call), _facets(call))

    async def below(self, call: Call) -> LibraryTree:
        """The next level of the textbook tree among what the caller may see."""
        wanted = Wanted(call.query.get("q", "").strip(), _facets(call))
        return await self.tree.below(viewer_of(call), wanted)

    async def get(self, call: Call) -> LibraryDetail:
        """One published resource."""
        return await self.media.detail(viewer_of(call), call.path("resource_id"))

    async def visible(self, call: Call) -> None:
        """Raise ResourceNotFound where the caller may not see the resource."""
        await self.reader.one(viewer_of(call), call.path("resource_id"))

    async def unlock(self, call: Call) -> web.Response:
        """Open a resource by its password, for a while."""
        resource_id = call.path("resource_id")
        cookie = await self.media.unlock(viewer_of(call), resource_id, call.body.password)
        return ticket_response(call, cookie, self.config)

    async def file(self, call: Call) -> web.StreamResponse:
        """A file of a published version, or ranges of it (RFC 9110 §14)."""
        name = call.path("file")
        if name == CAPTIONS:
            return await self._captions(call)
        if PurePath(name).suffix not in _SERVED:
            raise NotFound("no such file")
        served = await self.media.file(
            viewer_of(call), call.path("resource_id"), call.path("version"), name
        )
        content_type, _ = mimetypes.guess_type(name)
        cached = f"public, max-age={_SHARED_S}" if served.shared else "no-store"
        headers = {
            "Content-Type": content_type or "application/octet-stream",
            "Cache-Control": cached,
        }
        return file_response(served.file, headers)

    async def _captions(self, call: Call) -> web.Response:
        """Return the captions of a published version, for players."""
        ids = call.path("resource_id"), call.path("version")
        served = await self.media.captions(viewer_of(call), *ids)
        return web.Response(
            text=served.text,
            content_type="text/vtt",
            headers={
                "Cache-Control": f"public, max-age={_SHARED_S}" if served.shared else "no-store",
                "Content-Security-Policy": "sandbox; default-src 'none'",
                "X-Content-Type-Options": "nosniff",
            },
        )

    async def edition_file(self, call: Call) -> web.StreamResponse:
        """A file of the edition of a published version, or ranges of it (RFC 9110 §14)."""
        name = call.path("file")
        content_type = media_type(name)
        if content_type is None:
            raise NotFound("no such file")
        ids = (call.path("resource_id"), call.path("version"), call.path("edition_id"))
        served = await self.media.edition_file(viewer_of(call), *ids, name)
        # Names tell the content, but who may see it changes: as for all media, within five minutes.
        who = "public" if served.shared else "private"
        headers = {
            "Content-Type": content_type,
            "Cache-Control": f"{who}, max-age={_SHARED_S}",
        }
        if not served.shared:  # a proxy that keeps answers keeps one for each viewer
            headers["Vary"] = _VIEWER
        return file_response(served.file, headers)


def viewer_of(call: Call) -> Viewer:
    """Return who looks at the library."""
    return Viewer(
        call.guest,
        call.request.cookies.get(COOKIE),
        call.remote,
        limiter_key(call.remote),
        saves=is_saved(call.request),
    )


def ticket_response(call: Call, cookie: str, config: Config) -> web.Response:
    """Return an answer without a body that gives the browser its tickets."""
    response = web.Response(status=204)
    response.set_cookie(
        COOKIE,
        cookie,
        path=config.path_prefix or "/",
        max_age=int(VALID.total_seconds()),
        httponly=True,
        samesite="Lax",
        secure=is_secure(call.request, networks(config.trusted_proxies)),
    )
    return response


def _facets(call: Call) -> dict[str, str]:
    asked = {_NAMES.get(name, name): value for name, value in call.query.items() if value}
    return {name: asked[name] for name in FACETS if name in asked}


_ONE = "/api/resources/{resource_id}"
_SHARED = "/api/library/{resource_id}"
_FACETS = (
    Query("subject", "学科"),
    Query("stage", "学段: primary, junior or senior"),
    Query("grade", "年级"),
    Query("edition", "版本"),
    Query("volume", "册"),
    Query("section", "章节"),
    Query("school", "the school's name"),
)

ROUTES = (
    Route(
        "POST",
        f"{_ONE}/publish",
        PublishingHandlers.publish,
        "发布",
        ResourceDetail,
        ResourcePublish,
        permit=permitted(AuditAction.RESOURCE_PUBLISH, Action.PUBLISH_RESOURCE),
        audited=AuditAction.RESOURCE_PUBLISH,
    ),
    Route(
        "PUT",
        f"{_ONE}/publication",
        PublishingHandlers.share,
        "公开范围",
        ResourceDetail,
        PublicationSet,
        permit=permitted(AuditAction.RESOURCE_SHARE, Action.PUBLISH_RESOURCE),
        audited=AuditAction.RESOURCE_SHARE,
    ),
    Route(
        "POST",
        f"{_ONE}/withdraw",
        PublishingHandlers.withdraw,
        "下架",
        ResourceDetail,
        ResourceWithdraw,
        permit=permitted(AuditAction.RESOURCE_WITHDRAW, Action.WITHDRAW_RESOURCE),
        audited=AuditAction.RESOURCE_WITHDRAW,
    ),
    Route(
        "POST",
        f"{_ONE}/edition",
        PublishingHandlers.order_edition,
        "重新生成播放版本",
        ResourceDetail,
        permit=permitted(AuditAction.RESOURCE_EDITION, Action.PUBLISH_RESOURCE),
        audited=AuditAction.RESOURCE_EDITION,
    ),
)

PAGES = (
    Route(
        "GET",
        "/api/library",
        LibraryPages.listed,
        "已发布的资源",
        LibraryList,
        access=Access.GUEST,
        query=(
            LIMIT,
            BEFORE,
            Query("q", "words, pinyin or initials; each must be found"),
            *_FACETS,
        ),
    ),
    Route(
        "GET",
        "/api/library/facets",
        LibraryPages.counted,
        "已发布资源的分面",
        LibraryFacets,
        access=Access.GUEST,
        query=_FACETS,
    ),
    Route(
        "GET",
        "/api/library/tree",
        LibraryPages.below,
        "教材目录树的下一级",
        LibraryTree,
        access=Access.GUEST,
        query=(Query("q", "words, pinyin or initials that the resources hold"), *_FACETS),
    ),
    Route(
        "GET",
        _SHARED,
        LibraryPages.get,
        "一个已发布的资源",
        LibraryDetail,
        access=Access.GUEST,
    ),
    Route(
        "POST",
        f"{_SHARED}/unlock",
        LibraryPages.unlock,
        "输入资源密码",
        None,
        LibraryUnlock,
        status=204,
        access=Access.GUEST,
        permit=LibraryPages.visible,
    ),
    Route(
        "GET",
        "/media/resources/{resource_id}/{version}/{file}",
        LibraryPages.file,
        "已发布资源的文件,支持 Range",
        Content("video/*", "the file, or a range of it"),
        access=Access.GUEST,
    ),
    Route(
        "GET",
        "/media/resources/{resource_id}/{version}/{edition_id}/{file}",
        LibraryPages.edition_file,
        "已发布资源的播放版本的文件,支持 Range",
        Content("video/*", "the file, or a range of it"),
        access=Access.GUEST,
    ),
)

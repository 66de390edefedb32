"""Route: the library for harvesters, by OAI-PMH 2.0."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlsplit

from aiohttp import web

from signaling.base.clock import Clock
from signaling.base.config import Config
from signaling.base.errors import Busy, UnsupportedMediaType
from signaling.base.rate_limit import BucketRule, Buckets
from signaling.exchange.core.answers import Repository
from signaling.exchange.core.requests import MAX_ARGUMENTS
from signaling.exchange.provider import OaiProvider
from signaling.web.bodies import read_body
from signaling.web.origin import limiter_key, site_of
from signaling.web.routes import Access, Call, Content, Route

PATH = "/oai"
AT_ONCE = 4  # answers that are made at the same time; others are told to come back
COMPRESSED_HERE_BYTES = 4096  # larger answers are compressed by a thread
LOCAL_DOMAIN = "tongke.local"  # in identifiers, where no public URL names the server
_MAX_BODY_BYTES = 16 * 1024  # of a form
_FORM = "application/x-www-form-urlencoded"
# Of OAI identifiers (the guideline's repositoryIdentifier).
_DOMAIN = re.compile(r"[A-Za-z][A-Za-z0-9\-]*(\.[A-Za-z][A-Za-z0-9\-]*)+")
# A harvest of 10⁵ records takes a thousand requests: two minutes and a half for one address.
_RULE = BucketRule(rate=6.0, burst=100.0)


@dataclass(slots=True)
class OaiHandlers:
    """OAI-PMH over HTTP."""

    provider: OaiProvider
    clock: Clock
    config: Config
    buckets: Buckets = field(default_factory=lambda: Buckets(_RULE))
    turns: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))

    async def get(self, call: Call) -> web.Response:
        """Answer a request whose arguments stand in the query."""
        return await self._answered(call, call.request.rel_url.raw_query_string)

    async def post(self, call: Call) -> web.Response:
        """Answer a request whose arguments are a form."""
        if call.request.content_type != _FORM:
            raise UnsupportedMediaType(f"expected {_FORM}", field="Content-Type")
        body = await read_body(call.request, _MAX_BODY_BYTES)
        return await self._answered(call, body.decode("ascii", "replace"))

    async def _answered(self, call: Call, query: str) -> web.Response:
        await self._slow_down(limiter_key(call.remote))
        if self.turns.locked():
            raise Busy()
        async with self.turns:
            made = await self.provider.answer(_pairs(query), self._repository(call))
        response = web.Response(
            body=made,
            content_type="text/xml",
            charset="utf-8",
            zlib_executor_size=COMPRESSED_HERE_BYTES,
        )
        response.headers["Cache-Control"] = "no-store"
        response.enable_compression()
        return response

    async def _slow_down(self, key: str) -> None:
        """Let a hasty harvester wait; one that asks many things at once is refused."""
        wait = self.buckets.take(key, self.clock.monotonic())
        if wait is not None:
            await asyncio.sleep(wait)
            if self.buckets.take(key, self.clock.monotonic()) is not None:
                raise Busy()

    def _repository(self, call: Call) -> Repository:
        config = self.config
        domain = domain_of(config)
        email = config.oai_email or f"postmaster@{domain}"
        return Repository(config.oai_name, site_of(call.request, config) + PATH, email, domain)


def domain_of(config: Config) -> str:
    """Return the domain of the identifiers under which others know our resources."""
    host = urlsplit(config.public_url or "").hostname or ""
    return host if _DOMAIN.fullmatch(host) else LOCAL_DOMAIN


def _pairs(query: str) -> Sequence[tuple[str, str]]:
    """Return the arguments in their order. What is no UTF-8 becomes a mark that is no argument."""
    try:
        return parse_qsl(query, keep_blank_values=True, max_num_fields=MAX_ARGUMENTS)
    except ValueError:  # too many
        return ()


_SUMMARY = "OAI-PMH 2.0: 供其他资源库采集"
_ANSWER = Content("text/xml", "an OAI-PMH answer, of errors too; 503 with Retry-After when busy")
ROUTES = (
    Route("GET", PATH, OaiHandlers.get, _SUMMARY, _ANSWER, access=Access.OPEN),
    Route(
        "POST",
        PATH,
        OaiHandlers.post,
        _SUMMARY,
        _ANSWER,
        Content(_FORM, "the arguments of a request"),
        access=Access.OPEN,
    ),
)

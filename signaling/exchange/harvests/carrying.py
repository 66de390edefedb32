"""Carrying out a harvest. Only the worker process loads this.

Each page is written with the place behind it, in one transaction. A run that breaks off anywhere
goes on from there.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol

import structlog

from signaling.base.errors import SignalingError
from signaling.base.problem_codes import ProblemCode
from signaling.exchange.harvests import rules
from signaling.exchange.harvests.kind import Harvested, HarvestTask
from signaling.exchange.harvests.rules import BadSource, Page
from signaling.exchange.harvests.store import HarvestStore, Source
from signaling.exchange.reading import UnreadableXml, read_xml
from signaling.jobs.kinds import JobCancelled, JobContext

log = structlog.get_logger(__name__)

MAX_RECORDS = 200_000  # of one source
RUN_PAGES = 300  # of one run; the next run goes on, so that other jobs have their turn
RUN_S = 600.0  # likewise


class Fetcher(Protocol):
    """Fetches answers of other libraries; see `outgoing.Outgoing`."""

    async def fetch(self, url: str, arguments: dict[str, str]) -> bytes:
        """Return an answer. Raises BadSource."""


class Harvester:
    """Carries out harvests."""

    def __init__(self, fetcher: Fetcher) -> None:
        self._fetcher = fetcher

    async def harvest(self, context: JobContext, task: HarvestTask) -> Harvested:
        """Take in pages of a source until it has no more, or the run is long enough.

        Raises:
            JobCancelled: the source was removed, or another worker harvests it.
            SignalingError: the source cannot be harvested; the code says why.
        """
        store = HarvestStore(context.database)
        source = await store.source(task.source_id)
        if source is None:
            raise JobCancelled
        return await self._run(context, store, source)

    async def _run(self, context: JobContext, store: HarvestStore, source: Source) -> Harvested:
        last = context.clock.monotonic() + RUN_S
        count, pages = 0, 0
        while pages < RUN_PAGES and context.clock.monotonic() < last:
            context.progress(pages, 0)
            try:
                if await store.count(source.source_id) > MAX_RECORDS:
                    raise BadSource("harvest_too_large")
                page = rules.believed(await self._page(source), context.clock.now())
                step = rules.after(source.place, page)
            except BadSource as error:
                log.info("harvest_failed", source=source.source_id, code=error.code)
                await store.note_failure(source, error.code, context.clock.now())
                raise SignalingError(source.url, code=ProblemCode(error.code)) from None
            ended_at = context.clock.now() if step.ended else None
            if not await store.keep_page(source, page.records, step.place, ended_at):
                raise JobCancelled
            source = replace(source, place=step.place, version=source.version + 1)
            count, pages = count + len(page.records), pages + 1
            if step.ended:
                return Harvested(pages, count, ended=True)
        await store.hurry(source.source_id, context.clock.now())
        return Harvested(pages, count, ended=False)

    async def _page(self, source: Source) -> Page:
        arguments = rules.asked(source.place, source.set_spec)
        body = await self._fetcher.fetch(source.url, arguments)
        try:
            return rules.page_of(read_xml(body))
        except UnreadableXml:
            raise BadSource("harvest_no_oai") from None

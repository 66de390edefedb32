"""Figures of all processes in one answer: cells have no address that a scraper could reach."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass

import structlog
from aiohttp import web
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from signaling.base.errors import SignalingError
from signaling.forwarding.places import CellAddress, LessonPlaces
from signaling.forwarding.sender import NotHeld, Sender
from signaling.web.merged_metrics import merged, parsed
from signaling.web.metrics import Figures
from signaling.web.routes import Access, Call, Content, Route

log = structlog.get_logger(__name__)

FIGURES = "/inner/metrics"
ANSWER_S = 3.0  # for a cell; scrapers give up after 10 by default
MAX_BYTES = 2 * 1024 * 1024  # of a cell; 200 live lessons have some 200 KB
MAX_CELLS = 64  # that are asked


@dataclass(frozen=True, slots=True)
class FiguresHandlers:
    """Answers web processes. Whoever is let in by the door is one."""

    figures: Figures

    async def get(self, call: Call) -> web.Response:
        """Return the figures of this cell."""
        del call
        body = await self.figures.text()
        return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE_LATEST})


ROUTES: tuple[Route[FiguresHandlers], ...] = (
    Route(
        "GET",
        FIGURES,
        FiguresHandlers.get,
        "本进程的指标",
        Content("text/plain", "Prometheus exposition format"),
        access=Access.OPEN,
    ),
)


class AllFigures:
    """Implements `Figures`: those of this process and of all cells, each with a label `node`."""

    def __init__(self, own: Figures, node_id: str, places: LessonPlaces, sender: Sender) -> None:
        self._own = own
        self._node_id = node_id
        self._places = places
        self._sender = sender
        self._missing = 0
        self._turn = asyncio.Lock()

    async def text(self) -> bytes:
        """See `Figures`. A cell that does not answer is missing, and counted."""
        async with self._turn:
            cells = (await self._places.cells())[:MAX_CELLS]
            texts = await asyncio.gather(*(self._text_of(cell) for cell in cells))
            own = await self._own.text()
            ids = [cell.cell_id for cell in cells]
            return await asyncio.to_thread(self._merged, own, dict(zip(ids, texts, strict=True)))

    def _merged(self, own: bytes, texts: dict[str, bytes | None]) -> bytes:
        there: dict[str, list[Metric]] = {}
        for cell_id, text in texts.items():
            try:
                if text is not None:
                    there[cell_id] = parsed(text)
            except ValueError as error:  # a text that is cut off, say
                log.warning("figures_not_read", cell=cell_id, error=repr(error))
        self._missing += len(texts) - len(there)
        ours = [*parsed(own), *self._of_cells({one: one in there for one in texts})]
        return merged({self._node_id: ours} | there)

    def _of_cells(self, there: dict[str, bool]) -> Iterable[Metric]:
        answered = GaugeMetricFamily("tongke_cell_figures", "answered this time", labels=("cell",))
        for cell_id, is_there in there.items():
            answered.add_metric((cell_id,), is_there)
        yield answered
        yield CounterMetricFamily(
            "tongke_cell_figures_missing", "did not answer", value=self._missing
        )

    async def _text_of(self, cell: CellAddress) -> bytes | None:
        try:
            async with asyncio.timeout(ANSWER_S):
                status, text = await self._sender.ask(cell, "GET", FIGURES)
        except (TimeoutError, SignalingError, NotHeld) as error:
            log.info("figures_missing", cell=cell.cell_id, error=repr(error))
            return None
        if status != 200 or len(text) > MAX_BYTES:
            log.warning("figures_refused", cell=cell.cell_id, status=status, size=len(text))
            return None
        return text

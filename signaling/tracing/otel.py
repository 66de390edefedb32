"""Tracing by OpenTelemetry: spans wait in a bounded queue, and a thread of its own sends them."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar

import structlog
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, SpanLimits, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from signaling.tracing.api import ERROR, NO_FACTS, TRACEPARENT, Facts, Kind, Span

log = structlog.get_logger(__name__)

MAX_WAITING = 2048  # spans; of a full queue the oldest goes. Some 3 KB each
BATCH = 256  # spans in a request to the collector
EVERY_S = 1.0  # between two requests, unless a batch is full
EXPORT_S = 5.0  # for a request, with its repetitions
CLOSE_S = 2.0  # for what waits when the process stops; what is left then is lost
MAX_FACTS = 16  # of a span
MAX_FACT_CHARS = 128  # of a fact that is a text
_KINDS = {
    Kind.SERVER: trace.SpanKind.SERVER,
    Kind.CLIENT: trace.SpanKind.CLIENT,
    Kind.INTERNAL: trace.SpanKind.INTERNAL,
}
_propagator = TraceContextTextMapPropagator()
# Not OpenTelemetry's own context: tasks that a request leaves behind would go on in its trace.
_under_way: ContextVar[trace.Span | None] = ContextVar("span", default=None)


def exporter_to(endpoint: str) -> SpanExporter:
    """Return what sends spans to a collector by OTLP over HTTP."""
    return OTLPSpanExporter(endpoint=endpoint, timeout=EXPORT_S)


class CountedExporter(SpanExporter):
    """An exporter whose failures are counted, and told once until it works again.

    Attributes:
        exported, failed: spans since the start.
    """

    def __init__(self, exporter: SpanExporter) -> None:
        self.exported = 0
        self.failed = 0
        self._exporter = exporter
        self._works: bool | None = None

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Send spans, in the thread of the processor."""
        reason = "refused or not reached"
        try:
            result = self._exporter.export(spans)
        except Exception as error:  # of whatever library it uses
            result, reason = SpanExportResult.FAILURE, type(error).__name__
        works = result is SpanExportResult.SUCCESS
        if works:
            self.exported += len(spans)
        else:
            self.failed += len(spans)
        if works is not self._works:
            self._works = works
            if works:
                log.info("traces_exported")
            else:
                log.warning("traces_not_exported", reason=reason)
        return result

    def shutdown(self) -> None:
        """End the exporter; a request that waits for its repetition is given up."""
        self._exporter.shutdown()

    def force_flush(self, timeout_millis: int = 30000) -> bool:
        """See `SpanExporter`: nothing is kept here."""
        return self._exporter.force_flush(timeout_millis)


class _OtelSpan:
    """Implements `Span`."""

    def __init__(self, span: trace.Span) -> None:
        self._span = span

    def tell(self, facts: Facts, *, failed: bool = False) -> None:
        """See `Span`."""
        if self._span.is_recording():
            self._span.set_attributes(dict(facts))
            if failed:
                self._span.set_status(trace.StatusCode.ERROR)

    def rename(self, name: str) -> None:
        """See `Span`."""
        if self._span.is_recording():
            self._span.update_name(name)

    def end(self) -> None:
        """See `Span`."""
        if self._span.is_recording():
            self._span.end()


class OtelTracing:
    """Implements `Tracing`."""

    def __init__(self, exporter: SpanExporter, ratio: float, node_id: str) -> None:
        """Begin to send what is kept.

        Args:
            exporter: sends spans.
            ratio: the part of the traces that is kept, 0 to 1.
            node_id: names this process.
        """
        # The library tells of each failure and each repetition; the exporter here tells once.
        logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)
        self._ended = 0
        self._exporter = CountedExporter(exporter)
        self._processor = BatchSpanProcessor(
            self._exporter,
            max_queue_size=MAX_WAITING,
            schedule_delay_millis=EVERY_S * 1000,
            max_export_batch_size=BATCH,
        )
        provider = TracerProvider(
            sampler=ParentBased(TraceIdRatioBased(ratio)),
            resource=Resource.create({"service.name": "tongke", "service.instance.id": node_id}),
            span_limits=SpanLimits(
                max_span_attributes=MAX_FACTS, max_span_attribute_length=MAX_FACT_CHARS
            ),
            shutdown_on_exit=False,  # it would wait for half a minute
        )
        provider.add_span_processor(self._processor)
        self._tracer = provider.get_tracer("tongke")
        self._is_open = True

    @property
    def header(self) -> str | None:
        """See `Tracing`."""
        span = _under_way.get()
        if span is None or not span.is_recording():
            return None
        known = span.get_span_context()
        return f"00-{known.trace_id:032x}-{known.span_id:016x}-01"

    @property
    def counts(self) -> Mapping[str, int]:
        """See `Tracing`. What ended, and was neither exported nor failed, waits or was dropped."""
        return {
            "ended": self._ended,
            "exported": self._exporter.exported,
            "failed": self._exporter.failed,
        }

    def span(
        self,
        name: str,
        kind: Kind = Kind.INTERNAL,
        facts: Facts = NO_FACTS,
        *,
        parent: str | None = None,
        alone: bool = False,
    ) -> AbstractContextManager[Span]:
        """See `Tracing`."""
        context = Context()
        if parent is not None:
            context = _propagator.extract({TRACEPARENT: parent}, context)
        elif not alone and (above := _under_way.get()) is not None:
            context = trace.set_span_in_context(above, context)
        span = self._tracer.start_span(name, context, _KINDS[kind], dict(facts))
        return self._carried(span)

    async def close(self) -> None:
        """See `Tracing`. A thread waits for the library, which may not come back in time."""
        if not self._is_open:
            return
        self._is_open = False
        loop, closed = asyncio.get_running_loop(), asyncio.Event()

        def close() -> None:
            self._processor.shutdown()  # type: ignore[no-untyped-call]
            with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
                loop.call_soon_threadsafe(closed.set)

        threading.Thread(target=close, name="traces", daemon=True).start()
        try:
            await asyncio.wait_for(closed.wait(), CLOSE_S)
        except TimeoutError:
            self._exporter.shutdown()

    @contextmanager
    def _carried(self, span: trace.Span) -> Iterator[Span]:
        kept = span.is_recording()
        token = _under_way.set(span)
        carried = _OtelSpan(span)
        try:
            yield carried
        except BaseException as error:
            carried.tell({ERROR: type(error).__name__}, failed=True)  # its text may name people
            raise
        finally:
            _under_way.reset(token)
            carried.end()
            self._ended += kept

"""A collector of OpenTelemetry that keeps the spans it is sent: OTLP over HTTP, protobuf.

async with trace_collector() as collector:
    ...  # trace_endpoint=collector.endpoint
    spans = await collector.spans("GET /api/lessons/{lesson_id}")
"""

from __future__ import annotations

import gzip
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.support.waiting import until


@dataclass(frozen=True)
class SeenSpan:
    """A span as it came over the line."""

    node: str
    name: str
    kind: int
    trace_id: str
    span_id: str
    parent_id: str
    facts: dict[str, Any]
    failed: bool


@dataclass
class Collector:
    """What was sent.

    Attributes:
        endpoint: where spans are sent.
        all: the spans, in their order.
        bodies: the requests as they came, to look for what must not be in them.
        status: of each answer.
    """

    endpoint: str = ""
    all: list[SeenSpan] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    status: int = 200

    async def spans(self, name: str, count: int = 1) -> list[SeenSpan]:
        """The spans of a name, once there are so many."""
        await until(lambda: len(self._named(name)) >= count)
        return self._named(name)

    def _named(self, name: str) -> list[SeenSpan]:
        return [one for one in self.all if one.name == name]

    async def take(self, request: web.Request) -> web.Response:
        """`POST /v1/traces`."""
        assert request.content_type == "application/x-protobuf"
        body = await request.read()
        if body.startswith(b"\x1f\x8b"):
            body = gzip.decompress(body)
        self.bodies.append(body)
        if self.status == 200:
            message = ExportTraceServiceRequest.FromString(body)
            for group in message.resource_spans:
                node = _facts(group.resource.attributes)["service.instance.id"]
                for scope in group.scope_spans:
                    self.all += [_span(node, one) for one in scope.spans]
        return web.Response(status=self.status, content_type="application/x-protobuf")


def _facts(pairs: Any) -> dict[str, Any]:
    return {one.key: getattr(one.value, one.value.WhichOneof("value")) for one in pairs}


def _span(node: str, span: Any) -> SeenSpan:
    ids = (span.trace_id.hex(), span.span_id.hex(), span.parent_span_id.hex())
    return SeenSpan(
        node, span.name, span.kind, *ids, _facts(span.attributes), span.status.code == 2
    )


@asynccontextmanager
async def trace_collector() -> AsyncIterator[Collector]:
    """A collector on a free port of loopback."""
    collector = Collector()
    app = web.Application()
    app.router.add_post("/v1/traces", collector.take)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    port = runner.addresses[0][1]
    collector.endpoint = f"http://127.0.0.1:{port}/v1/traces"
    try:
        yield collector
    finally:
        await runner.cleanup()

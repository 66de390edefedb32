"""Traces of one process: what is told to a collector, and what happens without one."""

import asyncio
import os
import socket
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest
import pytest_asyncio
import structlog
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

from signaling.base.config import ConfigError, load
from signaling.tracing import otel
from signaling.tracing.metrics import TraceFigures
from signaling.tracing.otel import BATCH, MAX_WAITING, OtelTracing
from signaling.tracing.service import tracing_of
from tests.integration.signaling.jobs.kinds import ASK, Wish, kinds
from tests.support.control import command, read
from tests.support.jobs import carry_out_jobs
from tests.support.server import ProblemError
from tests.support.services import lead_teacher, served
from tests.support.trace_collector import Collector, trace_collector
from tests.support.waiting import until

CLOSED_WITHIN_S = 15.0  # patience with a busy machine; the library by itself waits for 30 s
OUTSIDE = "4bf92f3577b34da6a3ce929d0e0e4736"


@pytest_asyncio.fixture
async def collector(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Collector]:
    monkeypatch.setattr(otel, "EVERY_S", 0.05)
    async with trace_collector() as running:
        yield running


async def test_requests_and_commands_are_told_and_an_outside_trace_is_not_continued(
    tmp_path: Path, collector: Collector
) -> None:
    settings = {"trace_endpoint": collector.endpoint, "trace_ratio": 1.0, "node_id": "it"}
    async with served(tmp_path, **settings) as (services, client, lesson_id):
        headers = {"traceparent": f"00-{OUTSIDE}-00f067aa0ba902b7-01"}
        await client.call("GET", f"/api/lessons/{lesson_id}?token=secret", headers=headers)
        with pytest.raises(ProblemError):
            await client.call("GET", "/api/lessons/none-such")
        await client.http.get(f"{client.base}/healthz")
        async with client.channel(lesson_id) as channel:
            await read(channel)
            await command(channel, "mute_all", muted=True)
            (muted,) = await collector.spans("command mute_all")
        found, refused = await collector.spans("GET /api/lessons/{lesson_id}", 2)
        await services.tracing.close()
    assert found.node == "it"
    assert found.parent_id == ""
    assert found.facts == {
        "http.request.method": "GET",
        "http.route": "/api/lessons/{lesson_id}",
        "http.response.status_code": 200,
        "tongke.lesson_id": lesson_id,
    }
    assert refused.facts["http.response.status_code"] == 404
    assert not (found.failed or refused.failed)
    assert muted.facts == {"tongke.command": "mute_all", "tongke.lesson_id": lesson_id}
    assert OUTSIDE not in {one.trace_id for one in collector.all}
    assert not any("healthz" in one.name for one in collector.all)
    assert b"secret" not in b"".join(collector.bodies)


async def test_without_a_collector_requests_go_on_and_spans_are_bounded(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:  # takes connections, and answers nobody
        endpoint = f"http://127.0.0.1:{deaf.getsockname()[1]}/v1/traces"
        settings = {"trace_endpoint": endpoint, "trace_ratio": 1.0}
        async with served(tmp_path, **settings) as (services, client, lesson_id):
            tracing = services.tracing
            assert isinstance(tracing, OtelTracing)
            for _ in range(3 * MAX_WAITING):
                with tracing.span("much"):
                    pass
            for _ in range(5):
                await client.call("GET", f"/api/lessons/{lesson_id}")
            assert len(_queue(tracing)) <= MAX_WAITING
            async with asyncio.timeout(CLOSED_WITHIN_S):
                await tracing.close()
            assert tracing.counts["ended"] > 3 * MAX_WAITING


def _queue(tracing: OtelTracing) -> Sequence[object]:
    return tracing._processor._batch_processor._queue


class _Switched(SpanExporter):
    """An exporter that works or does not."""

    works = False

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        if self.works is None:
            raise OSError("http://user:password@collector is away")
        return SpanExportResult.SUCCESS if self.works else SpanExportResult.FAILURE


async def test_failures_are_counted_and_told_once_until_it_works_again() -> None:
    exporter = _Switched()
    tracing = OtelTracing(exporter, 1.0, "it")
    with structlog.testing.capture_logs() as logs:
        for works in (False, None, True, True, False):
            exporter.works = works
            with tracing.span("one"):
                pass
            await asyncio.to_thread(tracing._processor.force_flush)
        await tracing.close()
    assert [one["event"] for one in logs] == [
        "traces_not_exported", "traces_exported", "traces_not_exported"
    ]  # fmt: skip
    assert "password" not in str(logs)
    assert tracing.counts == {"ended": 5, "exported": 2, "failed": 3}
    (figure,) = TraceFigures(tracing).collect()
    assert {one.labels["outcome"]: one.value for one in figure.samples} == tracing.counts
    assert await until(lambda: not any("Otel" in one.name for one in threading.enumerate()))


async def test_a_part_of_the_traces_is_kept(tmp_path: Path) -> None:
    tracing = OtelTracing(_Switched(), 0.0, "it")
    with tracing.span("one"):
        assert tracing.header is None
    assert tracing.counts["ended"] == 0
    await tracing.close()
    assert BATCH <= MAX_WAITING


async def test_a_job_is_told_with_its_ending(tmp_path: Path, collector: Collector) -> None:
    settings = {"trace_endpoint": collector.endpoint, "trace_ratio": 1.0}
    async with served(tmp_path, **settings) as (services, _client, _lesson_id):
        teacher = await lead_teacher(services)
        ids = [
            (await services.jobs.submit(teacher, ASK, Wish(what))).job_id
            for what in ("read", "clash")
        ]
        await carry_out_jobs(services, kinds())
        spans = await collector.spans("job test_ask", 2)
        await services.tracing.close()
    done, failed = sorted(spans, key=lambda span: ids.index(span.facts["tongke.job_id"]))
    assert done.facts == {
        "tongke.job_id": ids[0],
        "tongke.job_tries": 1,
        "tongke.job_ending": "done",
    }
    assert failed.facts["tongke.job_ending"] == "failed"
    assert done.trace_id != failed.trace_id


async def test_wanted_traces_without_the_extra_are_a_clear_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delitem(sys.modules, "signaling.tracing.otel", raising=False)
    monkeypatch.setitem(sys.modules, "opentelemetry", None)
    config = load(overrides={"trace_endpoint": "http://127.0.0.1:4318/v1/traces"})
    with pytest.raises(ConfigError, match=r"tongke\[tracing\]"):
        tracing_of(config)


def test_a_server_without_traces_loads_nothing_for_them(tmp_path: Path) -> None:
    # redis-py loads OpenTelemetry's figures by itself where it finds them, so here it finds none.
    program = """
import sys
sys.modules["opentelemetry"] = None
from signaling.base.config import load
from signaling.serving import assembled
assembled(load(overrides={"data_dir": sys.argv[1]}))
assert "signaling.tracing.otel" not in sys.modules
"""
    command = [sys.executable, "-c", program, str(tmp_path)]
    subprocess.run(command, check=True, env=dict(os.environ))

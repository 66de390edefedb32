"""Traces of a web process and a cell, each a process of its own, at a collector."""

from pathlib import Path

import pytest

from signaling.command.seed import RECEIVE_ROOMS
from tests.support.control import command, read
from tests.support.server import TongkeServer
from tests.support.trace_collector import trace_collector

OUTSIDE = "4bf92f3577b34da6a3ce929d0e0e4736"


async def test_one_trace_spans_web_process_and_cell(
    folder: Path, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with trace_collector() as collector:
        monkeypatch.setenv("TONGKE_TRACE_ENDPOINT", collector.endpoint)
        monkeypatch.setenv("TONGKE_TRACE_RATIO", "1")
        arguments = ("--cells", "1", "--redis-url", redis_url, "--node-id", "it")
        async with TongkeServer.start(folder, arguments) as server:
            teacher = await server.sign_in("wang")
            lesson = await teacher.live_lesson(rooms=RECEIVE_ROOMS[:1])
            lesson_id = lesson["lesson_id"]
            path = f"/api/lessons/{lesson_id}/media-access"
            outside = f"00-{OUTSIDE}-00f067aa0ba902b7-01"
            await teacher.call("POST", path, headers={"traceparent": outside})
            async with teacher.channel(lesson_id) as channel:
                await read(channel)
                await command(channel, "mute_all", muted=True)
                (muted,) = await collector.spans("command mute_all")  # while the channel is open
                upgrades = await collector.spans("GET /ws/lessons/{lesson_id}", 2)

        web, cell = sorted(
            await collector.spans("POST /api/lessons/{lesson_id}/media-access", 2),
            key=lambda span: bool(span.parent_id),
        )
        (forward,) = [
            one for one in await collector.spans("forward") if one.span_id == cell.parent_id
        ]
        # Nothing of a trace from outside is continued.
        assert web.parent_id == ""
        assert OUTSIDE not in {one.trace_id for one in collector.all}
        assert {web.trace_id, forward.trace_id} == {cell.trace_id}
        assert forward.parent_id == web.span_id
        assert [web.node, forward.node, cell.node] == ["it.web", "it.web", "it.cell-1"]
        for span in (web, cell):
            assert span.facts["http.response.status_code"] == 200
            assert span.facts["tongke.lesson_id"] == lesson_id
        assert forward.facts["tongke.cell_id"] == "it.cell-1"
        # The upgrade ended with itself; each command is a trace of its own.
        assert len({one.trace_id for one in upgrades}) == 1
        assert muted.node == "it.cell-1"
        assert muted.trace_id != upgrades[0].trace_id
        _demand_no_personal_data(b"".join(collector.bodies), teacher.identity["csrf_token"])


def _demand_no_personal_data(sent: bytes, csrf_token: str) -> None:
    for secret in (b"wang", b"\xe7\x8e\x8b", b"hello", b"127.0.0.1", csrf_token.encode()):
        assert secret not in sent, secret

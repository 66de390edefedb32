"""A page for harvesters never holds the loop, which forwards media, for long."""

from __future__ import annotations

import asyncio
import urllib.request
from pathlib import Path

import pytest

from tests.support.loop_time import watched_loop
from tests.support.publications import publish
from tests.support.services import served

BUDGET_MS = 2.5  # CPU time of one step, as in `signaling/test_loop_time.py`
TRIES = 12  # the best counts: the first fills caches, and a busy machine only ever adds


@pytest.mark.parametrize("verb", ["ListRecords", "ListIdentifiers"])
async def test_a_whole_page_never_holds_the_loop(tmp_path: Path, verb: str) -> None:
    async with served(tmp_path) as (services, client, _):
        await publish(services.database, 150)
        url = f"{client.base}/oai?verb={verb}&metadataPrefix=lom"
        best, step = float("inf"), ""
        with watched_loop() as seen:
            for _ in range(TRIES):
                seen.reset()
                body = await asyncio.to_thread(_fetch, url)
                assert body.count(b"<identifier>oai:") + body.count(b"<header>") >= 100
                if seen.longest_ms < best:
                    best, step = seen.longest_ms, seen.step
    assert best < BUDGET_MS, (best, step)


def _fetch(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=60) as answer:
        return bytes(answer.read())

"""A page for harvesters never holds the loop, which forwards media, for long."""

from __future__ import annotations

import urllib.request
from functools import partial
from pathlib import Path

import pytest

from tests.support.loop_time import watched_loop
from tests.support.publications import publish
from tests.support.services import served

BUDGET_MS = 2.5  # of one step, as in `signaling/test_loop_time.py`


@pytest.mark.parametrize("verb", ["ListRecords", "ListIdentifiers"])
async def test_a_whole_page_never_holds_the_loop(tmp_path: Path, verb: str) -> None:
    async with served(tmp_path) as (services, client, _):
        await publish(services.database, 150)
        url = f"{client.base}/oai?verb={verb}&metadataPrefix=lom"
        with watched_loop() as seen:
            longest = await seen.longest(partial(_fetch_page, url), BUDGET_MS)
    assert longest.ms < BUDGET_MS, longest


def _fetch_page(url: str) -> None:
    with urllib.request.urlopen(url, timeout=60) as answer:
        body = answer.read()
    assert body.count(b"<identifier>oai:") + body.count(b"<header>") >= 100

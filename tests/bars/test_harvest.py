"""A whole library harvested by an independent harvester, while the server is killed."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.harvesting import harvested_under_kills, identifiers, published
from tests.support.server import TongkeServer

RECORDS = 100_000  # issue 13
KILLED_AT = (20_000, 50_000, 90_000)


@pytest.mark.bench
async def test_a_hundred_thousand_records_come_once_though_the_server_dies(
    tmp_path: Path, report: Callable[..., None]
) -> None:
    async with TongkeServer.start(tmp_path) as server:
        await published(server, RECORDS)
        began = time.perf_counter()
        found = await harvested_under_kills(server, KILLED_AT)
        took_s = time.perf_counter() - began
    report(records=len(found), took_s=round(took_s, 1))
    assert len(found) == len(dict(found)) == RECORDS
    assert {one for one, _ in found} == identifiers(RECORDS)

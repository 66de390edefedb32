"""OAI-PMH over HTTP, with an independent harvester."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from oaipmh_scythe import Scythe
from oaipmh_scythe.exceptions import BadArgument, NoRecordsMatch

from signaling.access.signing import Keyring
from signaling.base.config import load
from signaling.base.rate_limit import BucketRule, Buckets
from signaling.exchange.core.answers import OAI
from signaling.exchange.provider import OaiProvider
from signaling.exchange.reading import read_xml
from signaling.exchange.routes import OaiHandlers
from tests.support.harvesting import harvest, harvested_under_kills, identifiers, published
from tests.support.oai_records import MemoryRecords, made_up
from tests.support.oai_server import oai_server
from tests.support.server import TongkeServer
from tests.support.services import ManualClock

RECORDS = 2_500
KILLED_AT = (150, 900, 1_800)  # records that the harvester has by then
MANY = BucketRule(rate=1000, burst=10_000)


@contextlib.asynccontextmanager
async def provided(data: Path, rule: BucketRule = MANY, count: int = 250) -> AsyncIterator[str]:
    """The address of a provider in this process."""
    config = load(overrides={"data_dir": str(data), "http_host": "127.0.0.1", "http_port": 0})
    clock = ManualClock()
    provider = OaiProvider(MemoryRecords(made_up(count)), Keyring(b"k" * 32), clock)
    server = oai_server(config, OaiHandlers(provider, clock, config, Buckets(rule)))
    await server.start()
    try:
        yield f"http://127.0.0.1:{server.port}/oai"
    finally:
        await server.stop()


async def test_an_independent_harvester_gets_each_record_once_though_the_server_dies(
    tmp_path: Path,
) -> None:
    """`tongke serve` over a library of 2,500 published resources, killed three times."""
    async with TongkeServer.start(tmp_path) as server:
        await published(server, RECORDS)
        found = await harvested_under_kills(server, KILLED_AT)
        assert len(found) == len(dict(found)) == RECORDS
        assert {one for one, _ in found} == identifiers(RECORDS)
        posted: list[tuple[str, bool]] = []
        await asyncio.to_thread(harvest, f"{server.url}/oai", "POST", "oai_dc", posted)
        assert posted == found


async def test_the_independent_harvester_reads_all_six_verbs(tmp_path: Path) -> None:
    async with provided(tmp_path) as url:
        await asyncio.to_thread(_six_verbs, url)


def _six_verbs(url: str) -> None:
    with Scythe(url) as scythe:
        assert scythe.identify().repositoryName == "同课资源库"
        assert [one.metadataPrefix for one in scythe.list_metadata_formats()] == ["oai_dc", "lom"]
        sets = {one.setName: one.setSpec for one in scythe.list_sets()}
        mathematics = list(scythe.list_identifiers(set_=sets["数学"], metadata_prefix="lom"))
        assert {head.setSpecs[-1] for head in mathematics} == {sets["数学"]}
        one = scythe.get_record("oai:tongke.local:r0000001", metadata_prefix="oai_dc")
        assert one.metadata["title"] == ["《浮力》第1课时 <b>&amp; 实验"]
        with pytest.raises(NoRecordsMatch):
            list(scythe.list_records(set_="stage.none"))
        with pytest.raises(BadArgument):
            list(scythe.list_records(from_="2026-02-31"))


async def test_what_is_no_argument_is_answered_as_the_protocol_says(tmp_path: Path) -> None:
    form = "application/x-www-form-urlencoded"
    async with provided(tmp_path) as url, aiohttp.ClientSession() as http:
        for query, code in (
            ("", "badVerb"),
            ("verb=Identify&verb=Identify", "badVerb"),
            ("verb=Identify&x=%00", "badArgument"),
            ("verb=Identify&x=%ff%fe", "badArgument"),
            ("verb=ListRecords&metadataPrefix=oai_dc&set=%E8%AF%AD", "badArgument"),
            ("&".join(f"a{n}=1" for n in range(1000)), "badVerb"),
            ("verb=ListRecords&resumptionToken=" + "A" * 4000, "badArgument"),
        ):
            async with http.get(f"{url}?{query}") as answer:
                root = read_xml(await answer.read())
                assert (answer.status, answer.content_type) == (200, "text/xml")
                assert root.space == OAI
                assert [one.attributes["code"] for one in root.all("error")] == [code], query
        async with http.post(url, data=b"verb=Identify", headers={"Content-Type": form}) as answer:
            assert read_xml(await answer.read()).says("Identify", "protocolVersion") == "2.0"
        async with http.post(url, data=b"x" * 20_000, headers={"Content-Type": form}) as answer:
            assert answer.status == 413
        async with http.post(url, json={"verb": "Identify"}) as answer:
            assert answer.status == 415


async def test_a_hasty_harvester_is_told_to_come_back(tmp_path: Path) -> None:
    rule = BucketRule(rate=1000, burst=3)  # the clock stands still: none comes back
    async with provided(tmp_path, rule) as url, aiohttp.ClientSession() as http:
        statuses = []
        for _ in range(5):
            async with http.get(url, params={"verb": "Identify"}) as answer:
                statuses.append(answer.status)
        assert statuses == [200, 200, 200, 503, 503]
        assert int(answer.headers["Retry-After"]) >= 1

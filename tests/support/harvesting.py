"""An independent harvester of OAI-PMH against a server that is killed meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from oaipmh_scythe import Scythe
from oaipmh_scythe.config import HTTPConfig, RetryConfig

from signaling.base.database import Database
from tests.support.made_once import sqlite_url
from tests.support.publications import publish, resource_id
from tests.support.server import TongkeServer
from tests.support.waiting import until

Found = list[tuple[str, bool]]  # identifiers, and whether each is deleted


def harvest(url: str, method: str, prefix: str, found: Found) -> None:
    """Harvest everything; blocks, so that it wants a thread of its own."""
    patient = RetryConfig(max_retries=400, retry_on_transport_error=True, initial_backoff=0.1)
    patient.default_retry_after = 0.5
    with Scythe(url, http_config=HTTPConfig(method), retry_config=patient) as scythe:
        records = scythe.list_records(metadata_prefix=prefix)
        found.extend((record.header.identifier, record.deleted) for record in records)


async def harvested_under_kills(server: TongkeServer, killed_at: Sequence[int]) -> Found:
    """Harvest a server that is killed once the harvester has each of these numbers of records."""
    found: Found = []
    url = f"{server.url}/oai"
    under_way = asyncio.create_task(asyncio.to_thread(harvest, url, "GET", "lom", found))
    for count in killed_at:
        while len(found) < count and not under_way.done():
            before = len(found)
            await until(lambda before=before: len(found) > before or under_way.done())
        assert not under_way.done()
        await server.kill()
        await server.up()
    await under_way
    return found


async def published(server: TongkeServer, count: int) -> None:
    """Publish so many resources in a server's library."""
    database = Database(sqlite_url(server.data / "tongke.db"))
    await publish(database, count)
    await database.close()


def identifiers(count: int) -> set[str]:
    """The identifiers of published resources, where no public URL names the server."""
    return {f"oai:tongke.local:{resource_id(number)}" for number in range(count)}

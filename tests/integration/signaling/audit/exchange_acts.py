"""How each audited action on other libraries is done, and what has to be there."""

from __future__ import annotations

from typing import Any, Protocol

from signaling.command import seed
from tests.support.server import Client

PATH = "/api/harvest-sources"
TABLES = ("harvest_sources", "federated_records")


class County(Protocol):
    """Who acts; `kept` is what was prepared."""

    admin: Client
    kept: dict[str, Any]


async def _add(c: County) -> Any:
    wish = {"county_id": seed.COUNTY[0], "name": "邻县", "url": "https://library.example/oai"}
    c.kept["source"] = await c.admin.call("POST", PATH, wish)


def _source(c: County) -> str:
    return f"{PATH}/{c.kept['source']['source_id']}"


ACTS = {
    "harvest_source_add": _add,
    "harvest_source_change": lambda c: c.admin.call(
        "PUT", _source(c), {"name": "邻县资源库", "paused": True, "place": 1}
    ),
    "harvest_source_remove": lambda c: c.admin.call("DELETE", _source(c)),
    "harvest_ask": lambda c: c.admin.call("POST", f"{_source(c)}/harvest"),
}
PREPARED_BY = {"harvest_source_change": _add, "harvest_source_remove": _add, "harvest_ask": _add}
BRANCHES = dict.fromkeys(ACTS, seed.COUNTY[0])

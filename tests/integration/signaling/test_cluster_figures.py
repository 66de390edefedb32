"""/metrics of a web process that has found its cell by Redis."""

import contextlib
from pathlib import Path

import aiohttp

from signaling.http_face import server_of
from signaling.web.merged_metrics import parsed
from signaling.wiring import Services
from tests.support.redis_server import redis_server
from tests.support.services import running_services
from tests.support.waiting import until


def _desk(services: Services):
    assert services.cluster is not None
    return services.cluster.desk


async def _told(url: str) -> dict[tuple[str, ...], float]:
    """Samples by their name and the values of their labels."""
    async with aiohttp.ClientSession() as session, session.get(f"{url}/metrics") as answer:
        assert answer.status == 200
        families = parsed(await answer.read())
    samples = [one for family in families for one in family.samples]
    return {(one.name, *sorted(one.labels.values())): one.value for one in samples}


async def test_a_web_process_tells_of_itself_and_of_its_cell(tmp_path: Path) -> None:
    async with contextlib.AsyncExitStack() as stack:
        redis = stack.enter_context(redis_server(tmp_path / "redis"))
        settings = {"redis_url": redis.url, "http_host": "127.0.0.1", "http_port": 0}
        cell = await stack.enter_async_context(
            running_services(
                tmp_path / "data",
                roles=("cell",),
                node_id="cell-1",
                door=f"unix://{tmp_path}/cell.sock",
                **settings,
            )
        )
        web = await stack.enter_async_context(
            running_services(
                tmp_path / "data", roles=("web",), node_id="web-1", seeded=False, **settings
            )
        )
        worker = await stack.enter_async_context(
            running_services(
                tmp_path / "data", roles=("worker",), node_id="worker", seeded=False, **settings
            )
        )
        for services in (cell, web, worker):
            await _desk(services).start()
            stack.push_async_callback(services.cluster.stop)
        servers = [server_of(one) for one in (cell, web, worker)]
        for server in servers:
            await server.start()
            stack.push_async_callback(server.stop)
        await until(lambda: len(_desk(web).nodes) == len(_desk(worker).nodes) == 3)
        await _desk(cell).leases.claim("l1")

        told = await _told(servers[1].url)
        assert told["tongke_rooms", "cell-1"] == told["tongke_rooms", "web-1"] == 0
        assert told["tongke_leases", "cell-1", "sure"] == 1
        assert told["tongke_leases", "sure", "web-1"] == 0
        assert told["tongke_nodes", "alive", "cell", "web-1"] == 1
        assert told["tongke_nodes", "alive", "web", "web-1"] == 1
        assert told["tongke_redis_reachable", "web-1"] == 1
        assert told["tongke_limits_shared", "web-1"] == 1
        assert told["tongke_cell_figures", "cell-1", "web-1"] == 1
        assert told["tongke_forwarded_total", "request", "web-1"] == 0
        assert told["tongke_door_refused_total", "cell-1", "replayed"] == 0
        assert told["tongke_hints_total", "sent", "web-1"] == 0

        told = await _told(servers[2].url)
        assert told["tongke_recordings_unfinished", "worker"] == 0
        assert not [labels for labels in told if "cell-1" in labels]
        await _desk(cell).leases.release("l1")

"""/metrics of several processes of one machine."""

from pathlib import Path

from signaling.command.seed import RECEIVE_ROOMS
from signaling.web.merged_metrics import parsed
from tests.support.processes import children_of
from tests.support.server import Client, TongkeServer
from tests.support.waiting import until

Labels = frozenset[tuple[str, str]]


async def _figures(client: Client) -> dict[tuple[str, Labels], float]:
    async with client.http.get(f"{client.base}/metrics") as answer:
        assert answer.status == 200
        families = parsed(await answer.read())
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in families
        for sample in family.samples
    }


def _at(name: str, **labels: str) -> tuple[str, Labels]:
    return name, frozenset(labels.items())


async def test_one_scrape_tells_of_all_processes(folder: Path, redis_url: str) -> None:
    arguments = ("--cells", "2", "--redis-url", redis_url, "--node-id", "it")
    async with TongkeServer.start(folder, arguments) as server:
        teacher, _, _ = await server.live_lesson(RECEIVE_ROOMS[0])
        told = await _figures(teacher)
        cells = ("it.cell-1", "it.cell-2")
        assert sum(told[_at("tongke_live_lessons", node=cell)] for cell in cells) == 1
        sure = (told[_at("tongke_leases", node=cell, standing="sure")] for cell in cells)
        assert sum(sure) == 1
        web = next(dict(labels)["node"] for name, labels in told if name == "tongke_cell_figures")
        assert told[_at("tongke_nodes", node=web, role="cell", health="alive")] == 2
        assert told[_at("tongke_redis_reachable", node=web)] == 1
        assert told[_at("tongke_limits_shared", node=web)] == 1
        assert told[_at("tongke_forwarded_total", node=web, kind="request")] >= 1

        dead = next(one for one in children_of(server.pid) if "--node-id=it.cell-2" in one.words)
        dead.kill()

        async def missed() -> bool:
            return (await _figures(teacher))[_at("tongke_cell_figures_missing_total", node=web)] > 0

        await until(missed)

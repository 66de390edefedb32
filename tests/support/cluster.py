"""A cluster as a city has it: cells on machines of their own, and everything that they need.

async with cluster(folder) as city:
    teacher = await city.sign_in("wang")  # through nginx
    city.cells[0].kill()

Redis, PostgreSQL, the bucket, nginx, and a process for web and jobs are real ones in one network
namespace; each cell has its own. The process that runs the test is in the first, too.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg

from load_tests.postgres import Postgres, postgres
from tests.support.hosts import SERVICES, Host, network
from tests.support.nginx import free_port, nginx
from tests.support.redis_server import RedisServer, redis_server
from tests.support.s3_server import KEYS, S3Server, s3_server
from tests.support.server import REPOSITORY, Front
from tests.support.waiting import READY_S

SITE = REPOSITORY / "docs" / "deploy" / "nginx.conf"
SERVER = SERVICES.partition("/")[0]
DATABASE = "tongke"
FIRST_CELL = 11  # the last number of its addresses
DOOR_PORT, MEDIA_PORT = 7801, 7900
STOP_S = 20.0
_POLL_S = 0.05
_DIES = ("setpriv", "--pdeathsig", "KILL")  # a process ends with the test that started it


@dataclass(frozen=True, slots=True)
class Times:
    """How often processes beat, and after which silence they count as gone; seconds."""

    beat_s: float
    ttl_s: float


TRUE = Times(0.4, 2.4)  # those of the product
# For the gate: a machine that does other things, too, holds a process up for 2 s and more.
PATIENT = Times(0.5, 4.0)


class Node:
    """One process of the cluster. Started again, it has the same name and addresses."""

    def __init__(self, node_id: str, folder: Path, words: Sequence[str], host: Host | None) -> None:
        self.node_id = node_id
        self.host = host
        self.log_path = folder / f"{node_id}.log"
        self._ready = folder / f"{node_id}.ready"
        enter = () if host is None else host.enter
        serve = (sys.executable, "-m", "signaling", "serve", "--node-id", node_id)
        self._command = (*enter, *_DIES, *serve, "--ready-file", str(self._ready), *words)
        self._process: asyncio.subprocess.Process | None = None
        self._paused = False

    async def start(self) -> None:
        """Start it and wait until it is ready."""
        self._ready.unlink(missing_ok=True)
        with self.log_path.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *self._command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                cwd=REPOSITORY,
                env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
            )
        until = time.monotonic() + READY_S
        while not self._is_ready():
            assert self._process.returncode is None, f"{self.node_id} ended\n{self.log}"
            assert time.monotonic() < until, f"{self.node_id} is not ready\n{self.log}"
            await asyncio.sleep(_POLL_S)

    async def kill(self) -> None:
        """End it as a power cut does."""
        if self.runs and self._process is not None:
            self._process.kill()
            await self._process.wait()
        self._paused = False

    async def stop(self) -> None:
        """Ask it to end."""
        if not self.runs or self._process is None:
            return
        self.resume()
        self._process.terminate()
        try:
            await asyncio.wait_for(self._process.wait(), STOP_S)
        except TimeoutError:
            await self.kill()
            raise AssertionError(f"{self.node_id} did not stop\n{self.log}") from None

    def pause(self) -> None:
        """Let it stand still: SIGSTOP."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)
        self._paused = True

    def resume(self) -> None:
        """Let it go on."""
        if self._paused and self._process is not None:
            self._process.send_signal(signal.SIGCONT)
        self._paused = False

    @property
    def runs(self) -> bool:
        """Whether it has been started, and has not ended."""
        return self._process is not None and self._process.returncode is None

    @property
    def log(self) -> str:
        """The end of what it wrote."""
        text = self.log_path.read_text(errors="replace") if self.log_path.exists() else ""
        return text[-6000:]

    def told(self, event: str, **facts: Any) -> list[dict[str, Any]]:
        """The lines of its log about an event."""
        found = []
        for line in self.log_path.read_text(errors="replace").splitlines():
            with contextlib.suppress(ValueError):
                told = json.loads(line)
                if told.get("event") == event and facts.items() <= told.items():
                    found.append(told)
        return found

    def _is_ready(self) -> bool:
        try:
            json.loads(self._ready.read_text())
        except (OSError, ValueError):
            return False
        return True


@dataclass(frozen=True, slots=True)
class Lease:
    """A row of `lesson_leases`."""

    epoch: int
    cell_id: str | None


class City(Front):
    """The running cluster, as its clients and its operator find it.

    Attributes:
        web: the process of web and jobs.
        cells: in the order of their names.
        redis, database, bucket: the services.
        data: the folder that all processes share.
    """

    def __init__(
        self,
        public_url: str,
        web: Node,
        cells: Sequence[Node],
        redis: RedisServer,
        database: Postgres,
        bucket: S3Server,
        data: Path,
    ) -> None:
        super().__init__()
        self._public_url = public_url
        self.web = web
        self.cells = list(cells)
        self.redis = redis
        self.database = database
        self.bucket = bucket
        self.data = data

    @property
    def url(self) -> str:
        """Where nginx serves."""
        return self._public_url

    @property
    def nodes(self) -> list[Node]:
        """All its processes."""
        return [self.web, *self.cells]

    def cell(self, node_id: str) -> Node:
        """A cell by its name."""
        return next(one for one in self.cells if one.node_id == node_id)

    async def rows(self, query: str, *values: Any) -> list[dict[str, Any]]:
        """Ask the database, by its Unix socket."""
        connection = await asyncpg.connect(
            user="postgres", database=DATABASE, host=str(self.database.folder)
        )
        try:
            return [dict(row) for row in await connection.fetch(query, *values)]
        finally:
            await connection.close()

    async def lease(self, lesson_id: str) -> Lease:
        """Who has a lesson by the database, and under which epoch."""
        query = "SELECT epoch, cell_id FROM lesson_leases WHERE lesson_id = $1"
        found = await self.rows(query, lesson_id)
        return Lease(found[0]["epoch"], found[0]["cell_id"]) if found else Lease(0, None)

    async def cell_of(self, lesson_id: str) -> Node:
        """The cell that has a lesson."""
        lease = await self.lease(lesson_id)
        assert lease.cell_id is not None, "nobody has the lesson"
        return self.cell(lease.cell_id)

    async def health(self) -> dict[str, Any]:
        """What the web process tells of itself."""
        async with self.client().http.get(f"{self.url}/healthz") as answer:
            told: dict[str, Any] = await answer.json()
        return told

    async def heal(self) -> None:
        """Bring everything back that a test has taken away."""
        for cell in self.cells:
            cell.resume()
            if cell.host is not None:
                cell.host.plug()
            if not cell.runs:
                await cell.start()
        await until(self._is_well, lambda: f"the cluster does not heal\n{self.logs}")

    @property
    def logs(self) -> str:
        """The ends of all logs."""
        return "\n".join(f"--- {one.node_id}\n{one.log}" for one in self.nodes)

    async def _is_well(self) -> bool:
        return (await self.health())["status"] == "ok"


async def until(
    condition: Callable[[], Any], complaint: Callable[[], str], *, within_s: float = READY_S
) -> None:
    """Await a condition again and again until it holds; else fail with a complaint."""
    deadline = time.monotonic() + within_s
    while True:
        with contextlib.suppress(Exception):
            if await condition():
                return
        assert time.monotonic() < deadline, complaint()
        await asyncio.sleep(_POLL_S)


@asynccontextmanager
async def cluster(
    folder: Path, *, cells: int = 3, times: Times = PATIENT, settings: str = ""
) -> AsyncIterator[City]:
    """Run a seeded cluster meanwhile.

    Args:
        folder: for all its files.
        cells: how many of them.
        times: of presence and leases.
        settings: more lines for the configuration of all processes.

    Raises:
        LinkUnavailable: this user may make no network namespaces.
    """
    async with contextlib.AsyncExitStack() as stack:
        town = stack.enter_context(network())
        hosts = [town.host(FIRST_CELL + number) for number in range(cells)]
        everywhere = ("--bind", "127.0.0.1", SERVER, "--protected-mode", "no")
        redis = stack.enter_context(redis_server(folder / "redis", *everywhere))
        database = stack.enter_context(postgres(network=SERVICES))
        database.create(DATABASE)
        bucket = stack.enter_context(s3_server(folder, SERVER))
        http_port, public_port = free_port(), free_port()
        public_url = f"http://127.0.0.1:{public_port}"
        data = folder / "data"
        data.mkdir(mode=0o700)
        config = _configured(folder, data, public_url, redis, database, bucket, times, settings)
        common = ("--config", str(config))
        web = Node("web-1", folder, (*common, *_web_words(http_port)), None)
        nodes = [_cell(folder, number, host, common) for number, host in enumerate(hosts, 1)]
        city = City(public_url, web, nodes, redis, database, bucket, data)
        stack.push_async_callback(_ended, city)
        await web.start()  # it migrates the database and seeds it
        await asyncio.gather(*(cell.start() for cell in city.cells))
        site = _site(http_port, public_port)
        await stack.enter_async_context(nginx(folder, public_port, site))
        await city.heal()
        stack.push_async_callback(city.close_clients)
        yield city


def _cell(folder: Path, number: int, host: Host, common: Sequence[str]) -> Node:
    door = f"http://{host.address}:{DOOR_PORT}"
    words = ("--roles", "cell", "--door", door)
    media = ("--udp-host", host.media_address, "--udp-port", str(MEDIA_PORT))
    return Node(f"cell-{number}", folder, (*common, *words, *media), host)


def _web_words(port: int) -> tuple[str, ...]:
    http = ("--http-host", "127.0.0.1", "--http-port", str(port))
    return ("--roles", "web,worker", *http, "--seed-demo=lessons")


def _configured(
    folder: Path,
    data: Path,
    public_url: str,
    redis: RedisServer,
    database: Postgres,
    bucket: S3Server,
    times: Times,
    settings: str,
) -> Path:
    """Write the configuration that all processes share."""
    keys, secrets, config = (folder / name for name in ("s3.toml", "secrets", "tongke.toml"))
    keys.write_text(
        f'access_key_id = "{KEYS.access_key_id}"\nsecret_access_key = "{KEYS.secret_access_key}"\n'
    )
    secrets.write_text("a-secret-of-the-cluster-under-test-0001\n")
    config.write_text(
        f'data_dir = "{data}"\n'
        f'database_url = "{database.url(DATABASE)}"\n'
        f'recordings = "{bucket.address("lessons")}"\n'
        f'recordings_keys = "{keys}"\n'
        f'inner_secrets = "{secrets}"\n'
        f'redis_url = "redis://{SERVER}:{redis.port}/0"\n'
        f'public_url = "{public_url}"\n'
        'trusted_proxies = ["127.0.0.1"]\n'
        f"cells_beat_s = {times.beat_s}\n"
        f"cells_ttl_s = {times.ttl_s}\n"
        f"{settings}"
    )
    for file in (keys, secrets, config):
        file.chmod(0o600)
    return config


def _site(http_port: int, public_port: int) -> str:
    """The documented site of nginx, without TLS."""
    lines = SITE.read_text().splitlines()
    site = "\n".join(one for one in lines if "ssl_" not in one and "listen [::]" not in one)
    dist = str(REPOSITORY / "web_client" / "dist")
    site = site.replace("/opt/tongke/web_client/dist", dist)
    site = site.replace("listen 443 ssl", f"listen 127.0.0.1:{public_port}")
    return site.replace("127.0.0.1:8080", f"127.0.0.1:{http_port}")


async def _ended(city: City) -> None:
    """End all processes. One that does not stop fails the test, after all have ended."""
    for cell in city.cells:
        cell.resume()
        if cell.host is not None:
            cell.host.plug()
    outcomes = await asyncio.gather(*(one.stop() for one in city.nodes), return_exceptions=True)
    for outcome in outcomes:
        if isinstance(outcome, BaseException):
            raise outcome

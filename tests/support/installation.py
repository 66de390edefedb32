"""An installation of docs/deploy without containers: the processes of compose.yaml, started with
the very files that it mounts. Only ports and paths are others."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from load_tests.nginx import nginx
from load_tests.postgres import Postgres
from tests.support.deployment import CONFIG, DEPLOY, moved
from tests.support.nginx import free_port
from tests.support.redis_server import BINARY as REDIS
from tests.support.s3_server import BINARY as S3
from tests.support.server import REPOSITORY
from tests.support.waiting import READY_S
from tests.support.yaml_files import document

SERVICES: dict[str, dict[str, Any]] = document(DEPLOY / "compose.yaml")["services"]
START_S = 240.0  # four at once, the first of which makes all tables: minutes on a busy machine
# Longer than a busy machine keeps a process waiting; lessons are not to move here.
PATIENT = {"TONGKE_CELLS_BEAT_S": "2", "TONGKE_CELLS_TTL_S": "60"}
OURS = ("cell-1", "cell-2", "web", "worker")


@dataclass(frozen=True)
class Installation:
    """What runs.

    Attributes:
        url: of nginx.
        folder: of all its files.
        ports: by the port that the files name.
        logs: of our processes, by name.
        environments: of our processes, by name.
    """

    url: str
    folder: Path
    ports: Mapping[int, int]
    logs: Mapping[str, Path]
    environments: Mapping[str, Mapping[str, str]]

    def is_well(self, name: str) -> bool:
        """What the health check of a service in compose.yaml says."""
        command = SERVICES[name]["healthcheck"]["test"][2:]
        words = [self.here(word) for word in command]
        words[0] = str(DEPLOY / Path(words[0]).name)
        environment = {**os.environ, **self.environments[name]}
        done = subprocess.run([sys.executable, *words], env=environment, check=False)
        return done.returncode == 0

    def here(self, text: str) -> str:
        """A text of the files with the ports and paths of this installation."""
        return _here(text, self.folder, self.ports)


def _here(text: str, folder: Path, ports: Mapping[int, int]) -> str:
    for before, after in ports.items():
        text = text.replace(f"127.0.0.1:{before}", f"127.0.0.1:{after}")
    for place in ("/run/secrets", "/run/tongke", "/var/lib/tongke"):
        text = text.replace(place, str(folder / Path(place).name))
    return text


@asynccontextmanager
async def installation(folder: Path, postgres: Postgres) -> AsyncIterator[Installation]:
    """Everything that compose.yaml starts, on loopback."""
    ports = {port: free_port() for port in (443, 6379, 7070, 8080, 8081)}
    secrets = _secrets(folder, postgres.create("tongke"), ports)
    for name in ("tongke", "s3/tongke"):
        (folder / name).mkdir(parents=True)
    async with contextlib.AsyncExitStack() as stack:
        stack.enter_context(_redis(folder, ports))
        stack.enter_context(_s3(folder, ports, secrets))
        environments = {name: _environment(name, folder, ports) for name in OURS}
        logs = {name: folder / f"{name}.log" for name in OURS}
        # All at once, as an engine does: their first start finds an empty database.
        await asyncio.gather(
            *(
                stack.enter_async_context(
                    _process(_command(name, folder, ports), environments[name], logs[name])
                )
                for name in OURS
            )
        )
        site = _site(folder, ports)
        url = await stack.enter_async_context(nginx(folder, ports[443], site))
        yield Installation(url, folder, ports, logs, environments)


def _secrets(folder: Path, database_url: str, ports: Mapping[int, int]) -> Path:
    """Secrets as the script makes them; the database is reached by its Unix socket."""
    secrets = folder / "secrets"
    subprocess.run(["sh", DEPLOY / "make-secrets.sh", secrets], check=True, capture_output=True)
    redis_url = secrets / "redis_url"
    redis_url.write_text(moved(redis_url.read_text(), {":6379": f":{ports[6379]}"}))
    (secrets / "database_url").write_text(database_url)
    return secrets


@contextmanager
def _redis(folder: Path, ports: Mapping[int, int]) -> Iterator[None]:
    config = folder / "redis.conf"
    places = {"port 6379": f"port {ports[6379]}", "/run/secrets": folder / "secrets"}
    config.write_text(moved((CONFIG / "redis.conf").read_text(), places))
    with _daemon([str(REDIS), str(config)], folder, ports[6379]):
        yield


@contextmanager
def _s3(folder: Path, ports: Mapping[int, int], secrets: Path) -> Iterator[None]:
    words = [_here(word, folder, ports) for word in SERVICES["s3"]["command"]]
    words[-1] = str(folder / "s3")
    keys = dict(line.split("=", 1) for line in (secrets / "s3.env").read_text().splitlines())
    with _daemon([str(S3), "--quiet", *words], folder, ports[7070], keys):
        yield


@contextmanager
def _daemon(
    command: list[str], folder: Path, port: int, variables: Mapping[str, str] | None = None
) -> Iterator[None]:
    environment = {**os.environ, **(variables or {})}
    with (folder / f"{port}.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log, env=environment)
    try:
        deadline = time.monotonic() + READY_S
        while not _listens(port):
            assert process.poll() is None, (folder / f"{port}.log").read_text()
            assert time.monotonic() < deadline, f"{command[0]} does not listen"
            time.sleep(0.02)
        yield
    finally:
        process.kill()
        process.wait()


def _listens(port: int) -> bool:
    sockets = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return any(one[1].endswith(f":{port:04X}") and one[3] == "0A" for one in sockets)


def _command(name: str, folder: Path, ports: Mapping[int, int]) -> list[str]:
    role = name.partition("-")[0]
    text = _here((CONFIG / f"{role}.toml").read_text(), folder, ports)
    if role in {"web", "worker"}:
        port = {"web": 8080, "worker": 8081}[role]
        own = {f"http_port = {port}": f"http_port = {ports[port]}"}
        text = moved(
            text, {**own, "https://tongke.example.edu.cn": f"http://127.0.0.1:{ports[443]}"}
        )
    config = folder / f"{name}.toml"
    config.write_text(text)
    command = [sys.executable, "-m", "signaling", "serve", "--config", str(config)]
    seed = ["--seed-demo=lessons"] if role == "worker" else []
    return [*command, "--udp-host=127.0.0.1", f"--ready-file={folder / name}.ready", *seed]


def _environment(name: str, folder: Path, ports: Mapping[int, int]) -> dict[str, str]:
    given = {key: str(value) for key, value in SERVICES[name]["environment"].items()}
    given = {key: _here(value, folder, ports) for key, value in given.items()}
    if "TONGKE_UDP_PORT" in given:
        given["TONGKE_UDP_PORT"] = "0"
    return {**given, **PATIENT}


@asynccontextmanager
async def _process(
    command: list[str], variables: Mapping[str, str], log: Path
) -> AsyncIterator[None]:
    environment = {**os.environ, **variables, "PYTHONPATH": str(REPOSITORY)}
    with log.open("ab") as file:
        process = await asyncio.create_subprocess_exec(
            *command, cwd=REPOSITORY, env=environment, stdout=file, stderr=file
        )
    ready = Path(next(x for x in command if x.startswith("--ready-file=")).partition("=")[2])
    try:
        async with asyncio.timeout(START_S):
            while not _text_of(ready):
                assert process.returncode is None, _text_of(log)[-3000:]
                await asyncio.sleep(0.1)
        yield
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signal.SIGINT)  # SIGTERM would wait for lessons to move
        try:
            await asyncio.wait_for(process.wait(), READY_S)
        except TimeoutError:
            process.kill()
            await process.wait()
            raise AssertionError(f"did not stop\n{_text_of(log)[-3000:]}") from None


def _text_of(file: Path) -> str:
    return file.read_text() if file.exists() else ""


def _site(folder: Path, ports: Mapping[int, int]) -> str:
    """The site of nginx without TLS, for which a certificate would be needed."""
    text = (DEPLOY / "nginx.conf").read_text()
    lines = [x for x in text.splitlines() if "ssl_" not in x and "listen [::]" not in x]
    text = moved("\n".join(lines), {"listen 443 ssl": f"listen 127.0.0.1:{ports[443]}"})
    return _here(text, folder, ports)

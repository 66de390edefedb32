"""The `tongke` command and the composition root, which alone knows relay and recorder by name."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gc
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any

import structlog
import uvloop

from recorder.config import RecorderConfig
from recorder.service import RecorderService
from relay.config import RelayConfig
from relay.node import RelayNode
from signaling.base.config import Config, ConfigError, load
from signaling.base.data_lock import DataInUse, held
from signaling.base.errors import SignalingError
from signaling.base.logs import configure
from signaling.base.open_files import raise_limit
from signaling.base.private_files import PRIVATE_UMASK, keep_private
from signaling.command import seed
from signaling.command.demo.open_lesson import keep_one_open
from signaling.command.demo.seeding import seed_county
from signaling.command.listing import listing
from signaling.command.opened import CommandFailed
from signaling.command.parser import DEMO_COUNTY, DEMO_LESSONS, Run, command_line
from signaling.command.placing import warn_of_unplaced
from signaling.command.words import Word, problem_words
from signaling.http_face import ROUTES, http_server
from signaling.web.openapi import document
from signaling.web.server import HttpServer
from signaling.wiring import Services

log = structlog.get_logger(__name__)

DATA_IN_USE = 75  # sysexits.h: EX_TEMPFAIL
THREAD_TURN_S = 0.001  # a thread that computes gives way to the loop after this; Python's: 5 ms


@dataclass(frozen=True, slots=True)
class Running:
    """A whole server that runs."""

    services: Services
    relay: RelayNode
    http: HttpServer

    @property
    def ready(self) -> dict[str, Any]:
        """Facts for programs that started the server."""
        return {
            "url": self.http.url,
            "http_port": self.http.port,
            "udp_port": self.relay.udp_port,
            "pid": os.getpid(),
        }


@asynccontextmanager
async def running(config: Config, *, seed_demo: str | None = None) -> AsyncIterator[Running]:
    """Start relay, recorder, services and HTTP, in this order; stop them in the other.

    Args:
        config: the settings.
        seed_demo: `DEMO_COUNTY` or `DEMO_LESSONS`, to be put into an empty database.

    Raises:
        DataInUse: another server works on the data folder.
    """
    keep_private(config.data)
    with held(config.data):
        async with _started(config, seed_demo=seed_demo) as server:
            yield server


def assembled(config: Config) -> tuple[RelayNode, RecorderService, Services]:
    """The parts of a process, put together; nothing runs yet."""
    relay = RelayNode(
        RelayConfig(
            hosts=config.udp_hosts,
            udp_port=config.udp_port,
            announced_addresses=config.announced_addresses,
            publisher_bps=config.publisher_bps,
            # 1,250 bytes each; sound, repairs and small pictures take a lower rate's, too.
            publisher_packets_per_s=max(config.publisher_bps / 10_000, 2500.0),
        )
    )
    recorder = _recorder(config)
    return relay, recorder, Services(config, relay, recorder)


@asynccontextmanager
async def _started(config: Config, *, seed_demo: str | None) -> AsyncIterator[Running]:
    relay, recorder, services = assembled(config)
    http = http_server(services)
    async with contextlib.AsyncExitStack() as stack:
        stack.push_async_callback(services.database.close)
        await services.prepare()
        if seed_demo == DEMO_COUNTY:
            await seed_county(services, recorder.keep_copy, seed.DEMO_PASSWORD)
        await relay.start()
        stack.push_async_callback(relay.stop)
        await recorder.start()
        stack.push_async_callback(recorder.stop)
        if seed_demo == DEMO_LESSONS:
            await seed.seed_people(services)
        if seed_demo is not None:
            keep = keep_one_open if seed_demo == DEMO_COUNTY else seed.seed_lessons
            await keep(services)
            services.housekeeping.append(lambda: keep(services))
        await services.start()
        await warn_of_unplaced(services.database)
        stack.push_async_callback(services.stop)
        await http.start()
        stack.push_async_callback(http.stop)
        yield Running(services, relay, http)


def _recorder(config: Config) -> RecorderService:
    settings = RecorderConfig(
        data_dir=config.data,
        database_url=config.database,
        storage=config.recordings,
        storage_keys=config.recordings_key_file,
        internal_path=config.recordings_internal,
        source_bps=config.recorded_source_bps,
    )
    try:
        return RecorderService(settings)
    except ValueError as error:
        raise ConfigError(f"recordings: {error}") from None


async def _serve(arguments: argparse.Namespace) -> int:
    config = _config(arguments)
    configure(config.log_level)
    raise_limit()
    sys.setswitchinterval(THREAD_TURN_S)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    async with running(config, seed_demo=arguments.seed_demo) as server:
        # All that is loaded by now stays: a full collection need not walk it, and hold up every
        # lesson's media for 40 ms meanwhile.
        gc.collect()
        gc.freeze()
        if arguments.seed_demo:
            print(await seed.introduction(server.services, server.http.url), flush=True)  # noqa: T201
        print(listing(server.http.urls), flush=True)  # noqa: T201
        if not await server.services.people.has_people():
            print(Word.FIRST_STEP(), flush=True)  # noqa: T201
        log.info("ready", **server.ready)
        _announce(arguments, server.ready)
        await stop.wait()
        log.info("stopping")
    return 0


def _announce(arguments: argparse.Namespace, ready: dict[str, Any]) -> None:
    line = json.dumps(ready) + "\n"
    if arguments.ready_fd is not None:
        with os.fdopen(arguments.ready_fd, "w") as file:
            file.write(line)
    if arguments.ready_file is not None:
        # Renamed into place: whoever polls for the file never reads half a line.
        path = Path(arguments.ready_file)
        fresh = path.with_name(f".{path.name}.{os.getpid()}")
        fresh.write_text(line)
        fresh.replace(path)


async def _command(arguments: argparse.Namespace) -> int:
    try:
        os.umask(PRIVATE_UMASK)
        await arguments.job(_config(arguments), arguments)
    except CommandFailed as error:
        return _fail(str(error))
    return 0


async def _openapi(_arguments: argparse.Namespace) -> int:
    text = json.dumps(document(ROUTES, version("tongke")), ensure_ascii=False, indent=2)
    print(text)  # noqa: T201
    return 0


def _fail(message: str, status: int = 1) -> int:
    print(message, file=sys.stderr)  # noqa: T201
    return status


def _config(arguments: argparse.Namespace) -> Config:
    overrides = {
        "data_dir": arguments.data,
        "database_url": arguments.database_url,
        "http_host": getattr(arguments, "http_host", None),
        "http_port": getattr(arguments, "http_port", None),
        "tls_certificate": getattr(arguments, "tls_cert", None),
        "tls_key": getattr(arguments, "tls_key", None),
        "udp_hosts": getattr(arguments, "udp_host", None),
        "udp_port": getattr(arguments, "udp_port", None),
        "announced_addresses": getattr(arguments, "announce", None),
        "log_level": getattr(arguments, "log_level", None),
    }
    file = Path(arguments.config) if arguments.config else None
    return load(file, os.environ, overrides)


def main(argv: Sequence[str] | None = None) -> int:
    """The `tongke` command. Returns the exit status."""
    words = list(sys.argv[1:] if argv is None else argv)
    if words[:1] == ["demo"]:  # has its own options
        demo: Callable[[Sequence[str]], int | None] = import_module("load_tests.demo").main
        return demo(words[1:]) or 0
    arguments = command_line(version("tongke"), serve=_serve, openapi=_openapi).parse_args(words)
    run: Run = _command
    if "run" in arguments:
        run = arguments.run
    try:
        return uvloop.run(run(arguments))
    except DataInUse as error:
        in_use = Word.DATA_IN_USE(data=error.data, owner=error.owner)
        return _fail(f"tongke: {in_use}", DATA_IN_USE)
    except SignalingError as error:
        return _fail(f"tongke: {problem_words(error)}")
    except (ConfigError, OSError) as error:
        return _fail(f"tongke: {error}")


if __name__ == "__main__":
    sys.exit(main())

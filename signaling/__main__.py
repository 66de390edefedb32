"""The `tongke` command. What only some of its commands need is loaded by them, for it is slow."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from importlib.metadata import version
from pathlib import Path

import uvloop

from signaling.base.config import Config, ConfigError, load
from signaling.base.data_lock import DataInUse
from signaling.base.errors import SignalingError
from signaling.base.migrate import SchemaTooNew
from signaling.base.private_files import PRIVATE_UMASK
from signaling.command.opened import CommandFailed
from signaling.command.parser import Run, command_line
from signaling.command.words import Word, problem_words

DATA_IN_USE = 75  # sysexits.h: EX_TEMPFAIL
USELESS_CONFIG = 78  # sysexits.h: EX_CONFIG; whoever starts the server need not try again


async def _serve(arguments: argparse.Namespace) -> int:
    config = _config(arguments)
    if arguments.cells is not None:
        from signaling.supervising import serve_cells  # noqa: PLC0415

        return await serve_cells(config, arguments)
    from signaling.serving import serve  # noqa: PLC0415

    return await serve(config, arguments)


async def _command(arguments: argparse.Namespace) -> int:
    try:
        os.umask(PRIVATE_UMASK)
        await arguments.job(_config(arguments), arguments)
    except CommandFailed as error:
        return _fail(str(error))
    return 0


async def _openapi(_arguments: argparse.Namespace) -> int:
    from signaling.http_face import ROUTES  # noqa: PLC0415
    from signaling.web.openapi import document  # noqa: PLC0415

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
        "redis_url": getattr(arguments, "redis_url", None),
        "node_id": getattr(arguments, "node_id", None),
        "door": getattr(arguments, "door", None),
        "roles": roles.split(",") if (roles := getattr(arguments, "roles", None)) else None,
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
    except SchemaTooNew as error:
        too_new = Word.SCHEMA_TOO_NEW(revision=error.revision, floor=error.floor)
        return _fail(f"tongke: {too_new}", USELESS_CONFIG)
    except SignalingError as error:
        return _fail(f"tongke: {problem_words(error)}")
    except ConfigError as error:
        return _fail(f"tongke: {Word.USELESS_CONFIG(error=error)}", USELESS_CONFIG)
    except OSError as error:
        return _fail(f"tongke: {error}")


if __name__ == "__main__":
    sys.exit(main())

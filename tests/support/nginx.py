"""A real nginx on loopback, as it stands before a server of a county."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import shutil
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.support.waiting import READY_S

BINARY = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
_OWN = 12  # ports of a test process
_FIRST = 20_000 + os.getpid() % 1000 * _OWN  # below 32768, where Linux begins to hand out ports
_PORTS = itertools.cycle(range(_FIRST, _FIRST + _OWN))
MAIN = """
{user}
daemon off;
master_process off;
pid {folder}/pid;
error_log stderr;
events {{ worker_connections 256; }}
http {{
    include /etc/nginx/mime.types;
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    {site}
}}
"""


@asynccontextmanager
async def nginx(folder: Path, port: int, site: str) -> AsyncIterator[str]:
    """Serve a site, which listens on that port; gives its URL."""
    assert BINARY is not None, "the Debian package nginx is missing (.ci/install-system)"
    config = folder / "nginx.conf"
    user = "user root;" if os.geteuid() == 0 else ""
    config.write_text(MAIN.format(folder=folder, site=site, user=user))
    process = await asyncio.create_subprocess_exec(
        BINARY, "-p", str(folder), "-e", "stderr", "-c", str(config)
    )
    try:
        async with asyncio.timeout(READY_S):
            while True:
                with contextlib.suppress(ConnectionRefusedError):
                    socket.create_connection(("127.0.0.1", port)).close()
                    break
                assert process.returncode is None, "nginx did not start"
                await asyncio.sleep(0.02)
        yield f"http://127.0.0.1:{port}"
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        await process.wait()


def free_port() -> int:
    """A TCP port that nobody has now, for a server that must be told one.

    The kernel never hands it out by itself, and no other test process looks where this one does.
    """
    for port in itertools.islice(_PORTS, _OWN):
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port
    raise AssertionError("all ports of this test process are taken")

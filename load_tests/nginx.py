"""A real nginx on loopback, as it stands before a server of a county."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

BINARY = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
READY_TIMEOUT_S = 60.0
CONNECTIONS = 256
MAIN = """
{user}
daemon off;
master_process off;
pid {folder}/pid;
error_log stderr;
worker_rlimit_nofile {files};
events {{ worker_connections {connections}; }}
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
async def nginx(
    folder: Path, port: int, site: str, *, connections: int = CONNECTIONS
) -> AsyncIterator[str]:
    """Serve a site, which listens on that port; gives its URL."""
    async with nginx_process(folder, port, site, connections=connections):
        yield f"http://127.0.0.1:{port}"


@asynccontextmanager
async def nginx_process(
    folder: Path, port: int, site: str, *, connections: int = CONNECTIONS
) -> AsyncIterator[int]:
    """Serve a site, which listens on that port; gives the id of the one process."""
    if BINARY is None:
        raise RuntimeError("the Debian package nginx is missing (.ci/install-system)")
    config = folder / "nginx.conf"
    user = "user root;" if os.geteuid() == 0 else ""
    files = max(1024, 2 * connections)
    config.write_text(
        MAIN.format(folder=folder, site=site, user=user, connections=connections, files=files)
    )
    process = await asyncio.create_subprocess_exec(
        BINARY, "-p", str(folder), "-e", "stderr", "-c", str(config)
    )
    try:
        deadline = time.monotonic() + READY_TIMEOUT_S
        while not _listens(port):
            if process.returncode is not None or time.monotonic() > deadline:
                raise RuntimeError("nginx did not start")
            await asyncio.sleep(0.02)
        yield process.pid
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        await process.wait()


def _listens(port: int) -> bool:
    with contextlib.suppress(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port)):
        return True
    return False

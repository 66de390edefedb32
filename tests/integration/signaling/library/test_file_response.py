"""A file behind the storage port answers like a file of this machine, or sends players away."""

from __future__ import annotations

import os
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from email.utils import formatdate
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from recorder.api import PublishedFile
from recorder.storage.folder import FolderFile, FolderStorage
from signaling.library.file_response import file_response
from tests.support.nginx import free_port, nginx
from tests.support.server import REPOSITORY

CONTENT = bytes(range(256)) * 40
MODIFIED_NS = 1_700_000_000_250_000_000
HEADERS = {"Content-Type": "video/webm", "Cache-Control": "no-store"}
SHARED = HEADERS | {"Cache-Control": "public, max-age=240"}
TAG = f'"{MODIFIED_NS:x}-{len(CONTENT):x}"'
BEFORE, AFTER = (formatdate(1_700_000_000 + step, usegmt=True) for step in (-10, 10))


@dataclass(frozen=True)
class RemoteFile:
    """A file of an object store, read through the port in odd pieces."""

    name: str
    size: int
    modified_ns: int
    url: str | None = None
    local: None = None
    internal: None = None

    async def read(self, start: int = 0, stop: int | None = None) -> AsyncIterator[bytes]:
        wanted = CONTENT[start:stop]
        for at in range(0, len(wanted), 777):
            yield wanted[at : at + 777]


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[TestClient[web.Request, web.Application]]:
    local = tmp_path / "a.webm"
    local.write_bytes(CONTENT)
    os.utime(local, ns=(MODIFIED_NS, MODIFIED_NS))
    files: dict[str, PublishedFile] = {
        "local": FolderFile("a.webm", len(CONTENT), MODIFIED_NS, str(local)),
        "remote": RemoteFile("a.webm", len(CONTENT), MODIFIED_NS),
        "away": RemoteFile("a.webm", len(CONTENT), MODIFIED_NS, "https://s3.example/a?signed"),
    }

    async def handle(request: web.Request) -> web.StreamResponse:
        place = request.match_info["place"]
        return file_response(files[place], SHARED if place == "away" else HEADERS)

    app = web.Application()
    app.router.add_get("/{place}", handle)
    async with TestClient(TestServer(app)) as made:
        yield made


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ({}, 200),
        ({"Range": "bytes=0-"}, 206),
        ({"Range": "bytes=100-199"}, 206),
        ({"Range": "bytes=100-100"}, 206),
        ({"Range": "bytes=10000-99999"}, 206),
        ({"Range": "bytes=-5"}, 206),
        ({"Range": "bytes=-99999"}, 206),
        ({"Range": "bytes=10240-"}, 416),
        ({"Range": "bytes=20-10"}, 416),
        ({"Range": "lines=1-2"}, 416),
        ({"If-None-Match": TAG}, 304),
        ({"If-None-Match": f"W/{TAG}"}, 304),
        ({"If-None-Match": "*"}, 304),
        ({"If-None-Match": '"other"', "If-Modified-Since": AFTER}, 200),
        ({"If-Modified-Since": AFTER}, 304),
        ({"If-Modified-Since": BEFORE}, 200),
        ({"If-Match": TAG}, 200),
        ({"If-Match": f"W/{TAG}"}, 412),
        ({"If-Match": '"other"'}, 412),
        ({"If-Match": "*", "If-Unmodified-Since": BEFORE}, 200),
        ({"If-Unmodified-Since": BEFORE}, 412),
        ({"If-Unmodified-Since": AFTER, "Range": "bytes=1-2"}, 206),
        ({"Range": "bytes=1-2", "If-Range": AFTER}, 206),
        ({"Range": "bytes=1-2", "If-Range": BEFORE}, 200),
    ],
)
async def test_a_file_behind_the_port_answers_like_a_local_one(
    client: TestClient[web.Request, web.Application],
    method: str,
    asked: dict[str, str],
    status: int,
) -> None:
    async def answer(place: str) -> tuple[int, dict[str, str], bytes]:
        async with client.request(method, f"/{place}", headers=asked) as response:
            left_out = {"Date"}
            if response.status == 416:  # aiohttp sends its empty body in chunks
                left_out |= {"Content-Length", "Transfer-Encoding"}
            headers = {k: v for k, v in response.headers.items() if k not in left_out}
            return response.status, headers, await response.read()

    local, remote = await answer("local"), await answer("remote")
    assert local[0] == status
    assert remote == local


@pytest.mark.parametrize("name", ["a.webm", "王老师 1%20?.webm"])
async def test_the_documented_nginx_sends_a_file_that_it_is_told_of(
    tmp_path: Path, name: str
) -> None:
    folder = tmp_path / "recordings" / "r1"
    folder.mkdir(parents=True)
    (folder / name).write_bytes(CONTENT)
    storage, port = FolderStorage(tmp_path / "recordings", "/_recordings"), free_port()
    asked: list[str] = []

    async def handle(request: web.Request) -> web.StreamResponse:
        asked.append(request.path)
        file = await storage.file("r1", name)
        assert file is not None
        response = file_response(file, HEADERS)
        assert isinstance(response, web.Response)  # no byte of the file is in it
        assert response.body is None
        return response

    app = web.Application()
    app.router.add_get("/media", handle)
    async with TestServer(app) as upstream:
        site = f"""
        server {{
            listen 127.0.0.1:{port};
            {_documented_location(tmp_path / "recordings")}
            location / {{ proxy_pass http://127.0.0.1:{upstream.port}; }}
        }}
        """
        async with nginx(tmp_path, port, site) as url, aiohttp.ClientSession() as players:
            async with players.get(f"{url}/media") as answer:
                assert (answer.status, await answer.read()) == (200, CONTENT)
                assert answer.headers["Content-Type"] == "video/webm"
                assert answer.headers["Cache-Control"] == "no-store"
                assert "X-Accel-Redirect" not in answer.headers
                tag = answer.headers["ETag"]
            async with players.get(f"{url}/media", headers={"Range": "bytes=10-19"}) as answer:
                assert (answer.status, await answer.read()) == (206, CONTENT[10:20])
            async with players.get(f"{url}/media", headers={"If-None-Match": tag}) as answer:
                assert answer.status == 304
            async with players.head(f"{url}/media") as answer:
                assert answer.headers["Content-Length"] == str(len(CONTENT))
            async with players.get(f"{url}/_recordings/r1/a.webm") as answer:
                assert answer.status == 404  # the way is open to Tongke alone
    assert asked == ["/media"] * 4


def _documented_location(recordings: Path) -> str:
    site = (REPOSITORY / "docs" / "deploy" / "nginx.conf").read_text()
    found = re.search(r"location /_recordings/ \{.*?\}", site, re.DOTALL)
    assert found is not None
    return found.group().replace("/srv/tongke/recordings", str(recordings))


async def test_a_file_that_the_storage_serves_itself_is_a_redirect(
    client: TestClient[web.Request, web.Application],
) -> None:
    async with client.get("/away", allow_redirects=False) as response:
        assert response.status == 307
        assert response.headers["Location"] == "https://s3.example/a?signed"
        # The signed address ends by itself: no cache sends anybody to it after that.
        assert response.headers["Cache-Control"] == "no-store"

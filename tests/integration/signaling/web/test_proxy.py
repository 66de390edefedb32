"""The server behind a real nginx: the documented site, and a path of another site."""

import gzip
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from tests.support.nginx import free_port, nginx
from tests.support.server import REPOSITORY, Client, ProblemError, TongkeServer

SITE = REPOSITORY / "docs" / "deploy" / "nginx.conf"
OFFER = (REPOSITORY / "tests/unit/relay/core/wire/offers/chromium_watch.sdp").read_bytes()
SECRET = "c2VjcmV0LW9mLWEtY2FsZW5kYXItZmVlZA"
SCRIPT = "export const a = 1\n" * 200
PAGE = '<head><base href="/" /><title>page</title>'
PROXY = """
    proxy_http_version 1.1;
    proxy_set_header Host $http_host;
    proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
    proxy_set_header Upgrade $http_upgrade;
    proxy_set_header Connection $http_connection;
"""


def built(folder: Path) -> Path:
    """A web client as the build leaves it."""
    web = folder / "web"
    (web / "assets").mkdir(parents=True)
    (web / "index.html").write_text(PAGE)
    (web / "classroom.html").write_text(PAGE)
    (web / "assets" / "app-1a2b3c.js").write_text(SCRIPT)
    (web / "assets" / "app-1a2b3c.js.gz").write_bytes(gzip.compress(SCRIPT.encode()))
    return web


@asynccontextmanager
async def behind(
    folder: Path, public: str, site: str, port: int
) -> AsyncIterator[tuple[TongkeServer, Client]]:
    """A server and a client that reaches it through nginx."""
    config = folder / "tongke.toml"
    config.write_text(
        f'public_url = "{public}"\ntrusted_proxies = ["127.0.0.1"]\nweb_root = "{folder}/web"\n'
    )
    async with TongkeServer.start(folder, (f"--config={config}",)) as server:
        site = site.replace("127.0.0.1:8080", f"127.0.0.1:{server.http_port}")
        async with nginx(folder, port, site):
            client = server.client()
            client.base = public
            yield server, client


async def test_the_documented_site_serves_pages_channels_and_compressed_assets(
    tmp_path: Path,
) -> None:
    web, port = built(tmp_path), free_port()
    site = SITE.read_text()
    lines = [x for x in site.splitlines() if "ssl_" not in x and "listen [::]" not in x]
    site = "\n".join(lines).replace("listen 443 ssl", f"listen 127.0.0.1:{port}")
    site = site.replace("/opt/tongke/web_client/dist", str(web))
    site = site.replace(
        "server {\n    listen", f"server {{ access_log {tmp_path}/access.log;\n    listen"
    )
    async with behind(tmp_path, f"http://127.0.0.1:{port}", site, port) as (_, client):
        await client.login("wang")
        lesson = await client.live_lesson()
        async with client.channel(lesson["lesson_id"]) as ws:
            assert (await ws.receive_json())["type"] == "snapshot"
        headers = {"Accept-Encoding": "gzip"}
        async with client.http.get(f"{client.base}/assets/app-1a2b3c.js", headers=headers) as got:
            assert got.headers["Content-Encoding"] == "gzip"
            assert "immutable" in got.headers["Cache-Control"]
            assert await got.text() == SCRIPT
        with pytest.raises(ProblemError) as missing:
            await client.call("GET", "/api/lessons/none")
        assert missing.value.status == 404
        async with client.http.get(f"{client.base}/metrics") as got:
            assert got.status == 403
        async with client.http.get(f"{client.base}/calendar/{SECRET}.ics") as got:
            assert got.status == 404  # Tongke's own answer: the proxy passed the host's name on
            assert got.content_type == "application/problem+json"
    logged = (tmp_path / "access.log").read_text()
    assert "/api/lessons/none" in logged
    assert SECRET not in logged


@pytest.mark.parametrize("kept", [False, True], ids=["taken away", "kept"])
async def test_below_a_path_of_another_site_everything_is_found(tmp_path: Path, kept: bool) -> None:
    built(tmp_path)
    port = free_port()
    to = "http://127.0.0.1:8080" + ("" if kept else "/")
    site = f"""
    server {{
        listen 127.0.0.1:{port};
        location /tongke/ {{ proxy_pass {to}; {PROXY} }}
    }}
    """
    public = f"http://127.0.0.1:{port}/tongke"
    async with behind(tmp_path, public, site, port) as (server, client):
        for path in ("/", "/teacher/lessons/x", "/classroom"):
            async with client.http.get(public + path) as got:
                assert '<base href="/tongke/" />' in await got.text()
                assert "base-uri 'self'" in got.headers["Content-Security-Policy"]
        async with client.http.get(f"{public}/assets/app-1a2b3c.js") as got:
            assert await got.text() == SCRIPT
        async with client.http.get(f"{public}/api/nothing") as got:
            assert got.status == 404
        await client.login("wang")
        assert {c["path"] for c in client.http.cookie_jar} == {"/tongke"}
        lesson = await client.live_lesson()
        async with client.channel(lesson["lesson_id"]) as ws:
            assert (await ws.receive_json())["type"] == "snapshot"
        access = (await client.media_access(lesson["lesson_id"]))["watch"]
        assert access["url"].startswith("/tongke/whep/")
        bearer = {"Authorization": f"Bearer {access['token']}"}
        offer = {**bearer, "Content-Type": "application/sdp"}
        origin = f"http://127.0.0.1:{port}"
        async with client.http.post(origin + access["url"], data=OFFER, headers=offer) as got:
            assert got.status == 201
            resource = got.headers["Location"]
        assert resource.startswith(f"/tongke/whep/{lesson['lesson_id']}/sessions/")
        async with client.http.delete(origin + resource, headers=bearer) as got:
            assert got.status == 200
            assert got.headers["Access-Control-Allow-Origin"] == "*"
        assert (await client.call("GET", "/api/lessons"))["lessons"] is not None
        async with aiohttp.request("GET", f"{server.url}/metrics") as got:
            assert 'route="/api/lessons/{lesson_id}/start"' in await got.text()

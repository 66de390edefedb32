"""Pages, health, metrics and the OpenAPI document of a real server."""

import gzip
import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from yarl import URL

from tests.support.server import ProblemError, TongkeServer

STORE = "http://127.0.0.1:9"
GZIPPED = gzip.compress(b"export {}", mtime=0)

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[TongkeServer]:
    web = tmp_path_factory.mktemp("web")
    (web / "assets").mkdir()
    (web / "assets" / "app-1a2b3c.js").write_text("export {}")
    (web / "assets" / "app-1a2b3c.js.br").write_bytes(b"brotli")
    (web / "assets" / "app-1a2b3c.js.gz").write_bytes(GZIPPED)
    (web / "index.html").write_text("<title>index</title>")
    (web / "classroom.html").write_text("<title>classroom</title>")
    (web / "favicon.svg").write_text("<svg/>")
    (web.parent / "outside.txt").write_text("not yours")
    (web / "link.txt").symlink_to(web.parent / "outside.txt")
    (web.parent / "keys.toml").write_text('access_key_id = "k"\nsecret_access_key = "s"\n')
    config = web.parent / "tongke.toml"
    config.write_text(
        f'web_root = "{web}"\nmetrics_networks = ["192.0.2.0/24"]\n'
        # Nobody answers there, which holds up nothing.
        f'recordings = "s3://county?endpoint={STORE}&redirect=60"\n'
        f'recordings_keys = "{web.parent}/keys.toml"\n'
    )
    async with TongkeServer.start(arguments=(f"--config={config}",)) as running:
        yield running


async def _get(server: TongkeServer, path: str, **headers: str) -> tuple[int, str, Any]:
    url = URL(f"{server.url}{path}", encoded=True)
    async with aiohttp.request("GET", url, headers=headers) as response:
        return response.status, await response.text(), response.headers


@pytest.mark.parametrize(
    ("path", "page"),
    [
        ("/", "index"),
        ("/login", "index"),
        ("/teacher/lessons/abc", "index"),
        ("/library/1", "index"),
        ("/classroom", "classroom"),
        ("/classroom/lesson", "classroom"),
        ("/apiary", "index"),
    ],
)
async def test_every_path_of_the_apps_gets_its_page(
    server: TongkeServer, path: str, page: str
) -> None:
    status, text, headers = await _get(server, path)
    assert (status, text) == (200, f"<title>{page}</title>")
    assert headers["Cache-Control"] == "no-cache"
    policy = headers["Content-Security-Policy"].split("; ")
    assert "default-src 'self'" in policy
    for kind in ("img-src", "media-src", "connect-src"):
        assert any(one.startswith(kind) and one.endswith(STORE) for one in policy)
    assert sum(STORE in one for one in policy) == 3
    assert "camera=(self)" in headers["Permissions-Policy"]


async def test_hashed_assets_are_kept_for_a_year_and_typed(server: TongkeServer) -> None:
    status, _, headers = await _get(server, "/assets/app-1a2b3c.js")
    assert status == 200
    assert "immutable" in headers["Cache-Control"]
    assert "javascript" in headers["Content-Type"]
    assert headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    ("accepted", "sent"),
    [("br, gzip", b"brotli"), ("gzip, deflate", GZIPPED), ("identity", b"export {}")],
)
async def test_what_the_build_compressed_is_sent_to_whom_takes_it(
    server: TongkeServer, accepted: str, sent: bytes
) -> None:
    headers = {"Accept-Encoding": accepted}
    async with aiohttp.ClientSession(auto_decompress=False) as http:
        url = f"{server.url}/assets/app-1a2b3c.js"
        async with http.get(url, headers=headers) as answer:
            assert await answer.read() == sent
            assert answer.headers["Vary"] == "Accept-Encoding"
            assert "javascript" in answer.headers["Content-Type"]
            assert "immutable" in answer.headers["Cache-Control"]
            tag = answer.headers["ETag"]
        async with http.get(url, headers={**headers, "If-None-Match": tag}) as answer:
            assert answer.status == 304


@pytest.mark.parametrize(
    "path",
    [
        "/assets/gone-000.js",
        "/missing.png",
        "/link.txt",
        "/../outside.txt",
        "/%2e%2e/outside.txt",
        "/..%2foutside.txt",
        "/assets/..%2f..%2foutside.txt",
        "/x%00.txt",
        "/api/nothing",
        "/media/recordings/x",
        "/ws/nothing",
    ],
)
async def test_what_is_not_there_or_not_ours_is_a_404(server: TongkeServer, path: str) -> None:
    status, text, _ = await _get(server, path)
    assert status in {400, 404, 401}
    assert "not yours" not in text
    assert "<title>" not in text


async def test_health_and_the_openapi_document(server: TongkeServer) -> None:
    async with aiohttp.request("GET", f"{server.url}/healthz") as response:
        assert await response.json() == {
            "status": "ok",
            "database": "ok",
            "disk": "ok",
            "relay": "ok",
            "recorder": "ok",
        }
    async with aiohttp.request("GET", f"{server.url}/api/openapi.json") as response:
        document = await response.json()
    assert document["openapi"].startswith("3.1")
    assert "/api/lessons/{lesson_id}/start" in document["paths"]


async def test_metrics_are_for_the_networks_named(server: TongkeServer) -> None:
    assert (await _get(server, "/metrics"))[0] == 403


async def test_the_secret_is_the_owners_and_the_log_is_json(server: TongkeServer) -> None:
    assert (server.data / "secret.key").stat().st_mode & 0o777 == 0o600
    assert (await _get(server, "/healthz", **{"X-Request-ID": "my-request-1"}))[0] == 200
    lines = [line for line in server.log.splitlines() if line.startswith("{")]
    events = [json.loads(line)["event"] for line in lines]
    assert "ready" in events


async def test_a_cursor_that_was_never_given_out_is_named(server: TongkeServer) -> None:
    api = await server.sign_in("ziyuan")
    with pytest.raises(ProblemError) as refused:
        await api.call("GET", "/api/recordings?before=nonsense")
    assert (refused.value.status, refused.value.code) == (400, "bad_cursor")
    assert refused.value.field == "before"

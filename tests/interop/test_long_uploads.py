"""A film over cuts and kills of the real server, and through a real nginx with tus-js-client."""

import asyncio
import hashlib
import json
from pathlib import Path
from typing import Any

from yarl import URL

from load_tests.upload import upload, write_film
from tests.support.cutting_proxy import CuttingProxy
from tests.support.nginx import free_port, nginx
from tests.support.server import REPOSITORY, Client, TongkeServer
from tests.support.waiting import until

MIB = 1024 * 1024
MOST_GROWTH_MB = 64  # whatever the size; two gigabytes are in `make bench-upload`
SCRIPT = Path(__file__).with_name("upload.mjs")
SITE = REPOSITORY / "docs" / "deploy" / "nginx.conf"


async def test_a_film_is_whole_after_five_cuts_two_of_which_kill_the_server(tmp_path: Path) -> None:
    """Each acknowledged byte is there after `kill -9`, and a job makes the film playable."""
    figures = await upload(80, 5, tmp_path)
    assert (figures["cuts"], figures["kills"]) == (5, 2)
    assert figures["server_growth_mb"] < MOST_GROWTH_MB


async def test_a_kill_in_the_middle_of_the_check_is_made_good_at_the_next_start(
    tmp_path: Path,
) -> None:
    film = tmp_path / "film.mp4"
    digest = await asyncio.to_thread(write_film, film, 60 * MIB)
    async with TongkeServer.start(tmp_path) as server:
        teacher = await server.sign_in("wang")
        file_id = await _uploaded(teacher, server.url, film)
        benches = server.data / "files" / "checks"
        await until(lambda: benches.is_dir() and any(benches.iterdir()))
        await server.kill()
        await server.up()
        info = await until(lambda: _ready(teacher, file_id))
        assert info["video"]["source_sha256"] == digest
        left = [one for one in (server.data / "files").rglob("*") if one.is_file()]
        assert [one.name for one in left] == [file_id]


async def test_a_film_goes_through_nginx_over_a_line_that_breaks(tmp_path: Path) -> None:
    """The documented site: nothing is held back, so what came before a break counts."""
    film, port = tmp_path / "film.mp4", free_port()
    digest = await asyncio.to_thread(write_film, film, 24 * MIB)
    public = f"http://127.0.0.1:{port}"
    config = tmp_path / "tongke.toml"
    config.write_text(f'public_url = "{public}"\ntrusted_proxies = ["127.0.0.1"]\n')
    async with (
        TongkeServer.start(tmp_path, (f"--config={config}",)) as server,
        nginx(tmp_path, port, _site(port, server.http_port)),
    ):
        teacher = server.client()
        teacher.base = public
        await teacher.login("wang")
        proxy = CuttingProxy(port, most_bytes=6 * MIB, cuts_left=3)
        async with proxy.running():
            file_id = await _uploaded(teacher, f"http://127.0.0.1:{proxy.port}", film)
        assert proxy.cuts == 3
        info = await until(lambda: _ready(teacher, file_id))
        assert info["video"]["source_sha256"] == digest
        url = f"{public}/api/files/{file_id}/content"
        async with teacher.http.get(url) as answer:
            body = await answer.read()
        assert hashlib.sha256(body).hexdigest() == info["sha256"]


def _site(port: int, http_port: int) -> str:
    """The documented site without its certificate."""
    kept = [
        line
        for line in SITE.read_text().splitlines()
        if not line.strip().startswith(("listen [::]", "ssl_certificate"))
    ]
    site = "\n".join(kept).replace("listen 443 ssl", f"listen 127.0.0.1:{port}")
    site = site.replace("server_name tongke.example.edu.cn", "server_name 127.0.0.1")
    return site.replace("127.0.0.1:8080", f"127.0.0.1:{http_port}")


async def _uploaded(client: Client, url: str, film: Path) -> str:
    """Upload a film with tus-js-client; returns its id."""
    cookies = client.http.cookie_jar.filter_cookies(URL(client.base))
    headers = {
        "Cookie": "; ".join(f"{name}={morsel.value}" for name, morsel in cookies.items()),
        "X-CSRF-Token": client.identity["csrf_token"],
        "Host": URL(client.base).authority,
    }
    node = await asyncio.create_subprocess_exec(
        *("node", str(SCRIPT), f"{url}/api/files", str(film), json.dumps(headers), "video"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    told, said = await asyncio.wait_for(node.communicate(), 120)
    assert node.returncode == 0, said.decode()
    return told.decode()


async def _ready(client: Client, file_id: str) -> dict[str, Any] | None:
    info = await client.call("GET", f"/api/files/{file_id}")
    assert info["state"] in {"checking", "ready"}, info
    return dict(info) if info["state"] == "ready" else None

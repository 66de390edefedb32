"""An independent client of tus 1.0 (tus-js-client on Node) against the real server, over cuts."""

import asyncio
import hashlib
import json
from pathlib import Path

from yarl import URL

from tests.support.cutting_proxy import CuttingProxy
from tests.support.server import TongkeServer

SCRIPT = Path(__file__).with_name("upload.mjs")
DATA = b"".join(b"%08d,\xe7\xa7\x91\xe5\xad\xa6\n" % line for line in range(400_000))  # 6 MB
CUTS = 4


async def test_a_file_arrives_over_a_link_that_keeps_breaking(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    path.write_bytes(DATA)
    async with TongkeServer.start(tmp_path / "server") as server:
        admin = await server.sign_in("xianguan")
        cookies = admin.http.cookie_jar.filter_cookies(URL(server.url))
        headers = {
            "Cookie": "; ".join(f"{name}={morsel.value}" for name, morsel in cookies.items()),
            "X-CSRF-Token": admin.identity["csrf_token"],
        }
        proxy = CuttingProxy(server.http_port, most_bytes=1_000_000, cuts_left=CUTS)
        async with proxy.running():
            endpoint = f"http://127.0.0.1:{proxy.port}/api/files"
            node = await asyncio.create_subprocess_exec(
                *("node", str(SCRIPT), endpoint, str(path), json.dumps(headers)),
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
            )
            told, said = await asyncio.wait_for(node.communicate(), 60)
        assert node.returncode == 0, said.decode()
        assert proxy.cuts == CUTS
        file = await admin.call("GET", f"/api/files/{told.decode()}")
        assert (file["state"], file["name"]) == ("ready", "课表.csv")
        assert file["sha256"] == hashlib.sha256(DATA).hexdigest()
        async with admin.http.get(f"{server.url}/api/files/{told.decode()}/content") as answer:
            assert await answer.read() == DATA

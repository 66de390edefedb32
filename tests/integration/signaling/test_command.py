"""The `tongke` command, as processes."""

import asyncio
import json
import os
import sys
from pathlib import Path

from tests.support.server import REPOSITORY, TongkeServer


async def _tongke(*words: str, **environment: str) -> tuple[int, str, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "signaling",
        *words,
        cwd=REPOSITORY,
        env={**os.environ, **environment},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    assert process.returncode is not None
    return process.returncode, out.decode(), err.decode()


async def test_an_admin_made_on_the_command_line_signs_in_and_a_device_token_works(
    tmp_path: Path,
) -> None:
    async with TongkeServer.start(tmp_path) as server:
        data = f"--data={server.data}"
        password = {"TONGKE_NEW_PASSWORD": "a long password"}
        assert (await _tongke("create-admin", "root", "--name=管理员", data, **password))[0] == 0
        admin = await server.sign_in("root", "a long password")
        assert admin.identity["roles"] == ["county_admin"]
        again = await _tongke("create-admin", "root", data, **password)
        assert again[0] == 1
        assert "已存在" in again[2]
        short = await _tongke("create-admin", "x", data, TONGKE_NEW_PASSWORD="short")
        assert short[0] == 1
        status, token, _ = await _tongke("issue-device-token", "shanquan1", data)
        assert status == 0
        kiosk = server.client()
        await kiosk.terminal_login(device_token=token.strip())
        assert kiosk.identity["room"]["room_id"] == "shanquan1"
        unknown = await _tongke("issue-device-token", "nowhere", data)
        assert unknown[0] == 1


async def test_a_wrong_setting_is_told_in_one_line(tmp_path: Path) -> None:
    status, _, err = await _tongke("serve", f"--data={tmp_path}", TONGKE_MAX_ON_STAGE="many")
    assert status == 1
    assert "max_on_stage" in err
    assert "Traceback" not in err


async def test_a_taken_port_is_told_in_one_line(tmp_path: Path) -> None:
    async with TongkeServer.start(tmp_path / "a") as server:
        status, _, err = await _tongke(
            "serve",
            f"--data={tmp_path / 'b'}",
            "--http-host=127.0.0.1",
            f"--http-port={server.http_port}",
            "--udp-host=127.0.0.1",
            "--udp-port=0",
        )
        assert status == 1
        assert "Traceback" not in err


async def test_the_openapi_document_is_printed() -> None:
    status, out, _ = await _tongke("openapi")
    assert status == 0
    assert json.loads(out)["openapi"].startswith("3.1")

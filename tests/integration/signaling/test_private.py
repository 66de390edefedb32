"""What the server keeps and answers is for nobody else: files, caches, names."""

import os
import stat
from pathlib import Path

import pytest

from signaling.base.config import Config
from signaling.base.private_files import keep_private
from signaling.web.hosts import allowed_hosts, is_allowed
from tests.support.server import TongkeServer
from tests.support.services import served


def _modes(folder: Path) -> set[int]:
    return {stat.S_IMODE(path.lstat().st_mode) & 0o077 for path in (folder, *folder.rglob("*"))}


def test_what_others_could_read_is_closed(tmp_path: Path) -> None:
    data = tmp_path / "data"
    (data / "recordings").mkdir(parents=True)
    (data / "tongke.db").write_bytes(b"x")
    (data / "recordings" / "a.mp4").write_bytes(b"x")
    outside = tmp_path / "outside"
    outside.write_bytes(b"x")
    outside.chmod(0o644)
    (data / "link").symlink_to(outside)
    for path in (data, data / "recordings"):
        path.chmod(0o755)
    for path in (data / "tongke.db", data / "recordings" / "a.mp4"):
        path.chmod(0o644)
    before = os.umask(0o022)
    try:
        assert keep_private(data) == 4
        assert keep_private(data) == 0
        (data / "new").write_bytes(b"x")
    finally:
        os.umask(before)
    (data / "link").unlink()
    assert _modes(data) == {0}
    assert stat.S_IMODE(outside.stat().st_mode) == 0o644


async def test_a_server_keeps_its_files_to_itself(tmp_path: Path) -> None:
    async with TongkeServer.start(tmp_path) as server:
        await server.sign_in("wang")
        kept = [path for path in server.data.rglob("*") if path.name.startswith("tongke.db")]
        assert kept
        assert {stat.S_IMODE(path.stat().st_mode) for path in kept} == {0o600}
        assert stat.S_IMODE(server.data.stat().st_mode) == 0o700


async def test_answers_are_kept_by_no_cache_and_sign_out_clears_it(tmp_path: Path) -> None:
    async with served(tmp_path, trusted_proxies=("127.0.0.1/32",)) as (_, client, lesson_id):
        for path in ("/api/me", f"/api/lessons/{lesson_id}", "/media/recordings/x/y", "/api/none"):
            async with client.http.get(client.base + path) as answer:
                assert answer.headers["Cache-Control"] == "no-store", path
                assert "Strict-Transport-Security" not in answer.headers
        secure = {"X-Forwarded-Proto": "https"}
        async with client.http.get(f"{client.base}/api/me", headers=secure) as answer:
            assert answer.headers["Strict-Transport-Security"].startswith("max-age=")
        headers = {"X-CSRF-Token": client.identity["csrf_token"]}
        async with client.http.post(f"{client.base}/api/logout", headers=headers) as answer:
            assert answer.headers["Clear-Site-Data"] == '"cache"'


async def test_a_foreign_name_is_not_answered(tmp_path: Path) -> None:
    async with served(tmp_path, allowed_hosts=("tongke.school",)) as (_, client, _):
        port = client.base.rpartition(":")[2]
        for host, status in (
            (f"evil.example:{port}", 421),
            ("tongke.school", 200),
            (f"localhost:{port}", 200),
            (f"192.168.1.5:{port}", 200),
        ):
            async with client.http.get(f"{client.base}/healthz", headers={"Host": host}) as answer:
                assert answer.status == status, host
            async with client.http.post(f"{client.base}/whep/x", headers={"Host": host}) as answer:
                assert (answer.status == 421) is (status == 421), host


@pytest.mark.parametrize(
    ("host", "allowed"),
    [
        ("tongke.example.edu.cn", True),
        ("Tongke.Example.edu.cn.:443", True),
        ("[::1]:8080", True),
        ("[fe80::1%25eth0]", True),
        ("10.0.0.7", True),
        ("evil.example", False),
        ("tongke.example.edu.cn.evil.example", False),
        ("127.0.0.1.evil.example", False),
        ("", False),
        ("[", False),
    ],
)
def test_names_of_this_server(host: str, allowed: bool) -> None:
    names = allowed_hosts(Config(public_url="https://tongke.example.edu.cn/"))
    assert is_allowed(host, names) is allowed

"""The processes of compose.yaml by the files that it mounts: nginx, web process, two cells, worker,
Redis, PostgreSQL and an S3 server. No container engine runs here."""

import re
import stat
import subprocess
from pathlib import Path

import pytest

from load_tests.nginx import BINARY as NGINX
from load_tests.nginx import MAIN
from load_tests.postgres import postgres
from signaling.base.config import load
from tests.support.control import command, read
from tests.support.deployment import CONFIG, DEPLOY, ROLES, moved
from tests.support.installation import OURS, Installation, installation
from tests.support.nginx import free_port
from tests.support.server import Client, ProblemError, TongkeServer
from tests.support.tls import self_signed
from tests.support.waiting import until

FIGURE = re.compile(r"\b(?:tongke|process)_[a-z_]+")


async def test_a_lesson_is_held_behind_nginx_in_one_of_the_cells(tmp_path: Path) -> None:
    with postgres() as database:
        async with installation(tmp_path, database) as it:
            for name in OURS:
                await until(lambda name=name: it.is_well(name))
            client = TongkeServer(tmp_path / "unused").client()
            client.base = it.url
            try:
                await _hold_lesson(client)
                await _figures_of_alarms_are_there(client, it)
            finally:
                await client.http.close()
            _everything_is_where_the_files_say(it)
            _nobody_is_well_whom_nobody_answers(it)


async def _hold_lesson(client: Client) -> None:
    await client.login("wang")
    lesson = await client.live_lesson()
    async with client.channel(lesson["lesson_id"]) as channel:
        assert (await read(channel))["lesson"]["state"] == "live"
        assert (await command(channel, "mute_all", muted=True))["type"] == "ack"
    ended = await client.call("POST", f"/api/lessons/{lesson['lesson_id']}/end")
    assert ended["state"] == "ended"
    await until(lambda: _is_well(client))  # a cell may beat late on a busy machine


async def _is_well(client: Client) -> bool:
    health = await client.call("GET", "/healthz")
    return (health["status"], health["cells"]) == ("ok", "ok")


async def _figures_of_alarms_are_there(client: Client, it: Installation) -> None:
    """Each name in the alarms and in the board is one of /metrics, and the route of logins is."""
    with pytest.raises(ProblemError):
        await client.login("wang", "wrong")
    async with client.http.get(f"http://127.0.0.1:{it.ports[8080]}/metrics") as answer:
        text = await answer.text()
    given = {line.partition("{")[0].partition(" ")[0] for line in text.splitlines()} - {"#"}
    for file in ("alerts.yml", "dashboard.json"):
        asked = set(FIGURE.findall((DEPLOY / "monitoring" / file).read_text()))
        assert len(asked) > 10
        assert not asked - given, file
    for figure in (
        'tongke_http_requests_total{method="POST",node="web",route="/api/login",status="401"} 1.0',
        'tongke_nodes{health="alive",node="web",role="cell"} 2.0',
        'tongke_part_ok{node="web",part="cells"} 1.0',
    ):
        assert set(re.split("[{},]", figure)) in [
            set(re.split("[{},]", line)) for line in text.splitlines()
        ], figure
    async with client.http.get(f"{client.base}/metrics") as answer:
        assert answer.status == 403  # nginx tells nobody


def _everything_is_where_the_files_say(it: Installation) -> None:
    assert (it.folder / "tongke" / "secret.key").exists()
    assert not (it.folder / "tongke" / "tongke.db").exists()  # it is in PostgreSQL
    assert (it.folder / "tongke" / "cell-1.sock").is_socket()


def _nobody_is_well_whom_nobody_answers(it: Installation) -> None:
    it.environments["cell-1"]["TONGKE_DOOR"] = f"unix://{it.folder}/none.sock"  # type: ignore[index]
    assert not it.is_well("cell-1")


def test_the_script_makes_secrets_once_and_for_their_owner_only(tmp_path: Path) -> None:
    script = ["sh", DEPLOY / "make-secrets.sh", tmp_path / "secrets"]
    subprocess.run(script, check=True, capture_output=True)
    made = {one.name: one.read_text() for one in (tmp_path / "secrets").iterdir()}
    assert len(made) == 7
    for file in (tmp_path / "secrets").iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert made["postgres_password"] in made["database_url"]
    subprocess.run(script, check=True, capture_output=True)
    assert made == {one.name: one.read_text() for one in (tmp_path / "secrets").iterdir()}
    again = {"/run/secrets": tmp_path / "secrets"}
    for role in ROLES:
        file = tmp_path / f"{role}.toml"
        file.write_text(moved((CONFIG / f"{role}.toml").read_text(), again))
        variables = {
            "TONGKE_REDIS_URL_FILE": str(tmp_path / "secrets" / "redis_url"),
            "TONGKE_DATABASE_URL_FILE": str(tmp_path / "secrets" / "database_url"),
            "TONGKE_DOOR": "http://127.0.0.1:7801",
        }
        config = load(file, variables)
        assert config.database.startswith("postgresql+asyncpg://tongke:")
        assert config.redis_url == made["redis_url"].strip()


def test_nginx_takes_the_site_as_it_is(tmp_path: Path) -> None:
    certificate, key = self_signed(tmp_path)
    places = {
        "/etc/ssl/tongke/fullchain.pem": certificate,
        "/etc/ssl/tongke/privkey.pem": key,
        "443 ssl": f"{free_port()} ssl",
    }
    site = moved((DEPLOY / "nginx.conf").read_text(), places)
    config = tmp_path / "nginx.conf"
    config.write_text(MAIN.format(folder=tmp_path, site=site, user="", connections=64, files=1024))
    done = subprocess.run(
        [str(NGINX), "-t", "-p", tmp_path, "-e", "stderr", "-c", config],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr

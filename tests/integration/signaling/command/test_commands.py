"""The `tongke` command, as processes."""

import asyncio
import contextlib
import json
import os
import sqlite3
import ssl
import sys
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import pytest

from signaling.command.seed import CENTER_SCHOOL, DEMO_PASSWORD
from tests.support.control import until
from tests.support.server import REPOSITORY, ProblemError, TongkeServer
from tests.support.tls import self_signed


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
    try:
        async with asyncio.timeout(60):
            out, err = await process.communicate()
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
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


async def test_a_teacher_who_belongs_to_no_county_is_listed_and_placed(tmp_path: Path) -> None:
    async with TongkeServer.start(tmp_path) as server:
        data = f"--data={server.data}"
        assert "每位教师" in (await _tongke("person", "unplaced", data))[1]
        with contextlib.closing(sqlite3.connect(server.data / "tongke.db")) as db, db:
            db.execute("UPDATE people SET node_id='cn', school_id=NULL WHERE login='wang'")
            db.execute("UPDATE grants SET node_id='cn' WHERE person_id='teacher-wang'")
        assert (await _tongke("person", "unplaced", data))[1] == "wang\t王老师\n"
        await server.restart()
        assert "teachers_without_county" in server.log
        assert (await _tongke("person", "place", "wang", "nowhere", data))[0] == 1
        status, said, _ = await _tongke("person", "place", "wang", CENTER_SCHOOL, data)
        assert (status, said) == (0, "wang 现在属于 青山中心小学\n")
        teacher = await server.sign_in("wang", DEMO_PASSWORD)
        assert (await teacher.call("GET", "/api/me"))["school"] == "青山中心小学"
        assert (await teacher.call("GET", "/api/directory"))["schools"]
        admin = await server.sign_in("xianguan", DEMO_PASSWORD)
        (line,) = (await admin.call("GET", "/api/audit?action=directory_change"))["lines"]
        assert (line["target_name"], line["actor_id"]) == ("王老师", "command")


async def _first_words(*words: str) -> str:
    """What `tongke serve` prints until it is ready; it is stopped then."""
    ports = ("--http-port=0", "--udp-port=0", "--http-host=127.0.0.1", "--ready-fd=1")
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "signaling", "serve", *ports, *words,
        cwd=REPOSITORY, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    assert process.stdout is not None
    lines: list[str] = []
    try:
        async with asyncio.timeout(60):
            while not lines or "udp_port" not in lines[-1]:
                line = (await process.stdout.readline()).decode()
                assert line, "".join(lines)
                lines.append(line)
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        await process.wait()
    return "".join(lines)


async def test_a_server_without_accounts_says_how_the_first_one_is_made(tmp_path: Path) -> None:
    data = f"--data={tmp_path / 'data'}"
    assert "tongke create-admin" in await _first_words(data)

    password = {"TONGKE_NEW_PASSWORD": "a long password"}
    assert (await _tongke("create-admin", "root", data, **password))[0] == 0
    assert "create-admin" not in await _first_words(data)


COUNTY = """
[county]
name = "青山县"

[[schools]]
id = "center"
name = "中心小学"
kind = "center_school"
rooms = [{ id = "lead-1", name = "录播教室" }]

[[schools]]
id = "lin"
name = "林口教学点"
kind = "teaching_point"
rooms = [{ id = "lin-1", name = "一年级教室" }]

[[people]]
login = "zhou"
name = "周老师"
roles = ["lead_teacher"]
school = "center"

[[lessons]]
title = "观潮"
subject = "语文"
grade = "四年级"
starts_at = 2030-11-25T10:00:00
lead_teacher = "zhou"
lead_room = "lead-1"
receive_rooms = ["lin-1"]
"""


async def test_a_county_begins_from_a_file_and_importing_twice_changes_nothing(
    tmp_path: Path,
) -> None:
    file = tmp_path / "county.toml"
    file.write_text(COUNTY)
    async with TongkeServer.start(tmp_path) as server:
        data = f"--data={server.data}"
        status, out, err = await _tongke("import", str(file), "--check", data)
        assert (status, err) == (0, "")
        assert "zhou" not in out  # nothing was made
        status, out, err = await _tongke("import", str(file), data)
        assert (status, err) == (0, "")
        assert "学校 2,教室 2,人员 1,新课程 1" in out
        password = out.split("zhou\t周老师\t")[1].split()[0]
        status, out, _ = await _tongke("import", str(file), data)
        assert status == 0
        assert "新课程 0(另有 1 节早已存在)" in out
        assert "初始密码" not in out
        teacher = await server.sign_in("zhou", password)
        assert teacher.identity["must_change_password"]
        with pytest.raises(ProblemError) as early:
            await teacher.call("GET", "/api/lessons?day=2030-11-25")
        assert (early.value.status, early.value.code) == (403, "password_change_due")
        change = {"current": password, "password": "Guanchao-1125"}
        await teacher.call("POST", "/api/password", change)
        (lesson,) = (await teacher.call("GET", "/api/lessons?day=2030-11-25"))["lessons"]
        assert datetime.fromisoformat(lesson["starts_at"]) == datetime(2030, 11, 25, 2, tzinfo=UTC)
        assert [room["room_id"] for room in lesson["receive_rooms"]] == ["lin-1"]
        assert (await server.terminal(lesson, "lin-1")).identity["room"]["school"] == "林口教学点"


@pytest.mark.parametrize(
    ("right", "wrong", "says"),
    [
        ('lead_teacher = "zhou"', 'lead_teacher = "zhuo"', "lessons[0].lead_teacher"),
        ('["lin-1"]', '["lin-1", "lin-2"]', "lessons[0].receive_rooms[1]"),
        ('school = "center"', 'school = "centre"', "people[0].school"),
        ("grade = ", "grad = ", "lessons[0]"),
    ],
)
async def test_of_a_file_that_does_not_fit_nothing_is_written(
    tmp_path: Path, right: str, wrong: str, says: str
) -> None:
    file = tmp_path / "county.toml"
    assert right in COUNTY
    file.write_text(COUNTY.replace(right, wrong))
    data = f"--data={tmp_path / 'data'}"
    assert (await _tongke("migrate", data))[0] == 0
    status, out, err = await _tongke("import", str(file), data)
    assert (status, out) == (1, "")
    assert says in err
    assert "第" in err
    assert "Traceback" not in err
    with contextlib.closing(sqlite3.connect(tmp_path / "data" / "tongke.db")) as database:
        for table in ("counties", "schools", "rooms", "people", "lessons"):
            assert database.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)


async def test_closing_an_account_or_a_room_ends_what_runs(tmp_path: Path) -> None:
    async with TongkeServer.start(tmp_path) as server:
        data = f"--data={server.data}"
        teacher, lesson, (kiosk,) = await server.live_lesson("shanquan1")
        async with (
            teacher.channel(lesson["lesson_id"]) as lead,
            kiosk.channel(lesson["lesson_id"]) as room,
        ):
            await until(room, "snapshot")
            talking = asyncio.create_task(_talk(lead, room))
            assert (await _tongke("revoke-device-tokens", "shanquan1", data))[0] == 0
            assert (await until(room, "bye"))["reason"] == "forbidden"
            assert (await _tongke("person", "disable", "wang", data))[0] == 0
            assert (await until(lead, "bye"))["reason"] == "forbidden"
            talking.cancel()
        with pytest.raises(ProblemError):
            await server.sign_in("wang")
        assert (await _tongke("person", "enable", "wang", data))[0] == 0
        new = {"TONGKE_NEW_PASSWORD": "another password"}
        assert (await _tongke("person", "password", "wang", data, **new))[0] == 0
        await server.sign_in("wang", "another password")
        status, _, err = await _tongke("person", "disable", "nobody", data)
        assert (status, "没有账号 nobody" in err) == (1, True)


async def _talk(*sockets: aiohttp.ClientWebSocketResponse) -> None:
    """A silent channel would be closed for that."""
    while True:
        for ws in sockets:
            with contextlib.suppress(ConnectionError):
                await ws.send_json({"type": "ping", "sent_at": 0.0})
        await asyncio.sleep(1)


async def test_a_wrong_setting_is_told_in_one_line(tmp_path: Path) -> None:
    status, _, err = await _tongke("serve", f"--data={tmp_path}", TONGKE_MAX_ON_STAGE="many")
    assert status == 78  # EX_CONFIG: no supervisor tries it again
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


async def test_a_second_server_on_the_same_data_is_refused_with_a_status_of_its_own(
    tmp_path: Path,
) -> None:
    async with TongkeServer.start(tmp_path) as server:
        words = ("serve", f"--data={server.data}", "--http-port=0", "--udp-port=0")
        status, _, err = await _tongke(*words)
        assert status == 75
        assert str(server.data) in err
        assert str(server.pid) in err
        assert "Traceback" not in err
        await server.kill()
        await server.up()  # nothing is left of the lock


async def test_a_command_does_not_change_the_schema_under_a_running_server(tmp_path: Path) -> None:
    async with TongkeServer.start(tmp_path) as server:
        data = f"--data={server.data}"
        assert (await _tongke("migrate", data))[0] == 0  # there is nothing to do
        with contextlib.closing(sqlite3.connect(server.data / "tongke.db")) as database, database:
            version = database.execute("SELECT * FROM signaling_alembic_version").fetchone()
            database.execute("DELETE FROM signaling_alembic_version")
        status, _, err = await _tongke("migrate", data)
        assert status == 1
        assert "停止" in err
        with contextlib.closing(sqlite3.connect(server.data / "tongke.db")) as database, database:
            database.execute("INSERT INTO signaling_alembic_version VALUES (?)", version)


async def test_a_version_that_is_too_old_for_the_database_says_so_and_changes_nothing(
    tmp_path: Path,
) -> None:
    data = f"--data={tmp_path}"
    assert (await _tongke("migrate", data))[0] == 0
    with contextlib.closing(sqlite3.connect(tmp_path / "tongke.db")) as database, database:
        database.execute("UPDATE signaling_alembic_version SET version_num = '9009'")
        database.execute("CREATE TABLE signaling_schema_floor (revision VARCHAR(32))")
        database.execute("INSERT INTO signaling_schema_floor VALUES ('9002')")
    for words in (("migrate",), ("serve", "--http-port=0", "--udp-port=0")):
        status, _, err = await _tongke(*words, data)
        assert status == 78  # EX_CONFIG: no supervisor tries it again
        assert "9009" in err
        assert "9002" in err
        assert "Traceback" not in err
    with contextlib.closing(sqlite3.connect(tmp_path / "tongke.db")) as database:
        query = "SELECT version_num FROM signaling_alembic_version"
        assert database.execute(query).fetchall() == [("9009",)]


async def test_an_address_that_is_named_twice_is_bound_once(tmp_path: Path) -> None:
    hosts = [f"--{kind}-host={host}" for kind in ("udp", "http") for host in ("127.0.0.1",) * 2]
    more = ("--udp-host=127.0.0.2", "--http-host=localhost")
    async with TongkeServer.start(tmp_path, (*hosts, *more)) as server:
        await server.sign_in("wang")


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("udp_hosts", "campus"),
        ("announced_addresses", "campus"),
        ("public_url", "tongke.example"),
        ("public_url", "https://tongke.example/a b"),
    ],
)
async def test_an_address_that_is_none_is_told_in_one_line(
    tmp_path: Path, setting: str, value: str
) -> None:
    variable = {f"TONGKE_{setting.upper()}": value}
    status, _, err = await _tongke("serve", f"--data={tmp_path}", **variable)
    assert status == 78
    assert setting in err
    assert "Traceback" not in err


async def test_the_openapi_document_is_printed() -> None:
    status, out, _ = await _tongke("openapi")
    assert status == 0
    assert json.loads(out)["openapi"].startswith("3.1")


async def test_with_a_certificate_it_speaks_https_and_cookies_are_secure(tmp_path: Path) -> None:
    certificate, key = self_signed(tmp_path)
    async with TongkeServer.start(
        tmp_path, (f"--tls-cert={certificate}", f"--tls-key={key}")
    ) as server:
        assert server.url.startswith("https://")
        trust = ssl.create_default_context(cafile=str(certificate))
        body = {"login": "wang", "password": DEMO_PASSWORD}
        async with aiohttp.request(
            "POST", f"{server.url}/api/login", json=body, ssl=trust
        ) as response:
            assert response.status == 200
            assert "Secure" in response.headers["Set-Cookie"]

"""Disk, memory and database fail: each gets its own true answer, and health says so."""

import asyncio
import errno
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import argon2
import pytest
from sqlalchemy import Connection, Engine, event

from signaling.audit.log import SYSTEM, AuditLog
from signaling.base import database as engine
from signaling.base.database import Database
from signaling.base.errors import BadCredentials, Busy, OutOfMemory, ReadOnly, StorageFull
from signaling.base.failures import failure_of
from signaling.command.seed import DEMO_PASSWORD
from signaling.identity import passwords
from signaling.identity.login_throttle import PER_ACCOUNT, Caller
from signaling.identity.passwords import Passwords
from signaling.identity.wire import LoginRequest
from signaling.web import health_check
from signaling.wiring import Services
from tests.support.server import Client, ProblemError
from tests.support.services import ManualClock, running_services, served
from tests.support.waiting import PATIENCE_S

HERE = Caller("192.0.2.1")


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
async def county(tmp_path: Path, clock: ManualClock) -> AsyncIterator[tuple[Services, Client, str]]:
    async with served(tmp_path, clock) as made:
        yield made


def _from_now_on(on: Engine, statement: str) -> None:
    """Begin every transaction with a statement."""

    @event.listens_for(on, "begin")
    def on_begin(connection: Connection) -> None:
        connection.exec_driver_sql(statement)


# --- memory --------------------------------------------------------------------------------------


class _Hungry(argon2.PasswordHasher):
    def __init__(self, error: Exception) -> None:
        super().__init__(time_cost=1, memory_cost=8, parallelism=1)
        self.error: Exception | None = error

    def verify(self, hash: str | bytes, password: str | bytes) -> bool:
        if self.error is not None:
            raise self.error
        return bool(super().verify(hash, password))


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        argon2.exceptions.HashingError("Memory allocation error"),
        argon2.exceptions.VerificationError("Memory allocation error"),
        RuntimeError("can't start new thread"),
    ],
    ids=lambda error: type(error).__name__,
)
async def test_out_of_memory_is_no_wrong_password(tmp_path: Path, error: Exception) -> None:
    async with running_services(tmp_path) as services:
        right = LoginRequest("wang", DEMO_PASSWORD)
        hasher = _Hungry(error)
        services.passwords._hasher = hasher
        for _ in range(PER_ACCOUNT.max_failures + 1):
            with pytest.raises(OutOfMemory):
                await services.identity.login(right, HERE)
        assert await services.audit.entries("login_failed") == ()
        hasher.error = None
        await services.identity.login(right, HERE)  # nobody was counted as a guesser
        with pytest.raises(BadCredentials):
            await services.identity.login(LoginRequest("wang", "wrong"), HERE)


async def test_hashing_tells_of_memory_too() -> None:
    class Full(argon2.PasswordHasher):
        def hash(self, password: str | bytes, *, salt: bytes | None = None) -> str:
            raise argon2.exceptions.HashingError("Memory allocation error")

    with pytest.raises(OutOfMemory):
        await Passwords(hasher=Full()).hash("x")
    assert passwords.MAX_WAITING


async def test_new_passwords_wait_in_the_bounded_queue_of_logins() -> None:
    release = threading.Event()

    class Slow(argon2.PasswordHasher):
        def hash(self, password: str | bytes, *, salt: bytes | None = None) -> str:
            release.wait(10)
            return "hash"

    slow = Passwords(threads=1, hasher=Slow())
    many = [asyncio.create_task(slow.hash("x")) for _ in range(passwords.MAX_WAITING)]
    try:
        await asyncio.sleep(0)
        with pytest.raises(Busy):
            async with asyncio.timeout(60):
                await slow.hash("x")
    finally:
        release.set()
    assert set(await asyncio.gather(*many)) == {"hash"}


# --- disk and database ---------------------------------------------------------------------------


async def _problem(client: Client, method: str, path: str, body: Any = None) -> ProblemError:
    with pytest.raises(ProblemError) as refused:
        await client.call(method, path, body)
    return refused.value


async def test_a_full_disk_answers_507_and_reading_goes_on(
    county: tuple[Services, Client, str], clock: ManualClock
) -> None:
    services, client, lesson_id = county
    assert (await client.call("GET", "/healthz"))["status"] == "ok"
    _from_now_on(services.database.engine.sync_engine, "PRAGMA max_page_count=1")
    for size in (2000, 200, 0):  # to the last byte
        with pytest.raises(Exception, match="full"):
            for number in range(2000):
                await services.audit.note(SYSTEM, "fill", str(number), "x" * size, path="")
    reason = {"reason": "x" * 500}
    refused = await _problem(client, "POST", f"/api/lessons/{lesson_id}/cancel", reason)
    assert (refused.status, refused.code) == (507, "storage_full")
    assert (await client.call("GET", f"/api/lessons/{lesson_id}"))["state"] == "scheduled"


async def test_a_read_only_database_says_so_and_health_finds_out(
    county: tuple[Services, Client, str], clock: ManualClock
) -> None:
    services, client, lesson_id = county
    assert (await client.call("GET", "/healthz"))["database"] == "ok"
    _from_now_on(services.database.engine.sync_engine, "PRAGMA query_only=ON")
    refused = await _problem(client, "POST", f"/api/lessons/{lesson_id}/start")
    assert (refused.status, refused.code) == (503, "read_only")
    clock.advance(seconds=health_check.KEPT_FOR_S)
    async with client.http.get(f"{client.base}/healthz") as answer:
        assert answer.status == 503
        health = await answer.json()
    assert (health["status"], health["database"], health["disk"]) == ("failing", "read_only", "ok")
    await client.call("GET", "/api/me")  # whoever is signed in can still look


async def test_health_writes_to_the_data_folder_and_asks_seldom(
    county: tuple[Services, Client, str], clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, client, _ = county
    tried = 0

    def full(_folder: Path) -> None:
        nonlocal tried
        tried += 1
        raise OSError(errno.ENOSPC, "no space left on device")

    monkeypatch.setattr(health_check, "_write_probe", full)
    for _ in range(3):
        async with client.http.get(f"{client.base}/healthz") as answer:
            assert answer.status == 503
            assert (await answer.json())["disk"] == "storage_full"
    assert tried == 1
    monkeypatch.undo()
    clock.advance(seconds=health_check.KEPT_FOR_S)
    async with client.http.get(f"{client.base}/healthz") as answer:
        assert (answer.status, (await answer.json())["disk"]) == (200, "ok")


async def test_a_database_that_another_writes_to_is_busy_and_well(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "BUSY_TIMEOUT_MS", 100)
    async with (
        running_services(tmp_path) as services,
        services.audit.work(SYSTEM, "long import") as work,
    ):
        await work.session.connection()  # the writing transaction begins
        assert (await services.health.parts())["database"] == "busy"


async def test_both_engines_tell_a_read_only_database(database: Database) -> None:
    await database.try_writing()
    read_only = "PRAGMA query_only=ON" if database.is_sqlite else "SET TRANSACTION READ ONLY"
    _from_now_on(database.engine.sync_engine, read_only)
    with pytest.raises(Exception, match=r".") as caught:
        await database.try_writing()
    assert isinstance(failure_of(caught.value), ReadOnly)
    with pytest.raises(Exception, match=r".") as caught:
        await AuditLog(database).note(SYSTEM, "x", path="")
    assert isinstance(failure_of(caught.value), ReadOnly)


async def test_what_was_committed_survives_a_power_cut(database: Database) -> None:
    async with database.read() as session:
        if database.is_sqlite:
            mode = (await session.connection()).exec_driver_sql("PRAGMA synchronous")
            assert (await mode).scalar() == 2  # FULL: the log is on the disk before the answer
        else:
            mode = (await session.connection()).exec_driver_sql("SHOW synchronous_commit")
            assert (await mode).scalar() == "on"


def test_failures_are_found_behind_their_causes() -> None:
    try:
        try:
            raise OSError(errno.ENOSPC, "full")
        except OSError as error:
            raise ValueError("while saving") from error
    except ValueError as error:
        assert isinstance(failure_of(error), StorageFull)
    assert failure_of(ValueError("x")) is None
    assert failure_of(FileNotFoundError(errno.ENOENT, "x")) is None


# --- clients that leave --------------------------------------------------------------------------


async def test_an_aborted_upload_is_no_alarm(
    county: tuple[Services, Client, str], capsys: pytest.CaptureFixture[str]
) -> None:
    _, client, _ = county
    _, writer = await asyncio.open_connection("127.0.0.1", int(client.base.rpartition(":")[2]))
    head = (
        "POST /api/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        "Content-Length: 100000\r\n\r\n{"
    )
    writer.write(head.encode())
    await writer.drain()
    await asyncio.sleep(0)
    writer.transport.abort()
    name = 'tongke_http_requests_total{method="POST",route="/api/login",status="499"}'

    async def counted() -> bool:
        async with aiohttp.ClientSession() as http, http.get(f"{client.base}/metrics") as answer:
            return name in await answer.text()

    async with asyncio.timeout(PATIENCE_S):
        while not await counted():  # noqa: ASYNC110 - a figure has no event to wait for
            await asyncio.sleep(0.05)
    assert "Traceback" not in capsys.readouterr().out

"""Uploads over HTTP as tus 1.0 says, and downloads."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest
import pytest_asyncio
from aiohttp import content_disposition_filename, parse_content_disposition
from sqlalchemy import delete

from signaling.audit.actions import AuditAction
from signaling.audit.tables import AuditRow
from signaling.files import disk, rules, service
from signaling.files.rules import PURPOSES, UPLOAD_LIFE
from signaling.files.storage import Edges, FolderFiles
from signaling.files.tables import FileRow
from signaling.files.wire import FilePurpose
from signaling.web import bodies
from signaling.wiring import Services
from tests.support.server import Client
from tests.support.services import ManualClock, served
from tests.support.uploads import base64_of, beginning
from tests.support.waiting import until

CSV = "星期,节次,科目\n一,1,科学\n".encode()
OFFSET = "application/offset+octet-stream"

pytestmark = pytest.mark.asyncio(loop_scope="module")


@dataclass
class Answer:
    """What came back."""

    status: int
    headers: Any
    body: bytes

    @property
    def code(self) -> str:
        return str(msgspec.json.decode(self.body)["code"])

    @property
    def facts(self) -> dict[str, Any]:
        return dict(msgspec.json.decode(self.body)["facts"])


@dataclass
class Tus:
    """A client of tus by hand: no library that could hide what the server says."""

    client: Client

    async def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        sent = {"Tus-Resumable": "1.0.0", "X-CSRF-Token": self.client.identity["csrf_token"]}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        url = path if path.startswith("http") else self.client.base + path
        async with self.client.http.request(
            method, url, data=body, headers={k: v for k, v in sent.items() if v}
        ) as answer:
            return Answer(answer.status, answer.headers, await answer.read())

    async def create(
        self, size: int, name: str = "课表.csv", purpose: str = "import_workbook"
    ) -> Answer:
        return await self.ask("POST", "/api/files", **beginning(size, name, purpose))

    async def begun(self, size: int, name: str = "课表.csv") -> str:
        answer = await self.create(size, name)
        assert answer.status == 201, answer.body
        return str(answer.headers["Location"])

    async def patch(self, path: str, offset: int, body: Any, **headers: str) -> Answer:
        return await self.ask(
            "PATCH", path, body, **{"Upload_Offset": str(offset), "Content_Type": OFFSET, **headers}
        )

    async def offset(self, path: str) -> int:
        answer = await self.ask("HEAD", path)
        assert answer.status == 200
        assert answer.headers["Cache-Control"] == "no-store"
        return int(answer.headers["Upload-Offset"])

    async def uploaded(self, data: bytes = CSV, name: str = "课表.csv") -> str:
        path = await self.begun(len(data), name)
        answer = await self.patch(path, 0, data)
        assert answer.status == 204, answer.body
        return path


@dataclass
class County:
    services: Services
    admin: Tus
    teacher: Tus

    @property
    def clock(self) -> ManualClock:
        assert isinstance(self.services.clock, ManualClock)
        return self.services.clock

    @property
    def kept(self) -> list[Path]:
        """All files of the storage."""
        return [path for path in self.services.config.files.rglob("*") if path.is_file()]

    @property
    def written(self) -> int:
        """Their bytes in all."""
        return sum(path.stat().st_size for path in self.kept)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[County]:
    """A county for all tests here: signing in takes longer than any upload."""
    data, hours = tmp_path_factory.mktemp("data"), 24 * 30  # logins outlive every file
    async with served(data, session_hours=hours) as (services, teacher, _):
        jar = aiohttp.CookieJar(unsafe=True)
        async with aiohttp.ClientSession(cookie_jar=jar) as session:
            admin = Client(teacher.base, session)
            await admin.login("xianguan")
            yield County(services, Tus(admin), Tus(teacher))


@pytest_asyncio.fixture(loop_scope="module")
async def county(shared: County) -> AsyncIterator[County]:
    """The county, without a file and at its first hour."""
    begin = shared.clock.now()
    yield shared
    shared.clock.set(seconds=(begin - shared.clock.now()).total_seconds())
    for path in shared.kept:
        path.unlink()
    async with shared.services.database.write() as session:
        await session.execute(delete(FileRow))
        await session.execute(delete(AuditRow))


async def test_the_server_says_what_it_speaks(county: County) -> None:
    answer = await county.admin.ask("OPTIONS", "/api/files", Tus_Resumable="")
    assert answer.status == 204
    assert answer.headers["Tus-Version"] == answer.headers["Tus-Resumable"] == "1.0.0"
    assert answer.headers["Tus-Max-Size"] == str(8 * 1024**3)
    assert set(answer.headers["Tus-Extension"].split(",")) == {
        "creation",
        "expiration",
        "checksum",
        "termination",
    }
    assert "sha1" in answer.headers["Tus-Checksum-Algorithm"].split(",")


async def test_a_file_goes_up_in_parts_and_comes_down_whole(county: County) -> None:
    tus = county.admin
    path = await tus.begun(len(CSV))
    assert await tus.offset(path) == 0
    answer = await tus.patch(path, 0, CSV[:10])
    assert (answer.status, answer.headers["Upload-Offset"]) == (204, "10")
    assert "GMT" in answer.headers["Upload-Expires"]
    assert await tus.offset(path) == 10
    answer = await tus.patch(path, 10, CSV[10:])
    assert answer.headers["Upload-Offset"] == str(len(CSV))
    info = await tus.client.call("GET", path)
    assert info["state"] == "ready"
    assert info["sha256"] == hashlib.sha256(CSV).hexdigest()
    assert (info["name"], info["media_type"], info["size"]) == ("课表.csv", "text/csv", len(CSV))
    answer = await tus.ask("GET", f"{path}/content")
    assert answer.body == CSV
    parameters = parse_content_disposition(answer.headers["Content-Disposition"])
    assert parameters[0] == "attachment"
    assert content_disposition_filename(parameters[1]) == "课表.csv"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Content-Type"].startswith("text/csv")


async def test_what_a_break_left_is_kept_and_continued(county: County) -> None:
    tus = county.admin
    path = await tus.begun(300_000)
    data = b"a,b\n" * 75_000

    async def broken() -> AsyncIterator[bytes]:
        yield data[:100_000]
        await until(lambda: county.written == 100_000)
        raise ConnectionError

    with pytest.raises((ConnectionError, aiohttp.ClientError)):
        await tus.patch(path, 0, broken())
    offset = await until(lambda: tus.offset(path))
    assert offset == 100_000
    assert (await tus.patch(path, offset, data[offset:])).status == 204
    info = await tus.client.call("GET", path)
    assert info["sha256"] == hashlib.sha256(data).hexdigest()


async def test_a_slow_upload_goes_on_request_by_request(
    county: County, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A link that is too slow for one request still comes to the end."""
    monkeypatch.setattr(bodies, "PIECE_BYTES", 4)
    tus = county.admin
    path = await tus.begun(len(CSV))

    async def slow() -> AsyncIterator[bytes]:
        yield CSV[:20]
        await asyncio.sleep(60)

    task = asyncio.create_task(tus.patch(path, 0, slow()))
    await until(lambda: county.written == 20)
    answer = await tus.patch(path, 0, CSV)
    assert (answer.status, answer.code) == (423, "upload_in_use")
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert await until(lambda: tus.offset(path)) == 20
    assert (await tus.patch(path, 20, CSV[20:])).status == 204


async def test_another_offset_is_told_which_one_it_is(county: County) -> None:
    path = await county.admin.begun(len(CSV))
    await county.admin.patch(path, 0, CSV[:10])
    answer = await county.admin.patch(path, 4, CSV[4:])
    assert (answer.status, answer.code, answer.facts) == (409, "upload_offset", {"offset": 10})
    assert await county.admin.offset(path) == 10


@pytest.mark.parametrize("algorithm", ["sha1", "sha256"])
async def test_bytes_that_do_not_match_their_checksum_are_not_kept(
    county: County, algorithm: str
) -> None:
    tus = county.admin
    path = await tus.begun(len(CSV))
    await tus.patch(path, 0, CSV[:10])
    digest = base64_of(hashlib.new(algorithm, CSV[10:]).digest())
    answer = await tus.patch(path, 10, CSV[:-10], Upload_Checksum=f"{algorithm} {digest}")
    assert (answer.status, answer.code) == (460, "upload_damaged")
    assert await tus.offset(path) == 10
    answer = await tus.patch(path, 10, CSV[10:], Upload_Checksum=f"{algorithm} {digest}")
    assert answer.status == 204
    assert (await tus.client.call("GET", path))["sha256"] == hashlib.sha256(CSV).hexdigest()


async def test_no_more_bytes_than_announced(county: County) -> None:
    path = await county.admin.begun(5)
    answer = await county.admin.patch(path, 0, CSV)
    assert (answer.status, answer.code) == (413, "too_large")
    assert await county.admin.offset(path) == 0


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"Tus_Resumable": "0.2.2"}, 412, "upload_version"),
        ({"Content_Type": "application/json"}, 415, "unsupported_media_type"),
        ({"Upload_Offset": "x"}, 400, "malformed"),
        ({"Upload_Checksum": "md5 YQ=="}, 400, "malformed"),
        ({"Content_Encoding": "gzip"}, 415, "unsupported_media_type"),
        ({"X_CSRF_Token": "wrong"}, 403, "csrf"),
    ],
)
async def test_requests_that_are_not_of_tus(
    county: County, change: dict[str, str], status: int, code: str
) -> None:
    path = await county.admin.begun(len(CSV))
    answer = await county.admin.patch(path, 0, CSV, **change)
    assert (answer.status, answer.code) == (status, code)
    assert answer.headers["Tus-Resumable"] == "1.0.0"
    assert await county.admin.offset(path) == 0


@pytest.mark.parametrize(
    ("size", "name", "purpose", "status", "code"),
    [
        (0, "a.csv", "import_workbook", 422, "file_empty"),
        (20 * 1024 * 1024 + 1, "a.csv", "import_workbook", 422, "file_too_large"),
        (5, "a.csv", "poetry", 422, "invalid"),
        (5, "a.csv", "export", 403, "forbidden"),
        (5, "\x00", "import_workbook", 422, "text_control"),
        (5, "", "import_workbook", 422, "text_invisible"),
    ],
)
async def test_uploads_that_cannot_be(
    county: County, size: int, name: str, purpose: str, status: int, code: str
) -> None:
    answer = await county.admin.create(size, name, purpose)
    assert (answer.status, answer.code) == (status, code)


async def test_who_may_import_nothing_uploads_nothing(county: County) -> None:
    answer = await county.teacher.create(5)
    assert (answer.status, answer.code) == (403, "forbidden")


@pytest.mark.parametrize(
    ("data", "kind"),
    [(b"<html><table>" + b"x" * 50, "html"), (b"MZ\x90\x00\x03" + bytes(50), "other")],
)
async def test_the_bytes_tell_the_kind_and_not_the_name(
    county: County, data: bytes, kind: str
) -> None:
    path = await county.admin.begun(len(data), "课表.xlsx")
    answer = await county.admin.patch(path, 0, data)
    assert (answer.status, answer.code, answer.facts) == (422, "file_kind_refused", {"kind": kind})
    assert county.kept == []
    assert (await county.admin.ask("HEAD", path)).status == 404


async def test_files_of_others_do_not_exist(county: County) -> None:
    path = await county.admin.uploaded()
    for method, where in (
        ("HEAD", path),
        ("GET", path),
        ("GET", f"{path}/content"),
        ("DELETE", path),
    ):
        assert (await county.teacher.ask(method, where)).status == 404
    assert (await county.teacher.patch(path, 0, CSV)).status == 404
    assert (await county.teacher.client.call("GET", "/api/files"))["files"] == []
    assert len((await county.admin.client.call("GET", "/api/files"))["files"]) == 1


async def test_an_upload_can_be_ended_and_a_file_deleted(county: County) -> None:
    for path in (await county.admin.begun(9), await county.admin.uploaded()):
        answer = await county.admin.ask("DELETE", path)
        assert (answer.status, answer.headers["Tus-Resumable"]) == (204, "1.0.0")
        assert (await county.admin.ask("HEAD", path)).status == 404
    assert county.kept == []
    assert len(await county.services.audit.entries(AuditAction.FILE_UPLOAD)) == 2
    assert len(await county.services.audit.entries(AuditAction.FILE_DELETE)) == 2


async def test_an_upload_that_nobody_continues_is_over(county: County) -> None:
    path = await county.admin.begun(len(CSV))
    await county.admin.patch(path, 0, CSV[:5])
    county.clock.advance(seconds=UPLOAD_LIFE.total_seconds() - 1)
    await county.services.kept_files.delete_expired()
    assert await county.admin.offset(path) == 5
    county.clock.advance(seconds=1)
    answer = await county.admin.ask("HEAD", path)
    assert answer.status == 410
    await county.services.kept_files.delete_expired()
    assert county.kept == []
    assert (await county.admin.ask("HEAD", path)).status == 404


async def test_a_file_that_nobody_uses_is_deleted_in_the_end(county: County) -> None:
    path = await county.admin.uploaded()
    county.clock.advance(seconds=timedelta(days=7).total_seconds() - 1)
    assert (await county.admin.ask("HEAD", path)).status == 200
    county.clock.advance(seconds=1)
    assert (await county.admin.ask("HEAD", path)).status == 404
    await county.services.kept_files.delete_expired()
    assert county.kept == []


async def test_the_files_of_one_owner_are_bounded_and_old_ones_give_way(
    county: County, monkeypatch: pytest.MonkeyPatch
) -> None:
    rule = replace(PURPOSES[FilePurpose.IMPORT_WORKBOOK], most_files=2, most_total=100)
    for module in (service, disk):
        monkeypatch.setattr(module, "PURPOSES", {FilePurpose.IMPORT_WORKBOOK: rule})
    finished = await county.admin.uploaded()
    await county.admin.begun(5)
    answer = await county.admin.create(5)
    assert (answer.status, answer.code, answer.facts) == (409, "too_many_files", {"most": 2})
    county.clock.advance(seconds=rule.gives_way.total_seconds())
    await county.admin.begun(5)
    assert (await county.admin.ask("HEAD", finished)).status == 404
    assert (await county.admin.create(5)).status == 409  # nothing finished is left


async def test_uploads_leave_room_on_the_disk(
    county: County, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FolderFiles, "free_bytes", lambda _: rules.RESERVE_BYTES + 4)
    answer = await county.admin.create(5)
    assert (answer.status, answer.code) == (507, "storage_full")
    assert (await county.admin.create(4)).status == 201


async def test_two_that_finish_an_upload_at_once_both_find_it_whole(
    county: County, monkeypatch: pytest.MonkeyPatch
) -> None:
    tus = county.admin
    path = await tus.begun(len(CSV))
    edges = FolderFiles.edges

    async def after_another(storage: FolderFiles, file_id: str) -> Edges:
        monkeypatch.setattr(FolderFiles, "edges", edges)
        assert await tus.offset(path) == len(CSV)  # which finishes it
        return await edges(storage, file_id)

    monkeypatch.setattr(FolderFiles, "edges", after_another)
    assert (await tus.patch(path, 0, CSV)).status == 204
    assert (await tus.ask("GET", f"{path}/content")).body == CSV


async def test_a_server_that_stopped_before_the_end_finishes_it_when_asked(county: County) -> None:
    tus = county.admin
    path = await tus.begun(len(CSV))
    await tus.patch(path, 0, CSV[:-1])
    file_id = path.rpartition("/")[2]
    storage = FolderFiles(county.services.config.files)
    async with storage.growing(file_id, len(CSV) - 1) as part:
        await part.write(CSV[-1:] + b"of a request that was broken off")
        await part.settle(len(CSV))
    await county.services.file_desk.store.grow(file_id, len(CSV), county.clock.now() + UPLOAD_LIFE)
    assert await tus.offset(path) == len(CSV)
    assert (await tus.ask("GET", f"{path}/content")).body == CSV
    answer = await tus.patch(path, len(CSV), b"")  # made again after a lost answer
    assert answer.status == 204

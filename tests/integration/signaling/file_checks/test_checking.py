"""Videos and attachments from their last byte to what a resource may point at."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from recorder.intake.process import IntakeProcess
from recorder.intake_api import IntakeFailed, TakenVideo, VideoIntake, VideoRefusal
from signaling.audit.actions import AuditAction
from signaling.base.problem_codes import ProblemCode
from signaling.file_checks.checking import FileChecker
from signaling.file_checks.kind import FILE_CHECK
from signaling.file_checks.service import RETRY
from signaling.files import disk, rules, service
from signaling.files.records import Holder
from signaling.files.storage import FolderFiles
from signaling.files.wire import FilePurpose
from signaling.jobs.kinds import JobKinds
from signaling.jobs.rules import MAX_TRIES
from signaling.wiring import Services
from tests.support.jobs import carry_out_jobs
from tests.support.server import Client, ProblemError
from tests.support.services import ManualClock, lead_teacher, served
from tests.support.uploads import beginning, upload
from tests.support.videos import reaching_out, video, with_free_box

FILM = video()
PDF = b"%PDF-1.7\n1 0 obj\n%%EOF\n"
HOLDER = Holder("resource_version", "r1")


@dataclass
class County:
    services: Services
    teacher: Client

    async def upload(self, data: bytes, name: str = "微课.mp4", purpose: str = "video") -> str:
        return await upload(self.teacher, data, name, purpose)

    async def info(self, file_id: str) -> dict[str, Any]:
        return dict(await self.teacher.call("GET", f"/api/files/{file_id}"))

    async def check(self, intake: VideoIntake | None = None) -> int:
        checker = FileChecker(intake or IntakeProcess(), self.storage)
        return await carry_out_jobs(self.services, JobKinds().add(FILE_CHECK, checker.check))

    @property
    def storage(self) -> FolderFiles:
        return FolderFiles(self.services.config.files)

    @property
    def clock(self) -> ManualClock:
        assert isinstance(self.services.clock, ManualClock)
        return self.services.clock

    @property
    def kept(self) -> list[str]:
        """All files of the storage, by their folder's name."""
        root = self.services.config.files
        return sorted(one.parent.name for one in root.rglob("*") if one.is_file())


@pytest.fixture
async def county(tmp_path: Path) -> AsyncIterator[County]:
    async with served(tmp_path, session_hours=24 * 60) as (services, teacher, _):
        yield County(services, teacher)


async def test_a_video_is_checked_by_a_job_and_then_plays(county: County) -> None:
    file_id = await county.upload(FILM)
    waiting = await county.info(file_id)
    assert (waiting["state"], waiting["received"], waiting["video"]) == (
        "checking",
        len(FILM),
        None,
    )
    job = await county.teacher.call("GET", f"/api/jobs/{waiting['job_id']}")
    assert (job["kind"], job["state"]) == ("file_check", "queued")
    assert await county.check() == 1
    ready = await county.info(file_id)
    assert (ready["state"], ready["media_type"], ready["problem"]) == ("ready", "video/mp4", None)
    assert ready["video"]["source_sha256"] == hashlib.sha256(FILM).hexdigest()
    assert (ready["video"]["video_codec"], ready["video"]["plays"]) == ("h264", True)
    url = f"{county.teacher.base}/api/files/{file_id}/content"
    async with county.teacher.http.get(url, headers={"Range": "bytes=4-7"}) as answer:
        assert (answer.status, await answer.read()) == (206, b"ftyp")
        assert answer.headers["Content-Disposition"].startswith("attachment")
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
    async with county.teacher.http.get(url) as answer:
        body = await answer.read()
    assert hashlib.sha256(body).hexdigest() == ready["sha256"]
    assert len(body) == ready["size"]
    assert county.kept == [file_id[:2]]  # neither the upload nor the bench is left
    (entry,) = await county.services.audit.entries(AuditAction.FILE_CHECK)
    assert (entry.target, entry.target_name) == (file_id, "微课.mp4")


async def test_a_client_that_asks_again_after_the_check_hears_of_all_its_bytes(
    county: County,
) -> None:
    file_id = await county.upload(FILM)
    await county.check()
    headers = {"Tus-Resumable": "1.0.0"}
    url = f"{county.teacher.base}/api/files/{file_id}"
    async with county.teacher.http.head(url, headers=headers) as answer:
        told = (answer.headers["Upload-Offset"], answer.headers["Upload-Length"])
    assert told == (str(len(FILM)), str(len(FILM)))


@pytest.mark.parametrize(
    ("data", "code", "facts"),
    [
        (reaching_out(FILM), "video_reaches_out", {}),
        (FILM[:-1], "video_damaged", {}),
        (FILM + FILM, "video_damaged", {}),
        (
            video("mpeg2video", "mp2", format="matroska"),
            "video_codec",
            {"codec": "mpeg2video"},
        ),
    ],
    ids=["dref", "half", "twice", "codec"],
)
async def test_what_is_no_video_is_refused_with_a_code_and_its_bytes_go(
    county: County, data: bytes, code: str, facts: dict[str, str]
) -> None:
    file_id = await county.upload(data)
    await county.check()
    refused = await county.info(file_id)
    assert refused["state"] == "refused"
    assert refused["problem"] == {"code": code, "facts": facts}
    assert county.kept == []
    with pytest.raises(ProblemError) as gone:
        await county.teacher.call("GET", f"/api/files/{file_id}/content")
    assert gone.value.status == 404
    await county.teacher.call("DELETE", f"/api/files/{file_id}")


def test_every_refusal_of_the_intake_is_a_problem_with_words() -> None:
    assert {ProblemCode(one) for one in VideoRefusal}


@pytest.mark.parametrize(
    ("data", "purpose", "code"),
    [
        (b"#EXTM3U\nfile:///etc/passwd\n", "video", "file_kind_refused"),
        (b"<html><video src=x>", "video", "file_kind_refused"),
        (PDF, "video", "file_kind_refused"),
        (FILM, "attachment", "file_kind_refused"),
        (b"MZ\x90\x00\x03", "attachment", "file_kind_refused"),
        (b"#EXTM3U\nfile:///etc/passwd\n", "attachment", "file_kind_refused"),
        (with_free_box(FILM, b"PK\x05\x06" + bytes(18)), "video", "file_mixed"),
        (PDF + b"PK\x05\x06" + bytes(18), "attachment", "file_mixed"),
        (b"\xff\xd8\xff\xe0" + PDF, "attachment", "file_mixed"),
    ],
)
async def test_a_wrong_type_is_refused_with_the_last_byte(
    county: County, data: bytes, purpose: str, code: str
) -> None:
    with pytest.raises(AssertionError, match=code):
        await county.upload(data, "课件.bin", purpose)
    assert county.kept == []


@pytest.mark.parametrize(
    ("data", "media_type"),
    [
        (PDF, "application/pdf"),
        (b"<svg onload='alert(1)'></svg>", "application/octet-stream"),
        (b"<!doctype html><script>alert(1)</script>", "application/octet-stream"),
        (b"\x89PNG\r\n\x1a\n" + bytes(20), "image/png"),
    ],
)
async def test_an_attachment_is_only_ever_saved(
    county: County, data: bytes, media_type: str
) -> None:
    file_id = await county.upload(data, "附件.html", "attachment")
    url = f"{county.teacher.base}/api/files/{file_id}/content"
    async with county.teacher.http.get(url) as answer:
        assert await answer.read() == data
        assert answer.content_type == media_type
        assert answer.headers["Content-Disposition"].startswith("attachment")
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Content-Security-Policy"].startswith("sandbox")


class Broken:
    """An intake whose process breaks off, a few times or always."""

    def __init__(self, error: Exception, times: int = 100) -> None:
        self.error = error
        self.times = times

    async def take(
        self, source: Path, place: Path, on_progress: Callable[[float], None]
    ) -> TakenVideo:
        if self.times == 0:
            return await IntakeProcess().take(source, place, on_progress)
        self.times -= 1
        _leave_half(place)
        raise self.error


def _leave_half(place: Path) -> None:
    place.mkdir(parents=True, exist_ok=True)
    (place / "video.mp4").write_bytes(b"half")


async def _all_tries(county: County, intake: Broken) -> None:
    for _ in range(MAX_TRIES):
        await county.check(intake)
        county.clock.advance(minutes=1)


async def test_a_check_that_breaks_off_is_made_again_from_the_begin(county: County) -> None:
    file_id = await county.upload(FILM)
    await _all_tries(county, Broken(IntakeFailed("killed"), times=2))
    assert (await county.info(file_id))["state"] == "ready"
    assert county.kept == [file_id[:2]]


async def test_a_check_that_never_ends_well_refuses_the_file(county: County) -> None:
    file_id = await county.upload(FILM)
    await _all_tries(county, Broken(IntakeFailed("killed")))
    refused = await county.info(file_id)
    assert (refused["state"], refused["problem"]["code"]) == ("refused", "file_check_failed")
    assert county.kept == []


async def test_a_full_disk_is_no_fault_of_the_file(county: County) -> None:
    file_id = await county.upload(FILM)
    await _all_tries(county, Broken(OSError(28, "No space left on device")))
    assert (await county.info(file_id))["state"] == "checking"
    checks, files = county.services.file_desk.checks, county.services.files
    await checks.continue_all(files)
    assert await county.check() == 0  # not at once again
    county.clock.advance(seconds=RETRY.total_seconds())
    await checks.continue_all(files)
    assert await county.check() == 1
    assert (await county.info(file_id))["state"] == "ready"


async def test_a_file_that_is_deleted_while_it_is_checked_leaves_nothing(county: County) -> None:
    file_id = await county.upload(FILM)
    begun, deleted = asyncio.Event(), asyncio.Event()

    class Slow:
        async def take(
            self, source: Path, place: Path, on_progress: Callable[[float], None]
        ) -> TakenVideo:
            taken = await IntakeProcess().take(source, place, on_progress)
            begun.set()
            await deleted.wait()
            return taken

    check = asyncio.create_task(county.check(Slow()))
    await begun.wait()
    job_id = (await county.info(file_id))["job_id"]
    await county.teacher.call("DELETE", f"/api/files/{file_id}")
    deleted.set()
    await check
    assert county.kept == []
    job = await county.teacher.call("GET", f"/api/jobs/{job_id}")
    assert job["state"] == "cancelled"


async def test_an_upload_whose_server_stopped_at_the_last_byte_is_handed_over(
    county: County, monkeypatch: pytest.MonkeyPatch
) -> None:
    services = county.services

    async def stopped(*_: object) -> None:
        raise RuntimeError("the server is gone")

    with monkeypatch.context() as patch:
        patch.setattr(services.file_desk.checks, "submit", stopped)
        with pytest.raises(AssertionError):
            await county.upload(FILM)
    (coming,) = (await county.teacher.call("GET", "/api/files"))["files"]
    assert (coming["state"], coming["received"]) == ("coming", len(FILM))
    await services.file_desk.checks.continue_all(services.files)
    assert await county.check() == 1
    assert (await county.info(coming["file_id"]))["state"] == "ready"


async def test_an_upload_waits_for_its_check_where_its_owner_has_too_many_jobs(
    county: County, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Refused with its last byte, a client of tus sent the whole file again."""
    with monkeypatch.context() as patch:
        patch.setattr("signaling.jobs.service.MAX_OPEN_JOBS", 0)
        file_id = await county.upload(FILM)
        url = f"{county.teacher.base}/api/files/{file_id}"
        async with county.teacher.http.head(url, headers={"Tus-Resumable": "1.0.0"}) as answer:
            assert (answer.status, answer.headers["Upload-Offset"]) == (200, str(len(FILM)))
        await county.services.file_desk.checks.continue_all(county.services.files)
        assert (await county.info(file_id))["state"] == "coming"
    await county.services.file_desk.checks.continue_all(county.services.files)
    assert await county.check() == 1
    assert (await county.info(file_id))["state"] == "ready"


async def test_a_start_throws_away_what_a_crash_left(county: County) -> None:
    """Killed after the row said `ready`, before the upload's bytes were deleted."""
    file_id = await county.upload(FILM)
    coming = await _begun(county, 500)
    await county.check()
    bench = county.storage.bench(file_id)
    bench.source.write_bytes(FILM)
    bench.place.mkdir(parents=True)
    (bench.place / "video.mp4").write_bytes(FILM)
    other = county.storage.bench(coming)
    other.source.write_bytes(b"1")
    await county.services.file_desk.checked.tidy_all()
    assert not bench.source.exists()
    assert not bench.place.exists()
    assert other.source.exists()
    assert (await county.info(file_id))["state"] == "ready"


async def _begun(county: County, size: int, purpose: str = "video") -> str:
    known = {one["file_id"] for one in await _listed(county)}
    await county.teacher.call("POST", "/api/files", headers=beginning(size, "微课.mp4", purpose))
    (new,) = {one["file_id"] for one in await _listed(county)} - known
    return str(new)


async def _listed(county: County) -> list[dict[str, Any]]:
    return list((await county.teacher.call("GET", "/api/files"))["files"])


async def test_space_is_promised_once_and_a_video_needs_it_twice(
    county: County, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Refused before the first byte, in words: nobody sends 8 GB for nothing."""
    monkeypatch.setattr(FolderFiles, "free_bytes", lambda _: rules.RESERVE_BYTES + 1000)
    with pytest.raises(ProblemError) as refused:
        await _begun(county, 501)
    assert (refused.value.status, refused.value.code) == (507, "storage_full")
    await _begun(county, 300)
    with pytest.raises(ProblemError):
        await _begun(county, 201)
    await _begun(county, 400, "attachment")
    with pytest.raises(ProblemError):
        await _begun(county, 1, "attachment")


async def test_the_bytes_of_an_owner_are_bounded_and_nothing_gives_way(
    county: County, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = replace(rules.PURPOSES[FilePurpose.VIDEO], most_total=len(FILM) + 10)
    for module in (service, disk):
        monkeypatch.setattr(module, "PURPOSES", {**rules.PURPOSES, FilePurpose.VIDEO: small})
    file_id = await county.upload(FILM)
    with pytest.raises(ProblemError) as refused:
        await _begun(county, 11)
    assert (refused.value.status, refused.value.code) == (409, "file_quota")
    await county.check()
    county.clock.advance(days=29)
    with pytest.raises(ProblemError):
        await _begun(county, len(FILM))
    assert (await county.info(file_id))["state"] == "ready"


async def test_a_file_in_use_is_not_deleted_by_its_owner_or_by_time(county: County) -> None:
    services = county.services
    file_id = await county.upload(FILM)
    await county.check()
    teacher = await lead_teacher(services)
    async with services.audit.work(teacher, AuditAction.FILE_CHECK, file_id) as work:
        work.nothing_to_do()
        await services.file_desk.held.attach(
            work, file_id, HOLDER, owner_id=teacher.actor_id, purpose=FilePurpose.VIDEO
        )
    with pytest.raises(ProblemError) as refused:
        await county.teacher.call("DELETE", f"/api/files/{file_id}")
    assert (refused.value.status, refused.value.code) == (409, "file_in_use")
    county.clock.advance(days=50)
    await services.kept_files.delete_expired()
    info = await county.info(file_id)
    assert (info["state"], info["expires_at"]) == ("ready", None)


async def test_a_refused_file_is_told_of_for_a_week_and_counts_no_bytes(county: County) -> None:
    file_id = await county.upload(FILM[:-1])
    await county.check()
    owner = (await lead_teacher(county.services)).actor_id
    store = county.services.file_desk.store
    assert await store.of_purpose(owner, FilePurpose.VIDEO) == []
    county.clock.advance(seconds=rules.REFUSED_LIFE.total_seconds())
    await county.services.kept_files.delete_expired()
    assert await store.file(file_id) is None

"""Editions of what is published: made of what is kept alone, followed to their end, and removed."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import av
import pytest
from sqlalchemy import delete, select

from recorder.api import EditionFailed, EditionMaker
from recorder.core.manifest import decode_manifest, encode_manifest
from recorder.editions.maker import Maker
from recorder.service import RecorderService
from recorder.storage.folder import FolderStorage
from signaling.access.roles import Role
from signaling.jobs.kinds import JobKinds
from signaling.library.editions.service import MAX_ORDERED, REMOVE_AFTER
from signaling.library.editions.tables import EditionRow
from signaling.library.renditions import renditions_handler
from signaling.library.renditions_kind import RENDITIONS
from signaling.library.wire import EditionState
from signaling.wiring import Services
from tests.integration.signaling.library.resource_acts import (
    HERE,
    NEXT_DOOR,
    Stage,
    problem,
    stage,
    status_of,
)
from tests.support.coloured_lesson import CUT, LENGTH_S, coloured_lesson
from tests.support.jobs import carry_out_jobs
from tests.support.publications import publish, resource_id
from tests.support.server import Client

# Of the lesson of 24 s: a short part before the blue cut, and one behind it.
KEEP = [{"start_s": 4.0, "end_s": CUT[0]}, {"start_s": CUT[1], "end_s": 15.0}]
HIDDEN = ["room-1.camera"]
EDITS = {
    "keep": KEEP,
    "hidden_sources": HIDDEN,
    "chapters": [{"at_s": 8.0, "title": "剪掉的"}, {"at_s": 13.2, "title": "实验"}],
}
FIRST = 100  # number of the first made-up resource: recording 1 is another's
SOUND_ALONE = {"hidden_sources": HIDDEN, "hidden_pictures": ["lead.camera", "lead.courseware"]}


@pytest.fixture(scope="module")
def lesson(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished recording in which each part that is cut or hidden has a colour of its own."""
    folder = tmp_path_factory.mktemp("coloured") / "r1"
    coloured_lesson(folder)
    return folder


@pytest.fixture
async def at(tmp_path: Path, lesson: Path) -> AsyncIterator[Stage]:
    async with stage(tmp_path) as made:
        await _colour(made.world.services, "recording-1", lesson)
        yield made


async def _colour(services: Services, recording_id: str, lesson: Path) -> None:
    """Give a recording on the shelf the coloured lesson's media."""
    recorder = services.recorder
    assert isinstance(recorder, RecorderService)
    folder = _recordings(services) / recording_id
    shutil.rmtree(folder)
    shutil.copytree(lesson, folder)
    manifest = decode_manifest((folder / "manifest.json").read_bytes())
    entry = replace(await recorder.entry(recording_id), duration_s=LENGTH_S, has_thumbnail=True)
    manifest = replace(manifest, entry=entry)
    (folder / "manifest.json").write_bytes(encode_manifest(manifest))
    await recorder._store.set_ready(manifest)


def _recordings(services: Services) -> Path:
    return services.config.data / "recordings"


def _kinds(services: Services, maker: Callable[[], EditionMaker] | None = None) -> JobKinds:
    storage = FolderStorage(_recordings(services))
    return JobKinds().add(
        RENDITIONS, renditions_handler(maker or (lambda: Maker(storage, reserve_bytes=0)))
    )


async def _made(at: Stage) -> None:
    """Carry out the jobs as the worker would."""
    await carry_out_jobs(at.world.services, _kinds(at.world.services))


async def _row(at: Stage, number: int = 1) -> EditionRow | None:
    async with at.world.services.database.read() as session:
        return await session.get(EditionRow, (at.resource_id, number))


def _page(at: Stage) -> str:
    return f"/api/library/{at.resource_id}"


async def _fetched(reader: Client, path: str) -> bytes:
    async with reader.http.get(reader.base + path) as answer:
        assert answer.status == 200, path
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        return await answer.read()


async def _whole_edition(reader: Client, detail: Any, target: Path) -> list[str]:
    """Fetch what a player can reach from the detail; returns the names."""
    todo = [file["url"] for one in detail["sources"] for file in one["files"]]
    todo += [one["storyboard_url"] for one in detail["sources"] if one["storyboard_url"]]
    todo += [one["waveform_url"] for one in detail["sources"] if one["waveform_url"]]
    todo.append(detail["entry"]["thumbnail_url"])
    seen: list[str] = []
    while todo:
        path = todo.pop()
        folder, _, name = path.rpartition("/")
        if name in seen:
            continue
        seen.append(name)
        data = await _fetched(reader, path)
        (target / name).write_bytes(data)
        if name.endswith(".m3u8"):
            lines = data.decode().splitlines()
            names = [line for line in lines if line and not line.startswith("#")]
            names += [line.split('URI="')[1].split('"')[0] for line in lines if 'URI="' in line]
            todo += [f"{folder}/{one}" for one in names]
        elif name.endswith(".vtt"):
            lines = [line for line in data.decode().splitlines() if "#xywh" in line]
            todo += [f"{folder}/{line.partition('#')[0]}" for line in lines]
    return seen


def _colours(path: Path) -> tuple[int, float, float]:
    """How many pictures a file has, and how blue and how red the most coloured one is."""
    count, blue, red = 0, 0.0, 0.0
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            rows = frame.reformat(format="yuv420p").to_ndarray().astype(float)
            chroma = rows[frame.height :].reshape(2, -1).mean(axis=1)
            count, blue, red = count + 1, max(blue, chroma[0]), max(red, chroma[1])
    return count, blue, red


async def test_what_is_cut_or_hidden_is_in_nothing_that_a_viewer_can_fetch(
    at: Stage, tmp_path: Path
) -> None:
    await at.published(edits=EDITS)
    reader = at.world.client()
    before = await reader.call("GET", _page(at))
    assert before["playback"] == {"waits": True, "failed": False, "minutes": 1}
    assert (before["sources"], before["chapters"]) == ([], [])
    assert before["entry"]["thumbnail_url"] is None
    sources = f"/media/resources/{at.resource_id}/1"
    manifest = decode_manifest(
        (_recordings(at.world.services) / "recording-1" / "manifest.json").read_bytes()
    )
    names = [file.name for one in manifest.sources for file in one.files]
    for name in (*names, "thumbnail.jpg"):
        assert await status_of(reader, f"{sources}/{name}") == 404
        # Nor to those who work on it, by this address: it is the viewers'.
        assert await status_of(at.school_admin, f"{sources}/{name}") == 404
    told = (await at.detail(at.school_admin))["edition"]
    assert (told["state"], told["needed"], told["version"]) == ("ordered", True, 1)

    await _made(at)

    shown = await reader.call("GET", _page(at))
    assert shown["playback"] is None
    assert shown["recording_s"] == pytest.approx(5.3)
    assert (shown["keep"], shown["cuts"], shown["downloads"]) == ([], [], [])
    assert shown["chapters"] == [{"at_s": pytest.approx(3.5), "title": "实验"}]
    assert [one["source_id"] for one in shown["sources"]] == ["lead.camera", "lead.courseware"]
    fetched = await _whole_edition(reader, shown, tmp_path)
    pictured = [name for name in fetched if Path(name).suffix in {".mp4", ".jpg"}]
    assert {Path(name).suffix for name in pictured} == {".mp4", ".jpg"}
    seen = 0
    for name in pictured:
        count, blue, red = _colours(tmp_path / name)
        seen += count
        assert blue < 150, name  # the cut
        assert red < 150, name  # the room that is hidden
    assert seen > 80
    for name in names:
        assert await status_of(reader, f"{sources}/{name}") == 404
    assert (await at.detail(at.school_admin))["edition"]["state"] == "ready"
    listed = await reader.call("GET", "/api/library")
    assert listed["resources"][0]["thumbnail_url"] == shown["entry"]["thumbnail_url"]


async def test_of_hidden_pictures_only_the_sound_is_fetched(at: Stage, tmp_path: Path) -> None:
    await at.published(edits=SOUND_ALONE | {"keep": KEEP[:1]})
    await _made(at)
    shown = await at.world.client().call("GET", _page(at))
    (sound,) = shown["sources"]
    assert (sound["source_id"], sound["files"][0]["has_video"]) == ("lead.camera", False)
    assert shown["entry"]["thumbnail_url"] is None


async def test_an_edition_is_served_to_its_scope_alone_and_to_nobody_after_the_withdrawal(
    at: Stage,
) -> None:
    await at.published("school", edits=EDITS)
    await _made(at)
    row = await _row(at)
    assert row is not None
    shown = await at.teacher.call("GET", _page(at))
    url = shown["sources"][0]["files"][0]["url"]
    async with at.teacher.http.get(at.teacher.base + url) as answer:
        assert (answer.status, answer.headers["Cache-Control"]) == (200, "private, max-age=240")
    stranger, neighbour = at.world.client(), await at.world.sign_in(NEXT_DOOR.teacher)
    for reader in (stranger, neighbour):
        assert await status_of(reader, url) == 404
    folder = url.rpartition("/")[0]
    for name in ("manifest.json", "none.mp4", "lead.camera.made.json", "..%2f..%2fmanifest.json"):
        assert await status_of(at.teacher, f"{folder}/{name}") == 404, name
    other = url.replace(row.edition_id, "0" * 32)
    assert await status_of(at.teacher, other) == 404

    await at.withdraw()
    assert await status_of(at.teacher, url) == 404
    place = _recordings(at.world.services) / "recording-1" / "editions" / row.edition_id
    assert place.exists()
    keep_up = at.world.services.resources.editions.keep_up
    await keep_up()
    assert place.exists()  # a worker that was cancelled may still be writing
    at.clock.advance(seconds=REMOVE_AFTER.total_seconds())
    await keep_up()
    assert not place.exists()
    assert await _row(at) is None
    assert (_recordings(at.world.services) / "recording-1" / "manifest.json").exists()


async def test_without_an_edit_the_recording_is_played_until_the_edition_is_there(
    at: Stage,
) -> None:
    await at.save({"hidden_sources": []}, downloadable=True)
    await _let_everybody_show(at)
    await at.submit()
    await at.pass_()
    await at.publish("public")
    before = await at.world.client().call("GET", _page(at))
    assert before["playback"] == {"waits": False, "failed": False, "minutes": None}
    assert all(one["mime"].startswith("video/") for s in before["sources"] for one in s["files"])
    saved = [one["url"] for one in before["downloads"]]
    played = [one["url"] for s in before["sources"] for one in s["files"]]
    assert saved == [url.replace("/media/resources/", "/media/downloads/") for url in played]


async def _let_everybody_show(at: Stage) -> None:
    from signaling.library.versions.checks import OpenGate

    at.world.services.resources.checks.gate = OpenGate()


async def test_one_that_failed_is_ordered_again_by_those_who_publish(at: Stage) -> None:
    class Broken:
        async def make(self, order: Any, report: Any) -> Any:
            raise EditionFailed("x")

    await at.published(edits=EDITS)
    services = at.world.services
    for _ in range(3):  # a job has three runs
        await carry_out_jobs(services, _kinds(services, Broken))
        at.clock.advance(seconds=60)
    told = (await at.detail(at.school_admin))["edition"]
    assert (told["state"], told["problem"]) == ("failed", "renditions_failed")
    shown = await at.world.client().call("GET", _page(at))
    assert shown["playback"] == {"waits": True, "failed": True, "minutes": None}

    path = f"{at.path}/edition"
    assert await problem(at.teacher.call("POST", path)) == (403, "forbidden")
    assistant = await at.world.sign_in(HERE.person(Role.ASSISTANT))
    assert await problem(assistant.call("POST", path)) == (404, "resource_not_found")
    ordered = await at.school_admin.call("POST", path)
    assert ordered["edition"]["state"] == "ordered"
    assert await problem(at.school_admin.call("POST", path)) == (409, "resource_state")
    (entry,) = await services.audit.entries("resource_edition")  # type: ignore[arg-type]
    assert HERE.school in entry.path
    await _made(at)
    assert (await at.detail(at.school_admin))["edition"]["state"] == "ready"


async def test_a_new_version_with_the_same_cuts_shares_the_files(at: Stage) -> None:
    await at.published(edits=EDITS)
    await _made(at)
    first = await _row(at)
    await at.teacher.call("POST", f"{at.path}/versions")
    await at.save(EDITS, title="浮力的秘密 2")
    await at.submit()
    await at.pass_()
    await at.publish("public")
    second = await _row(at, 2)
    assert first is not None
    assert second is not None
    assert (second.state, second.edition_id) == (EditionState.READY, first.edition_id)
    at.clock.advance(seconds=1)
    await at.world.services.resources.editions.keep_up()
    at.clock.advance(seconds=REMOVE_AFTER.total_seconds())
    await at.world.services.resources.editions.keep_up()
    assert await _row(at) is None
    shown = await at.world.client().call("GET", _page(at))
    await _fetched(at.world.client(), shown["sources"][0]["files"][0]["url"])


async def test_upkeep_makes_good_what_a_dead_process_left(at: Stage) -> None:
    services = at.world.services
    await at.published(edits=EDITS)
    events = services.events._listeners.copy()
    services.events._listeners.clear()  # it died with the job's end unheard
    await _made(at)
    row = await _row(at)
    assert row is not None
    assert row.state == EditionState.ORDERED
    services.events._listeners.update(events)
    await services.resources.editions.keep_up()
    row = await _row(at)
    assert row is not None
    assert row.state == EditionState.READY
    # A restored storage that lacks it: it is made again, and nothing else is played meanwhile.
    await services.recorder.editions.delete("recording-1", row.edition_id)
    shown = await at.world.client().call("GET", _page(at))
    assert (shown["sources"], shown["playback"]["waits"]) == ([], True)
    await services.resources.editions.keep_up()
    await _made(at)
    assert (await at.world.client().call("GET", _page(at)))["playback"] is None


async def test_what_a_former_release_published_gets_its_edition(at: Stage) -> None:
    await at.published(edits=EDITS)
    services = at.world.services
    async with services.database.write() as session:
        await session.execute(delete(EditionRow))
    await publish(services.database, 1)  # its recording is lost
    await services.resources.editions.keep_up()
    row = await _row(at)
    assert row is not None
    assert row.state == EditionState.ORDERED
    async with services.database.read() as session:
        lost = await session.get(EditionRow, (resource_id(0), 1))
    assert lost is not None
    assert (lost.state, lost.problem) == (EditionState.FAILED, "recording_not_found")


async def test_many_at_once_become_a_few_jobs_at_a_time(at: Stage) -> None:
    services, count = at.world.services, MAX_ORDERED + 3
    await publish(services.database, count, FIRST)
    async with services.database.write() as session:
        session.add_all(
            EditionRow(
                resource_id=resource_id(FIRST + number),
                number=1,
                recording_id=f"recording-{FIRST + number}",
                edition_id="0" * 32,
                state=EditionState.WAITING,
                media_s=60.0,
                changed_at=services.clock.now() + timedelta(seconds=number),
            )
            for number in range(count)
        )

    async def ordered() -> set[str]:
        query = select(EditionRow.resource_id).where(EditionRow.state == EditionState.ORDERED)
        async with services.database.read() as session:
            return set((await session.scalars(query)).all())

    await services.resources.editions.order_due()
    assert await ordered() == {resource_id(FIRST + number) for number in range(MAX_ORDERED)}
    await services.resources.editions.order_due()
    assert len(await ordered()) == MAX_ORDERED
    job = await _job_of(services, resource_id(FIRST))
    async with services.audit.work(await _actor(at), "test") as work:  # type: ignore[arg-type]
        await services.jobs.withdraw(work, job)
    assert resource_id(FIRST + MAX_ORDERED) in await ordered()
    assert resource_id(FIRST) not in await ordered()


async def _job_of(services: Services, wanted: str) -> str:
    async with services.database.read() as session:
        row = await session.get(EditionRow, (wanted, 1))
    assert row is not None
    assert row.job_id is not None
    return row.job_id


_actor: Callable[[Stage], Awaitable[Any]] = lambda at: at.world.actor(HERE.teacher)  # noqa: E731

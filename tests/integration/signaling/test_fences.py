"""Every transaction in which a cell writes of a lesson asks first whether it has the lesson.

The wings that know live lessons are searched for whatever opens a writing transaction. Each such
place must be in `FENCED`, where it is carried out with a lesson and without it, or in `UNFENCED`
with a reason.
"""

import ast
from collections.abc import Awaitable, Callable, Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import signaling
from signaling.base.fences import LeaseLost
from signaling.classroom.notices.wire import NoticeWish
from signaling.classroom.parts.part import SavedRoom
from signaling.lessons.fact_records import FactBatch, Spell
from signaling.lessons.rules import LessonAction
from signaling.lessons.store import LessonChange
from signaling.lessons.wire import LessonState
from signaling.links.samples import LinkTally
from signaling.media.service import MediaDesk
from signaling.wiring import Services
from tests.integration.signaling.stores import changed
from tests.support.fences import WELL, Cell, Transaction, running_cell, transactions_of
from tests.support.services import (
    ADMIN,
    join,
    lead_teacher,
    new_lesson,
)
from tests.support.waiting import until

Deed = Callable[[Services, str], Awaitable[None]]

WINGS = ("classroom", "lessons", "links", "media")
OPENERS = {"write": "database", "work": "audit", "note": "audit", "note_download": "audit"}
UNFENCED = {
    "lessons.service.LessonService.create": "a new lesson is in no cell",
    "links.store.LinkStore.forget_before": "the lessons were over months ago",
}
# The draft of a recording follows the recorder's row, in whichever process learns of it: the row is
# fenced, and the draft is made once.
DRAFT = "INSERT INTO resources"


# --- what writes -----------------------------------------------------------------------------


async def enter_unseen(services: Services, lesson_id: str) -> None:
    await services.classroom.entry.enter(ADMIN, lesson_id)


async def notify(services: Services, lesson_id: str) -> None:
    await services.notices.send(ADMIN, lesson_id, NoticeWish("请保持安静"))


async def save_room(services: Services, lesson_id: str) -> None:
    await services.classroom.rooms.save(lesson_id, SavedRoom())


async def open_facts(services: Services, lesson_id: str) -> None:
    await services.fact_store.kept(lesson_id)


async def write_facts(services: Services, lesson_id: str) -> None:
    await services.fact_store.write(lesson_id, FactBatch(seen_s={"room-a": 3.0}))


async def conclude_facts(services: Services, lesson_id: str) -> None:
    now = services.clock.now()
    await services.fact_store.conclude(lesson_id, FactBatch(), now, timedelta(hours=1))


async def start(services: Services, lesson_id: str) -> None:
    await services.lessons.start(await lead_teacher(services), lesson_id)


async def cancel(services: Services, lesson_id: str) -> None:
    await services.lessons.cancel(await lead_teacher(services), lesson_id, "下雪")


async def end(services: Services, lesson_id: str) -> None:
    await services.lessons.end(await lead_teacher(services), lesson_id)


async def end_by_itself(services: Services, lesson_id: str) -> None:
    await services.lessons.end_by_itself(lesson_id)


async def set_recording(services: Services, lesson_id: str) -> None:
    await services.lesson_store.set_recording(lesson_id, "r1")


async def add_samples(services: Services, lesson_id: str) -> None:
    """A batch names the lessons that are lost instead of raising, for it has rows of others."""
    if await services.link_history._store.add([(lesson_id, _sample(services))]):
        raise LeaseLost


async def give_external_access(services: Services, lesson_id: str) -> None:
    record = await services.lessons.get(ADMIN, lesson_id)
    await services.media.external_access(await lead_teacher(services), record, ())


async def watch_unseen(services: Services, lesson_id: str) -> None:
    record, seat = await services.lessons.seat(ADMIN, lesson_id)
    watch = services.media.access(record, seat).watch
    await services.media.watch(watch.token, lesson_id, "an offer")


FENCED: dict[str, tuple[Deed, ...]] = {
    "classroom.entry.ClassroomEntry.enter": (enter_unseen,),
    "classroom.notices.service.NoticeDesk.send": (notify,),
    "classroom.store.RoomStore.save": (save_room,),
    "lessons.facts.FactStore.kept": (open_facts,),
    "lessons.facts.FactStore.write": (write_facts,),
    "lessons.facts.FactStore.conclude": (conclude_facts,),
    "lessons.service.LessonService._carry_out": (start, cancel, end, end_by_itself),
    "lessons.store.LessonStore.set_recording": (set_recording,),
    "links.store.LinkStore.add": (add_samples,),
    "media.service.MediaDesk.external_access": (give_external_access,),
    "media.service.MediaDesk.watch": (watch_unseen,),
}
DEEDS = tuple(deed for deeds in FENCED.values() for deed in deeds)


def test_no_place_that_opens_a_writing_transaction_is_forgotten() -> None:
    assert set(_openers()) == FENCED.keys() | UNFENCED.keys()
    assert set(LessonAction) == {"start", "end", "cancel"}  # `_carry_out` writes all of them


async def _opened(*_: object) -> SimpleNamespace:
    """A viewing session, opened wherever."""
    return SimpleNamespace(session_id="s")


async def test_who_has_the_lesson_asks_first_and_writes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(MediaDesk, "_open_viewer", _opened)
    async with running_cell(tmp_path) as cell:
        for deed in DEEDS:
            lesson_id = await _lesson_for(cell, deed)
            with transactions_of(cell.services.database) as found:
                await deed(cell.services, lesson_id)
            writing = _writing(found)
            assert writing, deed.__name__
            assert all(one.asked_first for one in writing), (deed.__name__, writing)


async def test_who_has_lost_the_lesson_writes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed: list[str] = []
    monkeypatch.setattr(MediaDesk, "_open_viewer", _opened)
    async with running_cell(tmp_path) as cell:
        monkeypatch.setattr(cell.services.relay, "close", closed.append)
        for deed in DEEDS:
            lesson_id = await _lesson_for(cell, deed)
            cell.fences.lost = {lesson_id}
            with transactions_of(cell.services.database) as found, pytest.raises(LeaseLost):
                await deed(cell.services, lesson_id)
            assert not any(one.writes for one in found), deed.__name__
            cell.fences.lost.clear()
    assert closed == ["s"]  # nobody watches who is not in the audit log, or gets an answer


async def test_a_whole_lesson_is_written_behind_fences(tmp_path: Path) -> None:
    """Whatever is written between the creation and the facts, in whichever wing it stands."""
    async with running_cell(tmp_path) as cell:
        services, lesson_id = cell.services, await new_lesson(cell.services)
        with transactions_of(services.database) as found:
            await start(services, lesson_id)
            cell.act(await join(services, lesson_id))
            await services.fact_keeper.beat()
            await services.link_history.write()
            await end(services, lesson_id)
            services.link_history.close_all()
            await services.link_history.write()
            await until(lambda: lesson_id in cell.kept)
        writing = _writing(found)
        assert all(one.asked_first for one in writing), writing
        said = "".join(text for one in writing for text in one.statements)
        for table in ("lesson_room_state", "presence_spells", "link_samples", "headcounts"):
            assert table in said


# --- inside ----------------------------------------------------------------------------------


async def _lesson_for(cell: Cell, deed: Deed) -> str:
    """Return a new lesson in the state that a deed needs; its page is told of nothing."""
    services, number = cell.services, DEEDS.index(deed)
    lesson_id = await new_lesson(services, hours=number)
    if deed not in {start, cancel}:
        live = LessonChange(LessonState.LIVE, held_from=services.clock.now())
        assert await changed(services.lesson_store, lesson_id, LessonState.SCHEDULED, live)
    if deed is open_facts:  # a crash has left a spell open
        now = services.clock.now()
        spell = Spell("room-a", now, None, now)
        await services.fact_store.write(lesson_id, FactBatch((spell,)))
    return lesson_id


def _sample(services: Services) -> Any:
    tally = LinkTally("room-a")
    tally.add(WELL, services.clock.now().timestamp())
    return tally.close()


def _writing(found: Sequence[Transaction]) -> list[Transaction]:
    """Return those that write of lessons."""
    drafts = [one for one in found if any(said.startswith(DRAFT) for said in one.statements)]
    return [one for one in found if one.writes and one not in drafts]


def _openers() -> Iterator[str]:
    """Yield the places that open a writing transaction, by module, class and method."""
    root = Path(signaling.__file__).parent
    for wing in WINGS:
        for path in sorted((root / wing).rglob("*.py")):
            module = ".".join(path.relative_to(root).with_suffix("").parts)
            yield from _openers_in(ast.parse(path.read_text("utf-8")), module)


def _openers_in(node: ast.AST, place: str) -> Iterator[str]:
    for child in ast.iter_child_nodes(node):
        named = isinstance(child, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        if isinstance(child, ast.Call) and _opens(child):
            yield place
        yield from _openers_in(child, f"{place}.{child.name}" if named else place)


def _opens(call: ast.Call) -> bool:
    """Tell whether this is `….database.write(…)`, `….audit.work(…)` or the like."""
    match call.func:
        case ast.Attribute(attr=name, value=ast.Attribute(attr=owner) | ast.Name(id=owner)):
            return name in OPENERS and owner.lstrip("_").endswith(OPENERS[name])
    return False

"""Metadata that lesson and directory propose, and chapters from the stage."""

import pytest

from recorder.api import Manifest, StageSpan
from signaling.base.database import Database
from signaling.directory.tables import PairingRow
from signaling.lessons.store import LessonStore
from signaling.lessons.tables import LessonRow
from signaling.library.store import ResourceStore
from signaling.library.tables import ResourceRow
from signaling.library.versions.proposals import proposed_chapters, proposed_metadata
from signaling.library.versions.wire import ResourceMetadata, Stage
from tests.integration.signaling.library.entries import AT, an_entry
from tests.integration.signaling.stores import a_lesson, created


async def _proposed(database: Database, lesson_id: str) -> ResourceMetadata:
    await ResourceStore(database).follow([an_entry("r", lesson_id)], AT)
    async with database.read() as session:
        row = await session.get(ResourceRow, await _only_id(database))
        assert row is not None
        return await proposed_metadata(session, row)


async def _only_id(database: Database) -> str:
    found = await ResourceStore(database).of_recording("r")
    assert found is not None
    return found.resource_id


def _pairing(
    number: int, textbook: str | None, center: str = "s1", point: str = "s2"
) -> PairingRow:
    return PairingRow(
        pairing_id=f"p{number}",
        center_school_id=center,
        point_school_id=point,
        valid_from=AT.date(),
        textbook=textbook,
    )


@pytest.mark.parametrize(
    ("agreed", "edition"),
    [
        ((), ""),
        (("人教版",), "人教版"),
        (("人教版", "人教版"), "人教版"),
        (("人教版", "苏教版"), ""),  # nobody knows which
        ((None,), ""),
    ],
)
async def test_what_lesson_and_directory_tell(
    database: Database, lessons: LessonStore, agreed: tuple[str | None, ...], edition: str
) -> None:
    lesson_id = await created(lessons, a_lesson(teacher="wang", rooms=("a",)))
    async with database.write() as session:
        lesson = await session.get_one(LessonRow, lesson_id)
        lesson.textbook_volume, lesson.textbook_section = "上册", "第三单元"
        session.add_all(_pairing(n, textbook) for n, textbook in enumerate(agreed))
        session.add(_pairing(99, "外校版", center="s2", point="s1"))
    proposed = await _proposed(database, lesson_id)
    assert proposed == ResourceMetadata(
        title="《小小的船》",
        subject="语文",
        stage=Stage.PRIMARY,
        grade="一年级",
        edition=edition,
        volume="上册",
        section="第三单元",
        teacher_name="wang老师",
        school_name="中心校",
    )


async def test_a_lesson_that_is_gone_leaves_what_the_recording_tells(
    database: Database, lessons: LessonStore
) -> None:
    proposed = await _proposed(database, "gone")
    assert (proposed.title, proposed.volume, proposed.edition) == ("《小小的船》", "", "")
    assert proposed.school_name == "中心校"


def test_rooms_on_stage_propose_chapters() -> None:
    spans = (
        StageSpan("a", "云岭", 120, 180),
        StageSpan("b", "石桥", 60, 90),
        StageSpan("a", "云岭", 60, 70),
        StageSpan("c", "  ", 10, 20),
        StageSpan("d", "长" * 200, 300, 310),
    )
    chapters = proposed_chapters(Manifest(an_entry("r", "l"), (), spans))
    assert [(one.at_s, one.title) for one in chapters] == [
        (60, "石桥"),
        (120, "云岭"),
        (300, "长" * 80),
    ]

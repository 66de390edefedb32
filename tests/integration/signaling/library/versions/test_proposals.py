"""Metadata that lesson and directory propose, and chapters from the stage."""

from datetime import UTC, datetime
from typing import Any

import pytest

from recorder.api import Manifest, StageSpan
from signaling.base.database import Database
from signaling.catalogue.tables import BookRow, ChapterRow
from signaling.catalogue.wire import CatalogueStage
from signaling.directory.tables import PairingRow, SchoolRow
from signaling.lessons.store import LessonStore
from signaling.lessons.tables import LessonRow
from signaling.library.store import ResourceStore
from signaling.library.tables import ResourceRow
from signaling.library.versions.catalogue_proposals import plain_title, volume_of
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


def _book(volume: str, *sections: str, edition: str = "统编版", place: int = 0) -> list[Any]:
    book = BookRow(
        book_id=f"{edition}{volume}",
        county_id="c1",
        stage=CatalogueStage.PRIMARY,
        subject="语文",
        edition=edition,
        grade="一年级",
        volume=volume,
        place=place,
    )
    chapters = [
        ChapterRow(book_id=book.book_id, section=one, place=n, gone=one.startswith("旧"))
        for n, one in enumerate(sections)
    ]
    return [book, *chapters]


BOATS = "第四单元 / 2 小小的船"
UPPER = _book("上册", "第四单元 / 1 秋天", BOATS)
LOWER = _book("下册", "第一单元 / 1 春夏秋冬", "旧单元 / 2 小小的船", place=1)
OTHER = _book("上册", "小小的船", edition="北师大版", place=2)


@pytest.mark.parametrize(
    ("books", "given", "wanted"),
    [
        ([], (None, None), ("", "", "")),
        ([UPPER, LOWER], (None, None), ("统编版", "上册", BOATS)),  # by the lesson's title
        ([UPPER], ("下册", None), ("统编版", "下册", "")),  # what the lesson says stays
        ([UPPER, LOWER], (None, "1 春夏秋冬"), ("统编版", "下册", "第一单元 / 1 春夏秋冬")),
        ([UPPER, LOWER], (None, "复习"), ("统编版", "上册", "复习")),  # it was in November
        ([UPPER, OTHER], (None, None), ("", "", "")),  # nobody knows which edition
        ([_book("上册", BOATS, "第九单元 / 小小的船")], (None, None), ("统编版", "上册", "")),
    ],
)
async def test_the_catalogue_proposes_what_matches(
    database: Database,
    lessons: LessonStore,
    books: list[list[Any]],
    given: tuple[str | None, str | None],
    wanted: tuple[str, str, str],
) -> None:
    lesson_id = await created(lessons, a_lesson(teacher="wang", rooms=("a",)))
    async with database.write() as session:
        lesson = await session.get_one(LessonRow, lesson_id)
        lesson.textbook_volume, lesson.textbook_section = given
        school = await session.get_one(SchoolRow, "s1")
        for row in (one for book in books for one in book):
            own = {one.name: getattr(row, one.name) for one in row.__table__.columns}
            county = {"county_id": school.county_id} if "county_id" in own else {}
            session.add(type(row)(**own | county))
    proposed = await _proposed(database, lesson_id)
    assert (proposed.edition, proposed.volume, proposed.section) == wanted


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("《小小的船》", "小小的船"),
        ("《小小的船》第一课时", "小小的船"),
        ("小小的船（第2课时）", "小小的船"),
        ("2 小小的船", "小小的船"),
        ("*13、人民英雄永垂不朽", "人民英雄永垂不朽"),
        ("第6课 荷花", "荷花"),
        ("3的倍数", "的倍数"),  # on both sides alike, so it still matches itself alone
    ],
)
def test_a_title_without_its_marks(text: str, plain: str) -> None:
    assert plain_title(text) == plain


def test_the_half_of_a_school_year_tells_the_volume() -> None:
    both = ["上册", "下册", "全一册"]
    months = {
        month: volume_of(both, datetime(2026, month, 15, tzinfo=UTC)) for month in range(1, 13)
    }
    assert [month for month, name in months.items() if name == "上册"] == [1, 8, 9, 10, 11, 12]
    assert [month for month, name in months.items() if name == "下册"] == [2, 3, 4, 5, 6, 7]
    assert volume_of(["全一册"], AT) == "全一册"
    assert volume_of(["必修上册", "选择性必修上册"], AT) == ""


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

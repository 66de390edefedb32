"""Words of a file as ids of the county: nothing is guessed, everything is asked once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from signaling.timetable.core.expansion import Seat
from signaling.timetable.core.weeks import WeekSet
from signaling.timetable.imports.core.answers import WITHOUT, Asked, asked
from signaling.timetable.imports.core.drafts import Draft, SeatText, Source
from signaling.timetable.imports.core.names import MAX_QUESTIONS, TooManyQuestions
from signaling.timetable.imports.core.resolving import Resolution, resolve
from signaling.timetable.imports.core.slot_labels import period_of
from signaling.timetable.imports.core.wishes import Wish
from signaling.timetable.imports.wire import ImportReason, ImportTopic, MatchGround
from tests.unit.signaling.timetable.imports.core.county import catalogue

ROW = Draft(
    source=Source("表", "A2"),
    weekday=1,
    period=period_of("第1节"),
    subject="音乐",
    teacher="李四",
    school="中心小学",
    room="多媒体教室",
    class_name="三(1)班",
    seats=(SeatText("东山教学点", "一号教室"),),
)
GRID = replace(ROW, school="", room="", seats=None)


def run(*drafts: Draft, answers: Mapping[Asked, tuple[str, ...]] | None = None) -> Resolution:
    return resolve(drafts, catalogue(), answers or {}, 18, "center")


def wish(*drafts: Draft, answers: Mapping[Asked, tuple[str, ...]] | None = None) -> Wish:
    done = run(*drafts, answers=answers)
    assert (done.questions, done.findings) == ({}, [])
    (wanted,) = done.wanted
    return wanted.wish


def test_a_row_with_known_names_needs_no_answer() -> None:
    found = wish(ROW)
    assert (found.subject_id, found.teacher_id, found.lead_room_id) == ("s6", "t1", "cm")
    assert (found.lead_class_id, found.grade, found.lead_school_id) == ("k31", "三年级", "center")
    assert (found.period, found.weeks) == (1, WeekSet.span(1, 18))
    assert found.seats == (Seat("e1", "east"),)
    matches = run(ROW).matches
    assert matches[asked(ImportTopic.SUBJECT, "音乐")].match is MatchGround.EXACT
    assert matches[asked(ImportTopic.CLASS, "三(1)班", "center")].match is MatchGround.NORMAL


def test_rows_of_one_lesson_are_one_plan_with_more_rooms() -> None:
    other = replace(ROW, source=Source("表", "A3"), seats=(SeatText("西河教学点", "一号教室"),))
    done = run(ROW, other)
    (wanted,) = done.wanted
    assert [seat.room_id for seat in wanted.wish.seats] == ["e1", "w1"]
    assert [source.cell for source in wanted.sources] == ["A2", "A3"]


def test_the_same_row_twice_is_told() -> None:
    done = run(ROW, replace(ROW, source=Source("表", "A3")))
    assert len(done.wanted) == 1
    assert [(one.source.cell, one.reason) for one in done.findings] == [
        ("A3", ImportReason.SAME_TWICE)
    ]


@pytest.mark.parametrize(
    ("draft", "topic", "text", "scope", "suggestions"),
    [
        (replace(ROW, subject="音乐课"), ImportTopic.SUBJECT, "音乐课", "", ["音乐"]),
        (replace(ROW, teacher="李四四"), ImportTopic.TEACHER, "李四四", "center", ["李四"]),
        (replace(ROW, school="中心小"), ImportTopic.SCHOOL, "中心小", "", ["中心小学"]),
        (replace(ROW, room="多媒体室"), ImportTopic.ROOM, "多媒体室", "center", ["多媒体教室"]),
        (replace(ROW, class_name="三3班"), ImportTopic.CLASS, "三3班", "center", None),
        (replace(ROW, period=period_of("早读")), ImportTopic.PERIOD, "早读", "center", None),
        (
            replace(ROW, seats=(SeatText("东山", "一号教室"),)),
            ImportTopic.SCHOOL,
            "东山",
            "",
            ["东山教学点"],
        ),
    ],
)
def test_a_name_that_is_only_alike_is_a_question(
    draft: Draft, topic: ImportTopic, text: str, scope: str, suggestions: list[str] | None
) -> None:
    done = run(draft)
    assert (done.wanted, done.waiting) == ([], 1)
    ((key, question),) = done.questions.items()
    assert key == asked(topic, text, scope)
    assert question.text == text
    if suggestions is not None:
        assert [one.name for one in question.suggestions][:1] == suggestions


def test_a_question_is_asked_once_and_counts_its_lessons() -> None:
    done = run(*[replace(ROW, subject="唱歌", weekday=day) for day in (1, 2, 3)])
    (question,) = done.questions.values()
    assert (question.count, done.waiting) == (3, 3)


def test_an_answer_settles_it_and_one_that_names_nothing_does_not() -> None:
    draft = replace(ROW, subject="唱歌")
    key = asked(ImportTopic.SUBJECT, "唱歌")
    assert wish(draft, answers={key: ("s6",)}).subject_id == "s6"
    assert run(draft, answers={key: ("gone",)}).waiting == 1
    left = run(draft, answers={key: ()})
    assert (left.wanted, left.skipped, left.questions) == ([], 1, {})
    # A lesson cannot go without a subject, but it can without a room.
    assert run(draft, answers={key: (WITHOUT,)}).waiting == 1
    room = {asked(ImportTopic.ROOM, "操场", "center"): (WITHOUT,)}
    assert wish(replace(ROW, room="操场"), answers=room).lead_room_id is None


def test_namesakes_are_told_apart_by_school_or_asked() -> None:
    assert wish(replace(ROW, teacher="张三")).teacher_id == "t0"
    east = replace(ROW, school="东山教学点", room="一号教室", class_name="三年级", seats=())
    assert wish(replace(east, teacher="张三")).teacher_id == "t-east"
    # 李四 of the centre is not taken for a teacher of the east.
    assert [key.topic for key in run(east).questions] == [ImportTopic.TEACHER]
    nobody = replace(ROW, school="", room="", class_name="", teacher="张三")
    done = resolve([nobody], catalogue(), {}, 18)
    (question,) = done.questions.values()
    assert {one.id for one in question.suggestions} == {"t0", "t-east"}


def test_staff_numbers_tell_namesakes_apart_but_not_against_the_name() -> None:
    assert wish(replace(ROW, teacher="张三", staff_no="2001")).teacher_id == "t-east"
    assert wish(replace(ROW, teacher="", staff_no="1002")).teacher_id == "t2"
    done = run(replace(ROW, teacher="张三", staff_no="1002"))
    assert [key.topic for key in done.questions] == [ImportTopic.TEACHER]


def test_a_period_that_no_schedule_has_is_told() -> None:
    (finding,) = run(replace(ROW, period=period_of("第9节"))).findings
    assert (finding.reason, finding.text) == (ImportReason.NO_SUCH_PERIOD, "第9节")
    (finding,) = run(replace(ROW, teacher="", class_name="")).findings
    assert finding.reason is ImportReason.NO_TEACHER


def test_what_no_plan_can_be_is_told() -> None:
    def reason(draft: Draft) -> ImportReason:
        (finding,) = run(draft).findings
        return finding.reason

    assert reason(replace(ROW, class_name="", seats=())) is ImportReason.NO_GRADE
    assert reason(
        replace(ROW, room="三年级1班教室", seats=(SeatText("中心小学", "三年级1班教室"),))
    ) is (ImportReason.LEAD_ROOM_LISTENS)
    # The class that listens has a grade, too.
    seat = SeatText("东山教学点", "一号教室", "三年级")
    assert wish(replace(ROW, class_name="", seats=(seat,))).grade == "三年级"


def test_receive_rooms_by_school_alone_by_one_text_and_with_classes() -> None:
    def seats(*texts: SeatText) -> tuple[Seat, ...]:
        return wish(replace(ROW, seats=texts)).seats

    assert seats(SeatText("东山教学点", "")) == (Seat("e1", "east"),)
    assert seats(SeatText("", "东山教学点一号教室")) == (Seat("e1", "east"),)
    assert seats(SeatText("东山教学点", "一号教室", "三年级")) == (Seat("e1", "east", "e3"),)
    assert seats(SeatText("东山教学点", "一号教室(三年级)")) == (Seat("e1", "east", "e3"),)
    assert seats(SeatText("西河教学点", "二号教室(西)")) == (Seat("w2", "west"),)
    assert seats(SeatText("西河教学点", "二号教室（西）(三年级)")) == (Seat("w2", "west", "w3"),)
    # Two points have a room of this name.
    done = run(replace(ROW, seats=(SeatText("", "一号教室"),)))
    assert [key.topic for key in done.questions] == [ImportTopic.ROOM]


# --- grids ---------------------------------------------------------------------------------------


def test_a_grid_asks_who_listens_with_what_pairings_propose() -> None:
    done = run(GRID)
    ((key, question),) = done.questions.items()
    assert key == asked(ImportTopic.RECEIVERS, "三年级1班 音乐", "center")
    assert question.proposal == ("e1/e3", "w1/w3")
    found = wish(GRID, answers={key: question.proposal})
    assert found.seats == (Seat("e1", "east", "e3"), Seat("w1", "west", "w3"))
    assert found.lead_room_id == "c1"  # the room that is named after the class


@pytest.mark.parametrize("text", ["* 音乐", "三年级1班 *", "*"])
def test_one_answer_for_many_lessons(text: str) -> None:
    key = asked(ImportTopic.RECEIVERS, text, "center")
    assert run(GRID, answers={key: ()}).skipped == 1
    assert wish(GRID, answers={key: (WITHOUT,)}).seats == ()
    own = asked(ImportTopic.RECEIVERS, "三年级1班 音乐", "center")
    assert wish(GRID, answers={key: (), own: ("e1",)}).seats == (Seat("e1", "east"),)


def test_a_class_without_a_room_of_its_name_is_asked() -> None:
    listeners = {asked(ImportTopic.RECEIVERS, "*", "center"): (WITHOUT,)}
    draft = replace(GRID, class_name="三2班")
    ((key, question),) = run(draft, answers=listeners).questions.items()
    assert key == asked(ImportTopic.ROOM_OF_CLASS, "三年级2班", "center")
    assert [one.id for one in question.suggestions] == ["c1", "cm"]
    assert wish(draft, answers={**listeners, key: ("cm",)}).lead_room_id == "cm"
    assert wish(draft, answers={**listeners, key: (WITHOUT,)}).lead_room_id is None


def test_a_lesson_without_a_teacher_is_asked_by_class_and_subject() -> None:
    listeners = {asked(ImportTopic.RECEIVERS, "*", "center"): (WITHOUT,)}
    draft = replace(GRID, teacher="")
    ((key, _question),) = run(draft, answers=listeners).questions.items()
    assert key == asked(ImportTopic.TEACHER_OF, "三年级1班 音乐", "center")
    assert wish(draft, answers={**listeners, key: ("t3",)}).teacher_id == "t3"


def test_a_file_of_another_county_ends_in_one_error() -> None:
    drafts = [replace(ROW, subject=f"学科{number}") for number in range(MAX_QUESTIONS + 1)]
    with pytest.raises(TooManyQuestions):
        run(*drafts)

"""From the file's words to the county's ids: what each draft wishes, or what it waits for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from signaling.timetable.core.expansion import Seat
from signaling.timetable.core.weeks import WeekSet
from signaling.timetable.imports.core.answers import (
    EVERY,
    WITHOUT,
    Answers,
    Asked,
    MatchSeen,
    Question,
    asked,
    pair_text,
)
from signaling.timetable.imports.core.catalogue import (
    Catalogue,
    Index,
    Named,
    SchoolClass,
    class_key,
)
from signaling.timetable.imports.core.drafts import Draft, Finding, SeatText, Source
from signaling.timetable.imports.core.names import LeftOut, Names, Outcome, Waits
from signaling.timetable.imports.core.periods import NoSuchPeriod, UnclearPeriod, period_in
from signaling.timetable.imports.core.seat_texts import room_and_class
from signaling.timetable.imports.core.wishes import Wanted, Wish, gathered
from signaling.timetable.imports.core.wording import grade_form, plain
from signaling.timetable.imports.wire import ImportReason, ImportTopic, MatchGround
from signaling.timetable.plan_wire import MAX_SEATS

_NOTHING = Index(())


@dataclass(slots=True)
class Resolution:
    """Outcome of the drafts.

    Attributes:
        skipped: lessons that an answer left out.
        waiting: lessons that wait for answers.
    """

    wanted: list[Wanted] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    questions: dict[Asked, Question] = field(default_factory=dict)
    matches: dict[Asked, MatchSeen] = field(default_factory=dict)
    skipped: int = 0
    waiting: int = 0


class _Refused(Exception):
    """A lesson cannot be."""

    def __init__(self, reason: ImportReason, text: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.text = text


def resolve(
    drafts: Sequence[Draft],
    catalogue: Catalogue,
    answers: Answers,
    last_week: int,
    school_id: str = "",
) -> Resolution:
    """MatchGround the words of drafts.

    Args:
        drafts: the lessons of a file.
        catalogue: the county's names.
        answers: what operators said before.
        last_week: the number of weeks of the term.
        school_id: the school of lessons that name none.

    Raises:
        TooManyQuestions: hardly any name is known.
    """
    names = Names(answers)
    resolver = _Resolver(catalogue, names, last_week, school_id)
    done = Resolution(questions=names.questions, matches=names.matches)
    wishes: list[tuple[Wish, Source]] = []
    for draft in drafts:
        try:
            wishes.append((resolver.wish(draft), draft.source))
        except Waits:
            done.waiting += 1
        except LeftOut:
            done.skipped += 1
        except _Refused as refused:
            done.findings.append(Finding(draft.source, refused.reason, refused.text))
    done.wanted, again = gathered(wishes)
    done.findings += [Finding(source, ImportReason.SAME_TWICE) for source in again]
    return done


class _Resolver:
    """Resolves drafts. Each method raises Waits, LeftOut or _Refused."""

    def __init__(self, catalogue: Catalogue, names: Names, last_week: int, school_id: str) -> None:
        self._catalogue = catalogue
        self._names = names
        self._weeks = WeekSet.span(1, last_week)
        self._school_id = school_id

    def wish(self, draft: Draft) -> Wish:
        """Return what a draft wishes."""
        subject_id = self._names.one(
            ImportTopic.SUBJECT, draft.subject, draft.source, self._catalogue.subjects
        )
        subject = self._catalogue.subjects.get(subject_id or "")
        assert subject is not None
        school_id = self._school(draft.school, draft.source) or self._school_id
        lead_class = self._class(draft.class_name, school_id, draft.source)
        room_id = self._lead_room(draft, school_id, lead_class)
        school_id = school_id or self._owner(room_id)
        seats = self._seats(draft, school_id, lead_class, subject)
        teacher_id = self._teacher(draft, school_id, lead_class, subject)
        grade = draft.grade or (lead_class.grade if lead_class is not None else "")
        grade = grade or self._grade_of(seats)
        _demand_sound(grade, room_id, seats)
        return Wish(
            weekday=draft.weekday,
            period=self._period(draft, school_id),
            period_count=draft.period.count,
            weeks=self._weeks if draft.weeks is None else draft.weeks,
            subject_id=subject.id,
            subject=subject.name,
            teacher_id=teacher_id,
            grade=grade,
            lead_school_id=self._owner(room_id) or self._home(teacher_id) or school_id or None,
            lead_room_id=room_id,
            lead_class_id=None if lead_class is None else lead_class.id,
            seats=seats,
            class_kind=draft.class_kind,
            delivery_mode=draft.delivery_mode,
            title=draft.title,
            textbook_volume=draft.textbook_volume,
            textbook_section=draft.textbook_section,
        )

    def _grade_of(self, seats: Sequence[Seat]) -> str:
        """Return the grade of the first class that listens."""
        for seat in seats:
            klass = self._catalogue.classes.get(seat.class_id or "")
            if isinstance(klass, SchoolClass) and klass.grade:
                return klass.grade
        return ""

    # --- where -----------------------------------------------------------------------------------

    def _school(self, text: str, source: Source) -> str:
        if not text:
            return ""
        return self._names.one(ImportTopic.SCHOOL, text, source, self._catalogue.schools) or ""

    def _owner(self, room_id: str | None) -> str:
        room = self._catalogue.rooms.get(room_id or "")
        return "" if room is None else room.school_id

    def _home(self, teacher_id: str) -> str:
        teacher = self._catalogue.teachers.get(teacher_id)
        return "" if teacher is None else teacher.school_id

    def _class(self, text: str, school_id: str, source: Source) -> SchoolClass | None:
        """Find a class by its name; by its grade where the school has one class of it."""
        if not text:
            return None
        index = self._catalogue.classes_of.get(school_id) if school_id else self._catalogue.classes
        index = index or _NOTHING
        grade = grade_form(text)
        alone = [
            one
            for one in index
            if grade and isinstance(one, SchoolClass) and grade_form(one.grade) == grade
        ]
        if len(alone) == 1 and not index.formed(text):
            return _as_class(alone[0])
        found = self._names.one(ImportTopic.CLASS, text, source, index, scope=school_id)
        return None if found is None else _as_class(index.get(found))

    def _room(self, text: str, school_id: str, source: Source) -> str | None:
        """Find a room of a school, or of any where the school is not known."""
        if not school_id:
            school, slash, room = text.replace("／", "/").partition("/")
            if slash:
                owner = self._school(school.strip(), source)
                return self._room(room.strip(), owner, source)
            return self._names.one(ImportTopic.ROOM, text, source, self._catalogue.full_rooms)
        index = self._catalogue.rooms_of.get(school_id, _NOTHING)
        return self._names.one(
            ImportTopic.ROOM,
            text,
            source,
            index,
            scope=school_id,
            among=lambda: index.alike(text, school_id) or list(index),
        )

    def _lead_room(
        self, draft: Draft, school_id: str, lead_class: SchoolClass | None
    ) -> str | None:
        if draft.room:
            return self._room(draft.room, school_id, draft.source)
        if draft.seats is not None or lead_class is None:  # a table may leave it open
            return None
        return self._room_of_class(lead_class, draft.source)

    def _room_of_class(self, lead_class: SchoolClass, source: Source) -> str | None:
        """Return where a class of a grid has its lessons: a room that is named after it."""
        index = self._catalogue.rooms_of.get(lead_class.school_id, _NOTHING)
        wanted = class_key(lead_class.name)
        named = [one for one in index if class_key(one.name.removesuffix("教室")) == wanted]

        def decide(key: Asked) -> Outcome:
            name = lead_class.name
            answer = self._names.answered(
                [key], name, source, lambda one: index.get(one) is not None
            )
            if answer is not None:
                return answer
            if len(named) == 1:
                return self._names.found(key, name, source, (named[0].id,), MatchGround.NORMAL)
            return self._names.ask(key, name, source, named or list(index))

        key = asked(ImportTopic.ROOM_OF_CLASS, lead_class.name, lead_class.school_id)
        (target, *_) = self._names.decided(key, decide)
        return None if target == WITHOUT else target

    # --- who -------------------------------------------------------------------------------------

    def _teacher(
        self, draft: Draft, school_id: str, lead_class: SchoolClass | None, subject: Named
    ) -> str:
        teachers = self._catalogue.teachers
        if draft.staff_no:
            return self._by_staff_no(draft, school_id)
        if draft.teacher:
            found = self._names.one(
                ImportTopic.TEACHER, draft.teacher, draft.source, teachers, scope=school_id
            )
        elif lead_class is None:
            raise _Refused(ImportReason.NO_TEACHER, draft.subject)
        else:
            text = pair_text(lead_class.name, subject.name)
            found = self._names.one(
                ImportTopic.TEACHER_OF,
                text,
                draft.source,
                teachers,
                scope=school_id,
                among=lambda: self._likely_teachers(school_id, subject.id),
            )
        assert found is not None  # no lesson goes without a teacher: the topic is not optional
        return found

    def _by_staff_no(self, draft: Draft, school_id: str) -> str:
        """Find a teacher by 工号; another name beside it is a question."""
        teachers = [one for one in self._catalogue.teachers if one.hint == draft.staff_no]
        is_named = len(teachers) == 1 and plain(teachers[0].name) == plain(draft.teacher)
        if len(teachers) == 1 and (is_named or not draft.teacher):
            return teachers[0].id
        found = self._names.one(
            ImportTopic.TEACHER,
            pair_text(draft.teacher, draft.staff_no),
            draft.source,
            self._catalogue.teachers,
            scope=school_id,
            among=lambda: teachers or self._catalogue.teachers.alike(draft.teacher, school_id),
        )
        assert found is not None
        return found

    def _likely_teachers(self, school_id: str, subject_id: str) -> list[Named]:
        """Return teachers of the subject, those of the school first."""
        subjects = self._catalogue.subjects_of_teachers
        likely = [one for one in self._catalogue.teachers if subject_id in subjects.get(one.id, ())]
        return sorted(likely, key=lambda one: (one.school_id != school_id, one.name))

    def _seats(
        self, draft: Draft, school_id: str, lead_class: SchoolClass | None, subject: Named
    ) -> tuple[Seat, ...]:
        if draft.seats is not None:
            seats = [self._seat(seat, draft.source) for seat in draft.seats]
            return tuple({seat.room_id: seat for seat in seats if seat is not None}.values())
        if lead_class is None:
            return ()
        return self._receivers(school_id, lead_class, subject, draft.source)

    def _seat(self, text: SeatText, source: Source) -> Seat | None:
        school_id = self._school(text.school, source)
        index = self._catalogue.rooms_of.get(school_id, _NOTHING)
        rooms = list(index)
        if school_id and not text.room and len(rooms) == 1:  # the school's only room
            room_id, class_name = rooms[0].id, text.class_name
        else:
            index = index if school_id else self._catalogue.full_rooms
            name, class_name = room_and_class(text, index)
            found = self._room(name or text.school, school_id, source)
            if found is None:
                return None
            room_id = found
        owner = self._owner(room_id)
        klass = self._class(class_name, owner, source)
        return Seat(room_id, owner, None if klass is None else klass.id)

    def _receivers(
        self, school_id: str, lead_class: SchoolClass, subject: Named, source: Source
    ) -> tuple[Seat, ...]:
        """Return who listens to a class of a grid: pairings propose, the operator says."""
        text = pair_text(lead_class.name, subject.name)
        texts = (text, pair_text(EVERY, subject.name), pair_text(lead_class.name, EVERY), EVERY)
        keys = [asked(ImportTopic.RECEIVERS, one, school_id) for one in texts]

        def decide(key: Asked) -> Outcome:
            answer = self._names.answered(keys, text, source, self._is_seat)
            if answer is not None:
                return answer
            proposal = self._proposed_seats(school_id, subject.id, lead_class.grade)
            return self._names.ask(key, text, source, (), proposal)

        targets = self._names.decided(keys[0], decide)
        return tuple(self._seat_of(target) for target in targets if target != WITHOUT)

    def _proposed_seats(self, center_id: str, subject_id: str, grade: str) -> tuple[str, ...]:
        """Return the first room of each paired teaching point, with its class of the grade."""
        seats = []
        for point_id in self._catalogue.points_of(center_id, subject_id):
            rooms = list(self._catalogue.rooms_of.get(point_id, _NOTHING))
            classes = [
                one
                for one in self._catalogue.classes_of.get(point_id, _NOTHING)
                if isinstance(one, SchoolClass) and grade_form(one.grade) == grade_form(grade)
            ]
            if rooms:
                seats.append(f"{rooms[0].id}/{classes[0].id}" if classes else rooms[0].id)
        return tuple(seats)

    def _is_seat(self, target: str) -> bool:
        room_id, _, class_id = target.partition("/")
        catalogue = self._catalogue
        known = not class_id or catalogue.classes.get(class_id) is not None
        return known and catalogue.rooms.get(room_id) is not None

    def _seat_of(self, target: str) -> Seat:
        room_id, _, class_id = target.partition("/")
        return Seat(room_id, self._owner(room_id), class_id or None)

    # --- when ------------------------------------------------------------------------------------

    def _period(self, draft: Draft, school_id: str) -> int:
        schedules = self._catalogue.schedules(school_id)
        text = draft.period.text

        def decide(key: Asked) -> Outcome:
            periods = {one.number: one for periods in schedules for one in periods}
            answer = self._names.answered(
                [key], text, draft.source, lambda one: one.isdigit() and int(one) in periods
            )
            if answer is not None:
                return answer
            shown = [
                Named(str(one.number), one.name or str(one.number), hint=f"{one.starts:%H:%M}")
                for one in periods.values()
            ]
            return self._names.ask(key, text, draft.source, shown)

        try:
            return period_in(draft.period, schedules)
        except NoSuchPeriod:
            raise _Refused(ImportReason.NO_SUCH_PERIOD, text) from None
        except UnclearPeriod:
            key = asked(ImportTopic.PERIOD, text, school_id)
            return int(self._names.decided(key, decide)[0])


def _demand_sound(grade: str, lead_room_id: str | None, seats: Sequence[Seat]) -> None:
    """Raise _Refused where a plan could not be."""
    if not grade:
        raise _Refused(ImportReason.NO_GRADE)
    if len(seats) > MAX_SEATS:
        raise _Refused(ImportReason.TOO_MANY_SEATS, str(len(seats)))
    if any(seat.room_id == lead_room_id for seat in seats):
        raise _Refused(ImportReason.LEAD_ROOM_LISTENS)


def _as_class(named: Named | None) -> SchoolClass:
    assert isinstance(named, SchoolClass)  # the index holds classes
    return named

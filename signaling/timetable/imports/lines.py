"""Lines of a dry run as pages show them: with names, and with the cells of the file."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from signaling.lessons.tables import LessonRow
from signaling.timetable.core.clashes import Clash
from signaling.timetable.core.codes import ClashLevel, WhoKind
from signaling.timetable.core.expansion import Seat
from signaling.timetable.core.weeks import format_weeks
from signaling.timetable.imports import wire as w
from signaling.timetable.imports.batches import Batch, Entry
from signaling.timetable.imports.core.answers import WITHOUT, MatchSeen, Question
from signaling.timetable.imports.core.catalogue import Catalogue, Index, Named
from signaling.timetable.imports.core.drafts import Finding, Source
from signaling.timetable.imports.core.wishes import Wish
from signaling.timetable.imports.core.wording import plain
from signaling.timetable.imports.records import Part
from signaling.timetable.imports.trial import Trial
from signaling.timetable.wire import ClashWho

MAX_LINES = 20_000  # of one part, as many as a sheet has rows
MAX_CLASHES = 500
_IDS = 500  # ids of one statement


async def lines_of(session: AsyncSession, trial: Trial) -> dict[Part, Sequence[msgspec.Struct]]:
    """Return the lines of a dry run by part."""
    shown = _Shown(trial.catalogue, trial.frame.term.weeks)
    resolution = trial.resolution
    matches = [one for one in resolution.matches.values() if one.match is not w.MatchGround.EXACT]
    return {
        Part.FINDINGS: [_finding(one) for one in trial.findings[:MAX_LINES]],
        Part.QUESTIONS: [shown.question(one) for one in resolution.questions.values()],
        Part.MATCHES: [*_headers(trial), *map(shown.match, matches)][:MAX_LINES],
        Part.CHANGES: shown.changes(trial)[:MAX_LINES],
        Part.CLASHES: await _clashes(session, trial.batch, shown),
    }


def _finding(one: Finding) -> w.ImportFindingLine:
    text = one.text[: w.MAX_TEXT_CHARS]
    return w.ImportFindingLine(one.source.sheet, one.source.cell, one.reason, text)


def _headers(trial: Trial) -> list[w.ImportMatchLine]:
    """Return the columns of long tables, and the field of each."""
    return [
        w.ImportMatchLine(
            topic=w.ImportTopic.COLUMN,
            scope="",
            text=one.text[: w.MAX_TEXT_CHARS],
            sheet=one.source.sheet,
            cell=one.source.cell,
            lessons=0,
            match=w.MatchGround.ANSWER if one.answered else w.MatchGround.NORMAL,
            targets=() if one.field is None else (w.ImportTarget(one.field, one.field),),
            answer=plain(one.text)[: w.MAX_TEXT_CHARS] if one.answered else "",
        )
        for one in trial.reading.headers
    ]


class _Shown:
    """Ids with their names."""

    def __init__(self, catalogue: Catalogue, weeks: int) -> None:
        self._catalogue = catalogue
        self._weeks = weeks
        self._indexes: dict[w.ImportTopic, Index] = {
            w.ImportTopic.SCHOOL: catalogue.schools,
            w.ImportTopic.ROOM: catalogue.rooms,
            w.ImportTopic.ROOM_OF_CLASS: catalogue.rooms,
            w.ImportTopic.CLASS: catalogue.classes,
            w.ImportTopic.SUBJECT: catalogue.subjects,
            w.ImportTopic.TEACHER: catalogue.teachers,
            w.ImportTopic.TEACHER_OF: catalogue.teachers,
        }

    def question(self, one: Question) -> w.ImportQuestionLine:
        """Show a question."""
        return w.ImportQuestionLine(
            topic=one.topic,
            scope=one.scope,
            text=one.text[: w.MAX_TEXT_CHARS],
            sheet=one.source.sheet,
            cell=one.source.cell,
            lessons=one.count,
            suggestions=tuple(map(_target, one.suggestions)),
            proposal=tuple(self._target(one.topic, target) for target in one.proposal),
        )

    def match(self, one: MatchSeen) -> w.ImportMatchLine:
        """Show a match."""
        return w.ImportMatchLine(
            topic=one.topic,
            scope=one.scope,
            text=one.text[: w.MAX_TEXT_CHARS],
            sheet=one.source.sheet,
            cell=one.source.cell,
            lessons=one.count,
            match=one.match,
            targets=tuple(self._target(one.topic, target) for target in one.targets),
            answer=one.answer,
        )

    def changes(self, trial: Trial) -> list[w.ImportChangeLine]:
        """Show what would be added, changed, missed and taken out."""
        kind, batch = w.ImportLineKind, trial.batch
        changed = {id(one.wanted): one for one in trial.comparison.changed}
        lines = []
        for entry in batch.entries:
            wish, source = entry.wanted.wish, entry.wanted.sources[0]
            change = changed.get(id(entry.wanted))
            lessons = len(entry.settling.create) + len(entry.settling.rewrite)
            line = self._change(
                kind.ADDED if change is None else kind.CHANGED,
                wish,
                source,
                plan_id=None if change is None else change.planned.plan_id,
                lessons=lessons,
                fields=() if change is None else change.fields,
            )
            lines.append(line)
        fate = kind.REMOVED if trial.remove_missing else kind.MISSING
        nowhere = Source("", "")
        lines += [
            self._change(fate, plan.wish, nowhere, plan_id=plan.plan_id)
            for plan in trial.comparison.missing
        ]
        return lines

    def who(self, clash: Clash) -> ClashWho:
        """Show who or what is wanted twice."""
        index = {
            WhoKind.PERSON: self._catalogue.teachers,
            WhoKind.ROOM: self._catalogue.rooms,
            WhoKind.CLASS: self._catalogue.classes,
            WhoKind.SCHOOL: self._catalogue.schools,
            WhoKind.SUBJECT: self._catalogue.subjects,
        }.get(clash.who.kind)
        named = None if index is None else index.get(clash.who.id)
        name = "" if named is None else named.name
        if named is not None and clash.who.kind is WhoKind.ROOM:
            name = f"{named.hint}{named.name}"
        return ClashWho(clash.who.kind, clash.who.id, name)

    def _change(
        self,
        kind: w.ImportLineKind,
        wish: Wish,
        source: Source,
        *,
        plan_id: str | None = None,
        lessons: int = 0,
        fields: tuple[str, ...] = (),
    ) -> w.ImportChangeLine:
        catalogue = self._catalogue
        return w.ImportChangeLine(
            kind=kind,
            sheet=source.sheet,
            cell=source.cell,
            plan_id=plan_id,
            subject=wish.subject,
            teacher=_name(catalogue.teachers, wish.teacher_id),
            school=_name(catalogue.schools, wish.lead_school_id),
            class_name=_name(catalogue.classes, wish.lead_class_id),
            room=_name(catalogue.rooms, wish.lead_room_id),
            weekday=wish.weekday,
            period=wish.period,
            period_count=wish.period_count,
            weeks=format_weeks(wish.weeks, self._weeks),
            receivers=tuple(map(self._seat, wish.seats)),
            lessons=lessons,
            fields=fields,
        )

    def _seat(self, seat: Seat) -> str:
        school = _name(self._catalogue.schools, seat.school_id)
        room = _name(self._catalogue.rooms, seat.room_id)
        klass = _name(self._catalogue.classes, seat.class_id)
        return f"{school}/{room}" + (f"({klass})" if klass else "")

    def _target(self, topic: w.ImportTopic, target: str) -> w.ImportTarget:
        if topic is w.ImportTopic.RECEIVERS and target != WITHOUT:
            room_id, _, class_id = target.partition("/")
            room = self._catalogue.rooms.get(room_id)
            seat = Seat(room_id, "" if room is None else room.school_id, class_id or None)
            return w.ImportTarget(target, self._seat(seat))
        index = self._indexes.get(topic)
        named = None if index is None else index.get(target)
        return w.ImportTarget(target, target) if named is None else _target(named)


def _target(named: Named) -> w.ImportTarget:
    return w.ImportTarget(named.id, named.name, named.hint)


def _name(index: Index, id_: str | None) -> str:
    named = index.get(id_ or "")
    return "" if named is None else named.name


async def _clashes(session: AsyncSession, batch: Batch, shown: _Shown) -> list[w.ImportClashLine]:
    """Return the clashes by cell: one line for a rule, whom it is about, and the other lesson."""
    groups: dict[tuple[object, ...], list[Clash]] = {}
    entries: dict[tuple[object, ...], Entry] = {}
    for entry in batch.entries:
        for clash in entry.clashes:
            other = batch.of_lesson.get(clash.others[0]) if clash.others else None
            key = (id(entry), clash.rule, clash.who, id(other))
            groups.setdefault(key, []).append(clash)
            entries[key] = entry
    ordered = sorted(groups, key=lambda key: groups[key][0].level is ClashLevel.SOFT)
    first = ordered[:MAX_CLASHES]
    titles = await _titles(session, (groups[key][0] for key in first))
    return [_clash(entries[key], groups[key], batch, shown, titles) for key in first]


def _clash(
    entry: Entry, clashes: Sequence[Clash], batch: Batch, shown: _Shown, titles: dict[str, str]
) -> w.ImportClashLine:
    earliest = min(clashes, key=lambda one: batch.bookings[one.lesson_id].starts_at)
    other_id = earliest.others[0] if earliest.others else ""
    other = batch.of_lesson.get(other_id)
    source = entry.wanted.sources[0]
    nowhere = Source("", "")
    other_source = nowhere if other is None else other.wanted.sources[0]
    title = titles.get(other_id, "")
    return w.ImportClashLine(
        rule=earliest.rule,
        level=earliest.level,
        who=shown.who(earliest),
        sheet=source.sheet,
        cell=source.cell,
        title=entry.settling.plan.content.title,
        other=title if other is None else other.settling.plan.content.title,
        other_sheet=other_source.sheet,
        other_cell=other_source.cell,
        first_at=batch.bookings[earliest.lesson_id].starts_at,
        times=len(clashes),
    )


async def _titles(session: AsyncSession, clashes: Iterable[Clash]) -> dict[str, str]:
    """Return the titles of other lessons that stand in the timetable."""
    ids = list({other for one in clashes for other in one.others[:1]})
    found: dict[str, str] = {}
    for first in range(0, len(ids), _IDS):
        query = select(LessonRow.lesson_id, LessonRow.title).where(
            LessonRow.lesson_id.in_(ids[first : first + _IDS])
        )
        found |= {row.lesson_id: row.title for row in await session.execute(query)}
    return found

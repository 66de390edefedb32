"""Choosing resources for lessons, and keeping what rooms played of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from signaling.access.actions import Action
from signaling.access.grants import demand_somewhere, granted
from signaling.access.lists import permitted
from signaling.access.roles import Actor
from signaling.audit.actions import AuditAction
from signaling.audit.log import AuditLog
from signaling.base.clock import Clock
from signaling.base.database import Database
from signaling.base.errors import ChangedMeanwhile, Invalid, Refused
from signaling.base.events import Events
from signaling.base.problem_codes import ProblemCode
from signaling.lessons.events import LessonFactsKept
from signaling.lessons.facts import FactStore
from signaling.lessons.loading import load_lessons
from signaling.lessons.parties import standing_in
from signaling.lessons.records import LessonRecord
from signaling.lessons.rules import OPEN_STATES
from signaling.lessons.service import LessonService
from signaling.lessons.tables import LessonRow
from signaling.lessons.visibility import PREDICATES, lessons_in
from signaling.lessons.wire import DeliveryMode
from signaling.resource_push import wire as w
from signaling.resource_push.rules import Claim, Kept, credited, in_time, trouble_of, window_of
from signaling.resource_push.shelf import Shelf, ShelfEntry
from signaling.resource_push.store import (
    Chosen,
    chosen_for,
    ever_chosen,
    plays_of,
    revision_of,
    write_list,
    write_plays,
)
from signaling.resource_push.tables import ResourcePlayRow

AHEAD = timedelta(days=14)  # of what is told: two teaching weeks
MAX_LOOKED_AT = 300  # lessons ahead, the next ones
MAX_TOLD = 50  # lessons with troubles
_LOCK = 0x544B_5250  # PostgreSQL advisory lock: two kiosks of one room report one after the other


class ResourcePushes:
    """The lists of lessons of 资源推送, and what was played."""

    def __init__(
        self,
        *,
        database: Database,
        lessons: LessonService,
        facts: FactStore,
        shelf: Shelf,
        audit: AuditLog,
        events: Events,
        clock: Clock,
    ) -> None:
        self._database = database
        self._lessons = lessons
        self._facts = facts
        self._shelf = shelf
        self._audit = audit
        self._events = events
        self._clock = clock

    # --- reading ---------------------------------------------------------------------------------

    async def of(self, actor: Actor, lesson_id: str) -> w.LessonResources:
        """Return the list of a lesson that the actor may read. Raises NotFound, Refused."""
        record = await self._lessons.get(actor, lesson_id)
        _demand_push(record)
        return await self._shown(actor, record)

    async def troubled(self, actor: Actor) -> w.TroubledLessons:
        """Return lessons ahead that the actor may choose for, and that cannot be played in full.

        Raises:
            Forbidden: the actor chooses for nobody.
        """
        demand_somewhere(actor, Action.CHOOSE_RESOURCES)
        now = self._clock.now()
        async with self._database.read() as session:
            records = await load_lessons(
                session,
                LessonRow.delivery_mode == DeliveryMode.RESOURCE_PUSH,
                LessonRow.state.in_(OPEN_STATES),
                LessonRow.withdrawn_at.is_(None),
                LessonRow.ends_at > now,
                LessonRow.starts_at < now + AHEAD,
                permitted(actor, Action.CHOOSE_RESOURCES, PREDICATES, lessons_in),
                limit=MAX_LOOKED_AT,
            )
            lists = await chosen_for(session, [one.lesson_id for one in records])
            found = []
            for record in records:
                chosen = lists.get(record.lesson_id, ())
                shelf = await self._shelf.entries(
                    session, [one.resource_id for one in chosen], record.receive_rooms, now
                )
                trouble = _first_trouble(record, chosen, shelf)
                if trouble is not None:
                    found.append(trouble)
        return w.TroubledLessons(tuple(found[:MAX_TOLD]), len(found) > MAX_TOLD)

    # --- actions ---------------------------------------------------------------------------------

    async def choose(
        self, actor: Actor, lesson_id: str, wish: w.ChooseResources
    ) -> w.LessonResources:
        """Write the list of a lesson.

        What was on the list already may stay, whatever became of it.

        Raises:
            NotFound, Forbidden: not for this lesson.
            Refused: it is no lesson of 资源推送, or it is over.
            Invalid: a resource is named twice, or a room could not play it.
            ChangedMeanwhile: another list was shown.
        """
        record = await self._lessons.demand(actor, Action.CHOOSE_RESOURCES, lesson_id)
        _demand_push(record)
        now = self._clock.now()
        if record.state not in OPEN_STATES or now > record.ends_at:
            raise Refused(code=ProblemCode.PUSH_OVER)
        _demand_once(wish.resource_ids)
        async with self._audit.work(actor, AuditAction.LESSON_RESOURCES, lesson_id) as work:
            work.concerns(record.lead_path, record.title)
            await self._database.serialize(work.session, _LOCK)
            revision = await revision_of(work.session, lesson_id)
            if revision != wish.revision:
                raise ChangedMeanwhile(facts={"version": revision})
            known = await ever_chosen(work.session, lesson_id)
            there = (await chosen_for(work.session, [lesson_id])).get(lesson_id, ())
            shelf = await self._shelf.entries(
                work.session, wish.resource_ids, record.receive_rooms, now
            )
            stays = {one.resource_id for one in there}
            _demand_playable(record, [*wish.resource_ids], stays, shelf)
            chosen = [_chosen(one, known, shelf) for one in wish.resource_ids]
            work.detail = "、".join(one.title for one in chosen)
            await write_list(work, lesson_id, chosen, actor.name, now)
            await self._facts.mark(work.session, lesson_id, now)
            work.tell(LessonFactsKept(lesson_id))
        return await self._shown(actor, record)

    async def report(self, actor: Actor, lesson_id: str, report: w.PlayReport) -> w.PlaysKept:
        """Keep what a room has played; it may say so again.

        Raises:
            NotFound, Forbidden: the actor is no room of this lesson.
            Refused: it is no lesson of 资源推送, or reports of it are taken no longer.
            Invalid: a resource was never on the list, or a moment cannot be.
        """
        record = await self._lessons.demand(actor, Action.REPORT_PLAYS, lesson_id)
        _demand_push(record)
        now, room_id = self._clock.now(), actor.room_id or ""
        window = window_of(record.starts_at, record.ends_at)
        if now > window.taken_until:
            raise Refused(code=ProblemCode.PUSH_OVER)
        claims = [Claim(one.resource_id, one.watched_s, one.at) for one in report.plays]
        for number, claim in enumerate(claims):
            if not in_time(claim, window, now):
                raise Invalid(code=ProblemCode.PLAY_OUT_OF_TIME, field=f"plays[{number}].at")
        async with self._database.write() as session:
            await self._database.serialize(session, _LOCK)
            known = await ever_chosen(session, lesson_id)
            for number, claim in enumerate(claims):
                if claim.resource_id not in known:
                    field = f"plays[{number}].resource_id"
                    raise Invalid(code=ProblemCode.RESOURCE_NOT_PUSHED, field=field)
            rows = await plays_of(session, [lesson_id], room_id)
            kept = {one.resource_id: Kept(one.watched_s, one.last_at) for one in rows}
            lengths = {name: one.length_s for name, one in known.items()}
            counts = credited(claims, kept, lengths, window, now)
            await write_plays(session, (lesson_id, room_id), counts, known, now)
            if counts:
                await self._facts.mark(session, lesson_id, now)
            rows = await plays_of(session, [lesson_id], room_id)
            shown = tuple(_play(one) for one in rows)
        if counts:
            await self._events.publish((LessonFactsKept(lesson_id),))
        return w.PlaysKept(shown)

    # --- inside ----------------------------------------------------------------------------------

    async def _shown(self, actor: Actor, record: LessonRecord) -> w.LessonResources:
        now, lesson_id = self._clock.now(), record.lesson_id
        async with self._database.read() as session:
            revision = await revision_of(session, lesson_id)
            chosen = (await chosen_for(session, [lesson_id])).get(lesson_id, ())
            rooms = record.receive_rooms
            if actor.room_id is not None:
                rooms = tuple(one for one in rooms if one.room_id == actor.room_id)
            shelf = await self._shelf.entries(
                session, [one.resource_id for one in chosen], rooms, now
            )
            plays = await plays_of(session, [lesson_id], actor.room_id)
        window = window_of(record.starts_at, record.ends_at)
        may = granted(Action.CHOOSE_RESOURCES, standing_in(actor, record.parties))
        is_open = record.state in OPEN_STATES and now <= record.ends_at
        return w.LessonResources(
            lesson_id=lesson_id,
            revision=revision,
            resources=tuple(
                _resource(one, shelf.get(one.resource_id), record.ends_at) for one in chosen
            ),
            plays=tuple(_play(one) for one in plays),
            opens_at=window.opens_at,
            closes_at=window.closes_at,
            may_choose=may and is_open,
        )


def _demand_push(record: LessonRecord) -> None:
    if record.delivery_mode is not DeliveryMode.RESOURCE_PUSH:
        raise Refused(code=ProblemCode.NOT_A_PUSH)


def _demand_once(resource_ids: Sequence[str]) -> None:
    for number, one in enumerate(resource_ids):
        if one in resource_ids[:number]:
            raise Invalid(code=ProblemCode.RESOURCE_TWICE, field=f"resource_ids[{number}]")


def _demand_playable(
    record: LessonRecord,
    resource_ids: Sequence[str],
    stays: set[str],
    shelf: Mapping[str, ShelfEntry],
) -> None:
    """Raise Invalid where a room could not play what is new on the list."""
    for number, one in enumerate(resource_ids):
        if one in stays:
            continue
        entry = shelf.get(one)
        trouble = trouble_of(None if entry is None else entry.facts, record.ends_at)
        if trouble is None:
            continue
        rooms = "" if entry is None else "、".join(entry.facts.unseen)
        raise Invalid(
            code=ProblemCode(f"push_{trouble}"),
            field=f"resource_ids[{number}]",
            facts={"resource": "" if entry is None else entry.title, "rooms": rooms},
        )


def _chosen(
    resource_id: str, known: Mapping[str, Chosen], shelf: Mapping[str, ShelfEntry]
) -> Chosen:
    """Return a resource as it is written: as it is now, or else as it was."""
    entry = shelf.get(resource_id)
    if entry is None:
        return known[resource_id]
    return Chosen(resource_id, entry.title, entry.length_s)


def _first_trouble(
    record: LessonRecord, chosen: Sequence[Chosen], shelf: Mapping[str, ShelfEntry]
) -> w.TroubledLesson | None:
    found: tuple[w.PushTrouble, str] | None = None
    if not chosen:
        found = (w.PushTrouble.NONE_CHOSEN, "")
    for one in chosen:
        entry = shelf.get(one.resource_id)
        trouble = trouble_of(None if entry is None else entry.facts, record.ends_at)
        if trouble is not None:
            found = (trouble, one.title)
            break
    if found is None:
        return None
    return w.TroubledLesson(
        record.lesson_id, record.title, record.starts_at, record.lead_teacher.name, *found
    )


def _resource(one: Chosen, entry: ShelfEntry | None, ends_at: datetime) -> w.PushedResource:
    facts = None if entry is None else entry.facts
    return w.PushedResource(
        resource_id=one.resource_id,
        title=one.title if entry is None else entry.title,
        length_s=one.length_s if entry is None else entry.length_s,
        version=entry.version if entry is not None and entry.facts.served else None,
        expires_at=None if facts is None else facts.expires_at,
        trouble=trouble_of(facts, ends_at),
        rooms=() if facts is None else facts.unseen,
    )


def _play(row: ResourcePlayRow) -> w.RoomPlay:
    return w.RoomPlay(row.room_id, row.resource_id, row.watched_s, row.last_at)

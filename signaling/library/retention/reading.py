"""Lists: what rules will delete and when, what was deleted, and holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement
from sqlalchemy.ext.asyncio import AsyncSession

from signaling.access.actions import Action
from signaling.access.grants import branches_granted, demand_somewhere
from signaling.access.roles import Actor
from signaling.base.cursors import Place, cursor_of
from signaling.directory.branches import in_branches, nodes_in
from signaling.directory.tables import OrgNodeRow
from signaling.library.retention import store
from signaling.library.retention.rules import NOTICE, NodeRule, rule_at
from signaling.library.retention.standing import UNDER_REVIEW, kind_of
from signaling.library.retention.store import Candidate, Wanted
from signaling.library.retention.tables import LegalHoldRow
from signaling.library.retention.wire import (
    DeletionReason,
    DueDeletion,
    DueDeletionList,
    FoundResource,
    FoundResourceList,
    KeptBecause,
    LegalHold,
    LegalHoldList,
    ResourceRetention,
    RetentionKind,
    Tombstone,
    TombstoneList,
)
from signaling.library.tables import ResourceRow, TombstoneRow
from signaling.library.versions.ground import ResourceGround
from signaling.library.versions.reading import names_of
from signaling.library.versions.records import Held
from signaling.library.wire import ResourceKind, ResourceState

MAX_OWN = 100  # notices that an owner is shown at once
MAX_FOUND = 50  # resources that a search by title shows


@dataclass(frozen=True, slots=True)
class Question:
    """What the list of due deletions shall hold.

    Attributes:
        kind: of this kind only.
        node_id: of the branch of this org node.
        words: that the title holds.
        within: due within this time.
        held: with a legal hold, without, or either.
    """

    kind: RetentionKind | None = None
    node_id: str | None = None
    words: str = ""
    within: timedelta | None = None
    held: bool | None = None


class RetentionReader:
    """Shows what is kept how long."""

    def __init__(self, ground: ResourceGround) -> None:
        self._ground = ground

    async def due(
        self, actor: Actor, question: Question, *, limit: int, after: Place | None
    ) -> DueDeletionList:
        """List what rules will delete in the actor's branches, the earliest first."""
        demand_somewhere(actor, Action.READ_RETENTION)
        now = self._ground.clock.now()
        async with self._ground.database.read() as session:
            wanted = await asked(session, actor, question, now, after)
            if wanted is None:
                return DueDeletionList((), None)
            rules = await store.all_rules(session)
            found = await store.candidates(session, rules, wanted, now, limit + 1)
            shown = await shown_due(session, found[:limit])
        if len(found) <= limit:
            return DueDeletionList(shown, None)
        last = found[limit - 1]
        return DueDeletionList(shown, cursor_of(Place(last.due_at, last.row.resource_id)))

    async def mine(self, actor: Actor) -> DueDeletionList:
        """List the actor's own resources of whose deletion the actor was told."""
        now = self._ground.clock.now()
        if actor.room_id is not None:
            return DueDeletionList((), None)
        own = ResourceRow.lead_teacher_id == actor.actor_id
        async with self._ground.database.read() as session:
            rules = await store.all_rules(session)
            wanted = Wanted(more=(own,), held=False, noticed=True)
            found = await store.candidates(session, rules, wanted, now, MAX_OWN)
            return DueDeletionList(await shown_due(session, found), None)

    async def done(
        self, actor: Actor, words: str, *, limit: int, before: Place | None
    ) -> TombstoneList:
        """List what was deleted in the actor's branches, the last one first."""
        demand_somewhere(actor, Action.READ_RETENTION)
        paths = branches_granted(actor, Action.READ_RETENTION)
        if not paths:
            return TombstoneList((), None)
        conditions = [in_branches(TombstoneRow.node_id, paths)]
        if words:
            conditions.append(TombstoneRow.title.contains(words, autoescape=True))
        async with self._ground.database.read() as session:
            found = await store.tombstones(session, conditions, before=before, limit=limit + 1)
            ids = {one.rule_node_id for one, _ in found if one.rule_node_id is not None}
            names = await names_of(session, ids)
        shown = tuple(_tombstone(row, name, names) for row, name in found[:limit])
        if len(found) <= limit:
            return TombstoneList(shown, None)
        last = found[limit - 1][0]
        return TombstoneList(shown, cursor_of(Place(last.decided_at, last.resource_id)))

    async def holds(
        self, actor: Actor, *, all_of_them: bool, limit: int, before: Place | None
    ) -> LegalHoldList:
        """List holds in the actor's branches, the newest first; those that stand, or all."""
        demand_somewhere(actor, Action.READ_RETENTION)
        paths = branches_granted(actor, Action.READ_RETENTION)
        if not paths:
            return LegalHoldList((), None)
        standing = None if all_of_them else self._ground.clock.now()
        async with self._ground.database.read() as session:
            found = await store.holds(
                session, paths, standing=standing, before=before, limit=limit + 1
            )
        shown = tuple(map(hold_shown, found[:limit]))
        if len(found) <= limit:
            return LegalHoldList(shown, None)
        last = found[limit - 1]
        return LegalHoldList(shown, cursor_of(Place(last.placed_at, last.hold_id)))

    async def of(self, actor: Actor, resource_id: str) -> ResourceRetention:
        """Show how long one resource is kept. Raises ResourceNotFound."""
        held = await self._ground.seen(actor, Action.READ_RESOURCE, resource_id)
        now = self._ground.clock.now()
        async with self._ground.database.read() as session:
            rules = await store.all_rules(session)
            one = await store.candidate(session, rules, resource_id, now)
            due = await shown_due(session, [] if one is None else [one])
            hold = await store.hold_of(session, resource_id, now)
            because, keeper = (None, None) if due else kept_because(held, rules)
            named = {held.row.node_id, *([] if keeper is None else [keeper.node_id])}
            names = await names_of(session, named)
        needed = [Action.DELETE_RESOURCE]
        if held.publication is not None:
            needed.append(Action.DELETE_WITHDRAWN)
        return ResourceRetention(
            due=due[0] if due else None,
            hold=None if hold is None else hold_shown(hold),
            may_hold=held.allows(actor, Action.HOLD_RESOURCE),
            may_delete=all(held.allows(actor, one) for one in needed),
            title=held.row.title,
            kind=ResourceKind(held.row.kind),
            owner=held.row.lead_teacher,
            place=names.get(held.row.node_id, ""),
            kept_because=because,
            keeping_place="" if keeper is None else names.get(keeper.node_id, ""),
            notice_days=NOTICE.days,
        )

    async def find(self, actor: Actor, words: str) -> FoundResourceList:
        """Find resources of the actor's branches by their title, also those no rule names."""
        demand_somewhere(actor, Action.READ_RETENTION)
        paths = branches_granted(actor, Action.READ_RETENTION)
        if not paths or not words:
            return FoundResourceList((), False)
        conditions = (
            in_branches(ResourceRow.node_id, paths),
            ResourceRow.title.contains(words, autoescape=True),
        )
        now = self._ground.clock.now()
        async with self._ground.database.read() as session:
            found = await store.resources(session, conditions, now=now, limit=MAX_FOUND + 1)
        shown = tuple(_found(row, place, held) for row, place, held in found[:MAX_FOUND])
        return FoundResourceList(shown, len(found) > MAX_FOUND)


async def asked(
    session: AsyncSession, actor: Actor, question: Question, now: datetime, after: Place | None
) -> Wanted | None:
    """Return a question as the store takes it; None where nothing can answer it."""
    paths = branches_granted(actor, Action.READ_RETENTION)
    if not paths:
        return None
    more: list[ColumnElement[bool]] = [in_branches(ResourceRow.node_id, paths)]
    if question.node_id:
        node = await session.get(OrgNodeRow, question.node_id)
        if node is None:
            return None
        more.append(ResourceRow.node_id.in_(nodes_in((node.path,))))
    if question.words:
        more.append(ResourceRow.title.contains(question.words, autoescape=True))
    return Wanted(
        more=tuple(more),
        kinds=tuple(RetentionKind) if question.kind is None else (question.kind,),
        due_before=None if question.within is None else now + question.within,
        held=question.held,
        after=after,
    )


async def shown_due(session: AsyncSession, found: Sequence[Candidate]) -> tuple[DueDeletion, ...]:
    """Show some candidates."""
    names = await names_of(session, {one.reach.rule.node_id for one in found})
    return tuple(_due(one, names) for one in found)


def _due(one: Candidate, names: dict[str, str]) -> DueDeletion:
    hold = one.hold
    return DueDeletion(
        resource_id=one.row.resource_id,
        title=one.row.title,
        kind=ResourceKind(one.row.kind),
        reason=one.reach.rule.kind,
        owner=one.row.lead_teacher,
        place=one.place,
        rule_place=names.get(one.reach.rule.node_id, ""),
        days=one.reach.days,
        since=one.since,
        due_at=one.due_at,
        noticed_at=one.noticed_at,
        held=hold is not None,
        held_by="" if hold is None else hold.by_name,
        held_until=None if hold is None else hold.until,
    )


def kept_because(
    held: Held, rules: Sequence[NodeRule]
) -> tuple[KeptBecause | None, NodeRule | None]:
    """Tell why no rule deletes a resource now, and the rule that keeps it, if that is why.

    None for what a rule deletes; the list of due deletions has it.
    """
    if held.row.state == ResourceState.PUBLISHED:
        return KeptBecause.PUBLISHED, None
    if held.working is not None and held.working.state in UNDER_REVIEW:
        return KeptBecause.UNDER_REVIEW, None
    rule = rule_at(held.path, rules, kind_of(held))
    if rule is None:
        return KeptBecause.NO_RULE, None
    return (KeptBecause.RULE_KEEPS, rule) if rule.days is None else (None, None)


def _found(row: ResourceRow, place: str | None, held: bool) -> FoundResource:
    return FoundResource(
        resource_id=row.resource_id,
        title=row.title,
        kind=ResourceKind(row.kind),
        state=ResourceState(row.state),
        owner=row.lead_teacher,
        place=place or "",
        started_at=row.started_at,
        held=held,
    )


def hold_shown(row: LegalHoldRow) -> LegalHold:
    """Show a hold."""
    return LegalHold(
        hold_id=row.hold_id,
        resource_id=row.resource_id,
        title=row.title,
        reason=row.reason,
        until=row.until,
        by=row.by_name,
        placed_at=row.placed_at,
        released_at=row.released_at,
        released_by=row.released_by,
        release_reason=row.release_reason,
    )


def _tombstone(row: TombstoneRow, place: str | None, names: dict[str, str]) -> Tombstone:
    return Tombstone(
        resource_id=row.resource_id,
        title=row.title,
        title_hash=row.title_hash,
        kind=ResourceKind(row.kind),
        reason=DeletionReason(row.reason),
        place=place or "",
        rule_place=names.get(row.rule_node_id or "", ""),
        days=row.days,
        note=row.note,
        by=row.by_name,
        noticed_at=row.noticed_at,
        decided_at=row.decided_at,
        erased_at=row.erased_at,
        problem=row.problem,
    )

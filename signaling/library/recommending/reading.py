"""Recommendations as the API shows them: a node's queue, one of them, and a resource's chain."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta

import msgspec

from signaling.access.actions import Action
from signaling.access.grants import allows, demand_somewhere
from signaling.access.roles import Actor
from signaling.base.cursors import Place, cursor_of
from signaling.base.errors import Forbidden
from signaling.directory.tables import OrgNodeRow
from signaling.directory.wire import OrgLevel, PersonRef
from signaling.library.recommending import store
from signaling.library.recommending import wire as w
from signaling.library.recommending.store import Recommended
from signaling.library.references.rules import AT_WORK, refusal, shared_as
from signaling.library.references.tables import ReferenceReviewRow, ReferenceRow
from signaling.library.references.wire import ReferenceScope, ReferenceState
from signaling.library.service import detail_of
from signaling.library.store import resource_of
from signaling.library.versions.ground import ResourceGround, ResourceNotFound
from signaling.library.versions.reading import ResourceReader, names_of
from signaling.library.versions.records import Held
from signaling.library.versions.rules import levels_of
from signaling.library.versions.showing import version_of
from signaling.library.versions.wire import (
    ResourceSummary,
    ReviewEntry,
    ReviewLevel,
    ReviewRefusal,
    ShareScope,
    Verdict,
    WithdrawReason,
)
from signaling.library.wire import ResourceState

LATELY = timedelta(days=30)  # how long a node is told of what was taken off


class RecommendationReader:
    """Shows recommendations to both levels."""

    def __init__(self, ground: ResourceGround, resources: ResourceReader, prefix: str = "") -> None:
        """Make it; `prefix` is what a proxy puts before every path."""
        self._ground = ground
        self._resources = resources
        self._prefix = prefix

    async def queue(
        self,
        actor: Actor,
        states: Collection[ReferenceState],
        *,
        limit: int,
        after: Place | None,
    ) -> w.ReferenceQueue:
        """List recommendations to the actor's nodes; what is over only for `LATELY`.

        Raises:
            Forbidden: the actor reviews nothing at all.
        """
        demand_somewhere(actor, Action.REVIEW_RESOURCE)
        now = self._ground.clock.now()
        is_over = not AT_WORK.intersection(states) and ReferenceState.PUBLISHED not in states
        wanted = store.at_nodes(actor, states, now - LATELY if is_over else None)
        async with self._ground.database.read() as session:
            page, following = await store.page(session, wanted, limit=limit, after=after)
            total = await store.count(session, wanted)
            shown = await self._resources.summaries(session, actor, [one.held for one in page])
            told = await store.reviews(session, [one.row.reference_id for one in page])
            names = await names_of(session, {one.row.from_id for one in page})
        entries = tuple(
            _entry(actor, one, summary, names, told)
            for one, summary in zip(page, shown, strict=True)
        )
        cursor = None if following is None else cursor_of(following)
        return w.ReferenceQueue(entries, total, now, cursor)

    async def seen(self, actor: Actor, reference_id: str) -> Recommended:
        """Return a recommendation of which the actor may know. Raises ResourceNotFound."""
        async with self._ground.database.read() as session:
            found = await store.one(session, reference_id)
        if found is None or not found.held.allows(actor, Action.READ_RESOURCE):
            raise ResourceNotFound()
        return found

    async def detail(self, actor: Actor, reference_id: str) -> w.ReferenceDetail:
        """Show one recommendation. Raises ResourceNotFound."""
        found = await self.seen(actor, reference_id)
        row, held = found.row, found.held
        async with self._ground.database.read() as session:
            (summary,) = await self._resources.summaries(session, actor, [held])
            told = await store.reviews(session, [reference_id])
            names = await names_of(session, {row.from_id})
        manifest, readable = await self._ground.manifest_or_none(held.row.recording_id)
        shown = version_of(found.version, ())
        widest = shared_as(ReferenceScope.PUBLIC, OrgLevel(found.node.level))
        checked = self._ground.checked_as(
            held,
            shown.metadata,
            shown.edits,
            shown.pledged,
            manifest,
            readable=readable,
            people=shown.people,
            number=found.row.version,
        )
        entry = _entry(actor, found, summary, names, told)
        decides = found.allows(actor, Action.REVIEW_RESOURCE) and entry.refused is None
        publishes = found.allows(actor, Action.PUBLISH_RESOURCE)
        state, publication = entry.state, held.publication
        lives = held.row.state == ResourceState.PUBLISHED
        return w.ReferenceDetail(
            entry=entry,
            shown=shown,
            recording=None
            if manifest is None
            else detail_of(resource_of(held.row), manifest, self._prefix),
            findings=await self._ground.checks.of(checked, widest),
            reviews=tuple(_review(one) for one in told),
            publication_scope=ShareScope(publication.scope)
            if publication is not None and lives
            else None,
            may_decide=decides and state in AT_WORK,
            may_publish=publishes and state in {ReferenceState.PASSED, ReferenceState.PUBLISHED},
            may_withdraw=found.allows(actor, Action.WITHDRAW_RESOURCE)
            and state is ReferenceState.PUBLISHED,
        )

    async def chain(self, actor: Actor, resource_id: str) -> w.Chain:
        """Show a resource's way up. Raises ResourceNotFound."""
        held = await self._ground.seen(actor, Action.READ_RESOURCE, resource_id)
        async with self._ground.database.read() as session:
            nodes = await store.nodes_up(session, held.path)
            copies = await store.copies(session, resource_id)
            told = await store.reviews(session, [one.reference_id for one in copies])
        steps = [] if not nodes else [_own_step(actor, held, nodes[0], has_above=len(nodes) > 1)]
        for place, node in enumerate(nodes[1:], start=1):
            here = [one for one in copies if one.node_id == node.node_id]
            has_above = place + 1 < len(nodes)
            steps.append(_step(actor, held, node, here, told, has_above=has_above))
        return w.Chain(tuple(_offered(steps)))


def _offered(steps: Sequence[w.ChainStep]) -> list[w.ChainStep]:
    """Leave out what stands at the node above already, or waits there."""
    offered = list(steps)
    for place, step in enumerate(steps[:-1]):
        above = steps[place + 1]
        stands = above.state in AT_WORK or above.shown_version == step.shown_version
        if step.may_recommend and stands:
            offered[place] = _without_offer(step)
    return offered


def _without_offer(step: w.ChainStep) -> w.ChainStep:
    return msgspec.structs.replace(step, may_recommend=False)


def _own_step(actor: Actor, held: Held, node: OrgNodeRow, *, has_above: bool) -> w.ChainStep:
    publication = held.publication
    shown = publication is not None and held.row.state == ResourceState.PUBLISHED
    gone = publication is not None and publication.withdrawn_at is not None
    state = ReferenceState.PUBLISHED if shown else ReferenceState.WITHDRAWN if gone else None
    at = None
    if publication is not None:
        at = publication.published_at if shown else publication.withdrawn_at
    reason = None if publication is None else publication.withdraw_reason
    number = publication.version if publication is not None else None
    return w.ChainStep(
        node_id=node.node_id,
        name=node.name,
        level=OrgLevel(node.level),
        state=state,
        version=number,
        shown_version=number if shown else None,
        reference_id=None,
        review_level=None,
        levels=0,
        revision=0,
        at=at,
        scope=None,
        expires_at=publication.expires_at if publication is not None and shown else None,
        reason="",
        withdraw_reason=None if reason is None else WithdrawReason(reason),
        from_below=False,
        may_recommend=shown and has_above and _recommends(actor, node),
        may_recall=False,
    )


def _step(
    actor: Actor,
    held: Held,
    node: OrgNodeRow,
    here: Sequence[ReferenceRow],
    told: Sequence[ReferenceReviewRow],
    *,
    has_above: bool,
) -> w.ChainStep:
    """Show what a node above makes of it; `here` are its recommendations, the newest first."""
    newest = here[0] if here else None
    shown = next((one for one in here if one.state == ReferenceState.PUBLISHED), None)
    said = [one for one in told if newest is not None and one.reference_id == newest.reference_id]
    reason = newest.withdraw_reason if newest is not None else None
    lives = held.row.state == ResourceState.PUBLISHED
    return w.ChainStep(
        node_id=node.node_id,
        name=node.name,
        level=OrgLevel(node.level),
        state=None if newest is None else ReferenceState(newest.state),
        version=None if newest is None else newest.version,
        shown_version=None if shown is None else shown.version,
        reference_id=None if newest is None else newest.reference_id,
        review_level=None if newest is None else _level(newest),
        levels=0 if newest is None else newest.levels,
        revision=0 if newest is None else newest.revision,
        at=None if newest is None else newest.updated_at,
        scope=None if shown is None or shown.scope is None else ReferenceScope(shown.scope),
        expires_at=None if shown is None else shown.expires_at,
        reason=said[-1].reason if said else "",
        withdraw_reason=None if reason is None else WithdrawReason(reason),
        from_below=newest is not None and newest.from_below,
        may_recommend=lives and shown is not None and has_above and _recommends(actor, node),
        may_recall=newest is not None
        and newest.state in AT_WORK
        and may_recall(actor, newest, held),
    )


def may_recall(actor: Actor, row: ReferenceRow, held: Held) -> bool:
    """Return whether somebody works at the node that recommended it."""
    before, found, _ = held.path.partition(f"/{row.from_id}/")
    path = f"{before}/{row.from_id}/" if found else held.path
    return allows(actor, Action.RECOMMEND_RESOURCE, branches=(path,))


def _recommends(actor: Actor, node: OrgNodeRow) -> bool:
    return allows(actor, Action.RECOMMEND_RESOURCE, branches=(node.path,))


def refused_to(
    actor: Actor, found: Recommended, told: Sequence[ReferenceReviewRow]
) -> ReviewRefusal | None:
    """Return why a reviewer of the node may not decide about a recommendation; None: may."""
    passed = {
        one.by_id
        for one in told
        if one.reference_id == found.row.reference_id and one.verdict == Verdict.PASS
    }
    waits = found.row.state == ReferenceState.IN_REVIEW
    return refusal(
        actor.actor_id,
        owner_id=found.held.owner_id,
        recommended_by=found.row.by_id,
        passed_by=passed if waits else (),
    )


def _entry(
    actor: Actor,
    found: Recommended,
    summary: ResourceSummary,
    names: Mapping[str, str],
    told: Sequence[ReferenceReviewRow],
) -> w.ReferenceEntry:
    row, node = found.row, found.node
    reason = row.withdraw_reason
    return w.ReferenceEntry(
        reference_id=row.reference_id,
        resource=summary,
        version=row.version,
        node_id=node.node_id,
        node_name=node.name,
        node_level=OrgLevel(node.level),
        from_name=names.get(row.from_id, ""),
        state=ReferenceState(row.state),
        level=_level(row),
        levels=levels_of(row.levels),
        revision=row.revision,
        note=row.note,
        by=row.by_name,
        waiting_for=None
        if row.assigned_to is None
        else PersonRef(row.assigned_to, row.assigned_name or ""),
        submitted_at=row.submitted_at,
        updated_at=row.updated_at,
        scope=None if row.scope is None else ReferenceScope(row.scope),
        expires_at=row.expires_at,
        withdraw_reason=None if reason is None else WithdrawReason(reason),
        withdraw_note=row.withdraw_note,
        from_below=row.from_below,
        refused=refused_to(actor, found, told),
    )


def _level(row: ReferenceRow) -> ReviewLevel | None:
    return None if row.level is None else ReviewLevel(row.level)


def _review(row: ReferenceReviewRow) -> ReviewEntry:
    return ReviewEntry(
        at=row.at,
        by_id=row.by_id,
        by=row.by_name,
        level=ReviewLevel(row.level),
        verdict=Verdict(row.verdict),
        reason=row.reason,
        marks=(),
        forwarded_to=row.to_name,
    )


def demand(actor: Actor, found: Recommended | None, action: Action) -> None:
    """Raise ResourceNotFound, or Forbidden where the actor may not do this at the node."""
    if found is None or not found.held.allows(actor, Action.READ_RESOURCE):
        raise ResourceNotFound()
    if not found.allows(actor, action):
        raise Forbidden()

"""推荐上级, and what the upper node decides about it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy.ext.asyncio import AsyncSession

from signaling.access.actions import Action
from signaling.access.grants import allows
from signaling.access.roles import Actor
from signaling.audit.actions import AuditAction
from signaling.audit.facts import detail_of
from signaling.audit.log import Work
from signaling.base.errors import ChangedMeanwhile, Forbidden, Invalid, Refused, SignalingError
from signaling.base.ids import new_id
from signaling.base.problem_codes import ProblemCode
from signaling.directory.tables import OrgNodeRow
from signaling.directory.wire import OrgLevel
from signaling.library.editions.rules import needs_edition
from signaling.library.indexing import put
from signaling.library.recommending import store
from signaling.library.recommending import wire as w
from signaling.library.recommending.reading import demand, may_recall
from signaling.library.recommending.store import Recommended
from signaling.library.references.rules import Step, WrongStep, shared_as, stepped
from signaling.library.references.store import Ending, note_shown, take_off, withdraw_copy
from signaling.library.references.tables import ReferenceRow
from signaling.library.references.wire import ReferenceState
from signaling.library.versions.ground import ResourceGround, ResourceNotFound, WrongResourceState
from signaling.library.versions.records import Held, edits_of
from signaling.library.versions.rules import levels_of, shown_s
from signaling.library.versions.store import levels_for, load
from signaling.library.versions.wire import ReviewLevel, WithdrawReason
from signaling.library.wire import ResourceState


class Recommending:
    """The actions of both levels, but for verdicts (`deciding.py`). Results are asked anew."""

    def __init__(self, ground: ResourceGround) -> None:
        self._ground = ground

    async def recommend(self, actor: Actor, resource_id: str, wish: w.ResourceRecommend) -> None:
        """推荐上级: what a node shows, to the node above.

        Raises:
            ResourceNotFound: there is none for the actor.
            Forbidden: the actor does not recommend for this node.
            WrongResourceState: the node does not show this version.
            Refused: nothing lies above, or it is there already or waits there.
            Invalid: the resource does not lie in such a node.
        """
        async with self._ground.opened(
            actor, AuditAction.RESOURCE_RECOMMEND, Action.RECOMMEND_RESOURCE, resource_id
        ) as (work, held):
            session = work.session
            nodes = await store.nodes_up(session, held.path)
            places = [
                place for place, node in enumerate(nodes) if node.node_id == wish.from_node_id
            ]
            if not places:
                raise Invalid(code=ProblemCode.UNKNOWN_NODE, field="from_node_id")
            below, above = nodes[places[0]], nodes[places[0] + 1 : places[0] + 2]
            if not allows(actor, Action.RECOMMEND_RESOURCE, branches=(below.path,)):
                raise Forbidden()
            if not above:
                raise Refused(code=ProblemCode.NOTHING_ABOVE, field="from_node_id")
            if await _shown_at(session, held, below, first=places[0] == 0) != wish.version:
                raise WrongResourceState()
            await _demand_new(session, resource_id, above[0], wish.version)
            row = await self._new(session, actor, held, (below, above[0]), wish)
            work.target = resource_id
            work.detail = detail_of(version=row.version, level=row.level, node=above[0].name)

    async def recall(self, actor: Actor, reference_id: str, wish: w.ReferenceRecall) -> None:
        """撤回推荐, by the level below.

        Raises:
            ResourceNotFound: there is none for the actor.
            Forbidden: the actor may not.
            WrongResourceState: it waits no more.
            ChangedMeanwhile: it is another revision.
        """
        async with self.opened(actor, AuditAction.REFERENCE_RECALL, reference_id) as (work, found):
            if not may_recall(actor, found.row, found.held):
                raise Forbidden()
            demand_revision(found.row, wish.revision)
            self.step(found.row, Step.RECALL)
            work.detail = detail_of(version=found.row.version)

    async def publish(self, actor: Actor, reference_id: str, wish: w.ReferencePublish) -> None:
        """发布 at the node what was passed there, or change for whom it is shown.

        Raises as `recall`, and:
            Refused: a source lacks consent for so many, and is not hidden.
            Invalid: the end is in the past.
        """
        now = self._ground.clock.now()
        if wish.expires_at is not None and (
            wish.expires_at.tzinfo is None or wish.expires_at <= now
        ):
            raise Invalid(code=ProblemCode.IN_THE_PAST, field="expires_at")
        async with self._ground.database.read() as session:
            seen = await store.one(session, reference_id)
        if seen is None:
            raise ResourceNotFound()
        manifest = await self._ground.whole(seen.held.row.recording_id)
        async with self.opened(
            actor, AuditAction.REFERENCE_PUBLISH, reference_id, Action.PUBLISH_RESOURCE
        ) as (work, found):
            row, held, session = found.row, found.held, work.session
            publication = held.publication
            demand_revision(row, wish.revision)
            if held.row.state != ResourceState.PUBLISHED or publication is None:
                raise WrongResourceState()
            wide = shared_as(wish.scope, OrgLevel(found.node.level))
            await self._ground.demand_consent(session, held, found.version, manifest, wide)
            before = row.scope
            if row.state == ReferenceState.PUBLISHED:
                row.revision += 1
            else:
                former = await store.published_at(session, row.resource_id, row.node_id)
                if former is not None:
                    self.step(former, Step.SUPERSEDE)
                    await session.flush()  # one copy is published at a node
                self.step(row, Step.PUBLISH)
                row.published_at = now
                edits = edits_of(found.version)
                row.shown_s = round(shown_s(edits.keep, manifest.entry.duration_s), 3)
                row.has_cover = manifest.entry.has_thumbnail and not needs_edition(edits)
            row.scope, row.shared_as = wish.scope, wide
            row.expires_at, row.expired, row.updated_at = wish.expires_at, False, now
            note_shown(publication, wish.scope, now)
            await session.flush()
            await put(self._ground.index, session, held.row)
            work.detail = detail_of(
                version=row.version, scope=[before, wish.scope], until=wish.expires_at
            )

    async def withdraw(self, actor: Actor, reference_id: str, wish: w.ReferenceWithdraw) -> None:
        """下架 at the node, and above it. Raises as `recall`; Invalid: the note is missing."""
        if wish.reason is WithdrawReason.OTHER and not wish.note:
            raise Invalid(code=ProblemCode.NOTE_MISSING, field="note")
        async with self.opened(
            actor, AuditAction.REFERENCE_WITHDRAW, reference_id, Action.WITHDRAW_RESOURCE
        ) as (work, found):
            row, held, session = found.row, found.held, work.session
            demand_revision(row, wish.revision)
            if row.state != ReferenceState.PUBLISHED:
                raise WrongResourceState()
            ending = Ending(wish.reason, wish.note, self._ground.clock.now())
            withdraw_copy(row, ending)
            above = await take_off(session, held.resource_id, ending, above=found.node.path)
            if held.publication is not None:
                held.publication.changed_at = ending.at
            await session.flush()
            await put(self._ground.index, session, held.row)
            work.detail = detail_of(
                version=row.version,
                reason=wish.reason,
                note=wish.note or None,
                copies=above or None,
            )

    async def permit(
        self, actor: Actor, deed: AuditAction, action: Action, reference_id: str
    ) -> None:
        """Raise ResourceNotFound or Forbidden before a deed; the refusal is audited."""
        async with self._ground.database.read() as session:
            found = await store.one(session, reference_id)
        try:
            if action is Action.RECOMMEND_RESOURCE and found is not None:
                _demand_below(actor, found)
            else:
                demand(actor, found, action)
        except SignalingError as error:
            if found is not None:
                await self._note(actor, deed, _about(found), error)
            raise

    @asynccontextmanager
    async def opened(
        self,
        actor: Actor,
        deed: AuditAction,
        reference_id: str,
        action: Action = Action.READ_RESOURCE,
    ) -> AsyncIterator[tuple[Work, Recommended]]:
        """Open a recommendation for one action; a refusal leaves an audit row of its own."""
        about: tuple[str, str, str] | None = None  # a rollback takes the rows away
        try:
            async with self._ground.audit.work(actor, deed, reference_id) as work:
                found = await store.one(work.session, reference_id)
                if found is None:
                    raise ResourceNotFound()
                # Whoever changes a resource or its copies holds the resource's row.
                await load(work.session, found.row.resource_id, lock=True)
                await work.session.refresh(found.row)
                about = _about(found)
                if action is Action.READ_RESOURCE:
                    _demand_below(actor, found)
                else:
                    demand(actor, found, action)
                work.concerns(found.node.path, found.held.row.title)
                yield work, found
        except SignalingError as error:
            if about is not None:
                await self._note(actor, deed, about, error)
            raise

    def step(self, row: ReferenceRow, step: Step) -> None:
        """Bring a recommendation to the state after a step. Raises WrongResourceState."""
        level = None if row.level is None else ReviewLevel(row.level)
        try:
            row.state, row.level = stepped(
                ReferenceState(row.state), level, step, levels_of(row.levels)
            )
        except WrongStep as error:
            raise WrongResourceState(str(error)) from None
        row.revision += 1
        row.updated_at = self._ground.clock.now()

    # --- inside ----------------------------------------------------------------------------------

    async def _note(
        self, actor: Actor, deed: AuditAction, about: tuple[str, str, str], error: SignalingError
    ) -> None:
        """Audit that somebody tried what he or she may not; `about` are id, path and title."""
        resource_id, path, title = about
        await self._ground.note_refusal(actor, deed, resource_id, (path, title), error)

    async def _new(
        self,
        session: AsyncSession,
        actor: Actor,
        held: Held,
        way: tuple[OrgNodeRow, OrgNodeRow],
        wish: w.ResourceRecommend,
    ) -> ReferenceRow:
        below, above = way
        count, now = await levels_for(session, above.path), self._ground.clock.now()
        row = ReferenceRow(
            reference_id=new_id(),
            resource_id=held.resource_id,
            version=wish.version,
            node_id=above.node_id,
            from_id=below.node_id,
            state=ReferenceState.IN_REVIEW,
            level=levels_of(count)[0],
            levels=count,
            revision=1,
            note=wish.note,
            by_id=actor.actor_id,
            by_name=actor.name,
            submitted_at=now,
            updated_at=now,
            expired=False,
            assigned_to=None,
            assigned_name=None,
            withdraw_note="",
            from_below=False,
            shown_s=0.0,
            has_cover=False,
        )
        session.add(row)
        await session.flush()
        return row


async def _shown_at(
    session: AsyncSession, held: Held, node: OrgNodeRow, *, first: bool
) -> int | None:
    """Return the version that a node shows; `first`: the resource lies in it."""
    if held.publication is None or held.row.state != ResourceState.PUBLISHED:
        return None
    if first:
        return held.publication.version
    shown = await store.published_at(session, held.resource_id, node.node_id)
    return None if shown is None else shown.version


async def _demand_new(
    session: AsyncSession, resource_id: str, node: OrgNodeRow, version: int
) -> None:
    waits = await store.at_work(session, resource_id, node.node_id)
    shown = await store.published_at(session, resource_id, node.node_id)
    if waits is not None or (shown is not None and shown.version == version):
        raise Refused(code=ProblemCode.RECOMMENDED_ALREADY, field="version")


def _about(found: Recommended) -> tuple[str, str, str]:
    return found.row.resource_id, found.held.path, found.held.row.title


def _demand_below(actor: Actor, found: Recommended) -> None:
    if not found.held.allows(actor, Action.READ_RESOURCE):
        raise ResourceNotFound()
    if not may_recall(actor, found.row, found.held):
        raise Forbidden()


def demand_revision(row: ReferenceRow, revision: int) -> None:
    """Raise ChangedMeanwhile unless this is the revision that was read."""
    if row.revision != revision:
        raise ChangedMeanwhile(field="revision", facts={"version": row.revision})

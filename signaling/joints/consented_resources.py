"""Consent and library: what lacks consent is not published, and is taken off when one ends."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from signaling.base.clock import Clock
from signaling.base.database import Database
from signaling.consent.events import ConsentEnd, ConsentWithdrawn
from signaling.consent.gate import ConsentGate
from signaling.consent.rules import StageTime
from signaling.consent.store import EndPlace
from signaling.consent.wire import ConsentScope, MissingConsent
from signaling.lessons.seats import LEAD_PARTICIPANT
from signaling.lessons.sources import SourceKind, camera_of, split_source
from signaling.library.publishing.service import Publishing
from signaling.library.tables import ResourceRow
from signaling.library.versions.checks import Checked, MissingSource
from signaling.library.versions.wire import CheckCode, CheckFinding, CheckWeight, ShareScope
from signaling.library.wire import ResourceState, Span

# A sweep looks so far behind the one before: more than a publish or its commit takes.
_OVERLAP = timedelta(minutes=5)
_FIRST_LOOK = timedelta(days=366)  # the first sweep's: a server may have stood still for long
_STEP = 500  # lessons or ends of one query
_MOST_PAGES = 100  # queries for lessons in one round; a class has some 600 lessons in a term
_MOST_ASKED = 1_000  # recordings that are asked about in one round
_MOST_SPANS = 50  # of one room that are named
_MOST_WAITING = 1_000  # ends that wait for a round; the walk finds what is dropped

log = structlog.get_logger(__name__)


class ResourceConsents:
    """Lends the gate of consent. Implements the library's `versions.checks.ConsentGate`."""

    def __init__(self, gate: ConsentGate) -> None:
        self._gate = gate

    async def missing(
        self,
        recording_id: str,
        sources: Collection[str],
        scope: ShareScope,
        *,
        within: AsyncSession | None = None,
    ) -> Sequence[MissingSource]:
        """Return those of the sources that may not be shown to so many."""
        to = ConsentScope(scope)
        found = await self._gate.missing(recording_id, sources, to, within=within)
        return [_missing(one) for one in found]


def _missing(one: MissingConsent) -> MissingSource:
    allowed = None if one.allowed is None else ShareScope(one.allowed)
    return MissingSource(one.source_id, one.place, one.picture_only, allowed)


class SpillCheck:
    """Tells reviewers when a room without consent may be heard in the teacher's microphone.

    Implements the library's `versions.checks.ReviewCheck`.
    """

    def __init__(self, gate: ConsentGate) -> None:
        self._gate = gate

    async def findings(self, version: Checked) -> Sequence[CheckFinding]:
        """Return a finding for each such room, with the seconds in which it was on stage."""
        manifest = version.manifest
        if manifest is None or not manifest.stage or not any(map(_is_voice, version.shown_sources)):
            return ()
        sources = [one.source_id for one in manifest.sources]
        # A room without a picture of its own was heard all the same.
        sources += [camera_of(one.participant_id) for one in manifest.stage]
        stage = [StageTime(one.participant_id, one.start_s, one.end_s) for one in manifest.stage]
        spans: dict[str, list[Span]] = {}
        names: dict[str, str] = {}
        for one in await self._gate.spilled(version.recording_id, set(sources), stage):
            spans.setdefault(one.participant_id, []).append(Span(one.start_s, one.end_s))
            names[one.participant_id] = one.place
        return [
            CheckFinding(
                CheckCode.VOICE_SPILL,
                CheckWeight.WARNING,
                name=names[room] or None,
                spans=tuple(found[:_MOST_SPANS]),
            )
            for room, found in spans.items()
        ]


def _is_voice(source_id: str) -> bool:
    """Tell whether the teacher's microphone is in a source."""
    try:
        participant_id, kind = split_source(source_id)
    except ValueError:
        return False
    return participant_id == LEAD_PARTICIPANT and kind is not SourceKind.COURSEWARE


@dataclass(slots=True)
class _Walk:
    """A way through what ended: the end under way, and how far its lessons are."""

    began: datetime
    since: datetime
    ends: deque[ConsentWithdrawn]
    place: EndPlace | None = None
    lesson: str = ""


@dataclass(slots=True)
class _Budget:
    """Work that is left to a round."""

    pages: int = field(default_factory=lambda: _MOST_PAGES)
    asked: int = field(default_factory=lambda: _MOST_ASKED)

    @property
    def is_left(self) -> bool:
        return self.pages > 0 and self.asked > 0


class ConsentFollower:
    """Takes off what shows a class whose consent has ended.

    It hears of each end. The sweep makes good what was lost, and what was published meanwhile. A
    round of it is bounded; the next one goes on where it stopped.
    """

    def __init__(
        self, database: Database, gate: ConsentGate, publishing: Publishing, clock: Clock
    ) -> None:
        self._database = database
        self._gate = gate
        self._publishing = publishing
        self._clock = clock
        self._since = clock.now() - _FIRST_LOOK
        self._walk: _Walk | None = None
        self._waiting: dict[ConsentWithdrawn, str] = {}  # heard, with the last lesson looked at
        self._unread: dict[str, None] = {}  # recordings of which nobody could tell; at most all

    async def on_consent_withdrawn(self, event: ConsentWithdrawn) -> None:
        """Ask anew about what is published of the lessons of a consent, the first of them at once.

        What ends because its time is over, a whole county's at the end of a term, waits for the
        sweep.
        """
        if event.cause is ConsentEnd.EXPIRED:
            return
        if len(self._waiting) < _MOST_WAITING:
            self._waiting[event] = ""
        lessons = await self._gate.lessons(event, "", _STEP)
        await self._ask(await self._published(lessons), _Budget())
        if len(lessons) < _STEP:
            self._waiting.pop(event, None)
        elif event in self._waiting:
            self._waiting[event] = lessons[-1]

    async def sweep(self) -> None:
        """Ask anew about all consents that ended lately; at first, within a year.

        A recording that could not be read is asked about again in the next sweep.
        """
        budget = _Budget()
        await self._ask(tuple(self._unread), budget)
        for event, after in tuple(self._waiting.items()):
            if await self._follow(event, after, budget):
                self._waiting.pop(event, None)
        await self._walk_on(budget)

    async def _walk_on(self, budget: _Budget) -> None:
        """Go through what ended, the newest first, as far as the budget reaches."""
        walk = self._walk
        if walk is None:
            walk = self._walk = _Walk(self._clock.now(), self._since, deque())
        while budget.is_left:
            if not walk.ends:
                found = await self._gate.ended_since(walk.since, walk.place, _STEP)
                if not found:
                    self._since, self._walk = walk.began - _OVERLAP, None
                    return
                walk.ends.extend(event for _, event in found)
                walk.place = found[-1][0]
            lessons = await self._gate.lessons(walk.ends[0], walk.lesson, _STEP)
            budget.pages -= 1
            await self._ask(await self._published(lessons), budget)
            walk.lesson = lessons[-1] if lessons else ""
            if len(lessons) < _STEP:
                walk.ends.popleft()
                walk.lesson = ""

    async def _follow(self, event: ConsentWithdrawn, after: str, budget: _Budget) -> bool:
        """Go on with one end; return whether all of its lessons were asked about."""
        while budget.is_left:
            lessons = await self._gate.lessons(event, after, _STEP)
            budget.pages -= 1
            await self._ask(await self._published(lessons), budget)
            if len(lessons) < _STEP:
                return True
            after = self._waiting[event] = lessons[-1]
        return False

    async def _ask(self, recording_ids: Iterable[str], budget: _Budget) -> None:
        """Ask about recordings, all of a page; those that cannot be read are asked about again."""
        for recording_id in recording_ids:
            budget.asked -= 1
            try:
                await self._publishing.reconsider((recording_id,))
            except Exception:
                # One whose media cannot be read keeps no other from being taken off.
                if recording_id not in self._unread:
                    log.exception("consent_not_followed", recording_id=recording_id)
                self._unread[recording_id] = None
            else:
                self._unread.pop(recording_id, None)

    async def _published(self, lesson_ids: Sequence[str]) -> Sequence[str]:
        """Return the recordings of lessons that are published, all that a lesson has."""
        query = select(ResourceRow.recording_id).where(
            ResourceRow.lesson_id.in_(lesson_ids),
            ResourceRow.state == ResourceState.PUBLISHED,
        )
        async with self._database.read() as session:
            return (await session.scalars(query)).all()

"""Calendar feeds: made anew, revoked, and read by whoever has the URL."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from signaling.access.actions import Action
from signaling.access.grants import allows, demand_somewhere
from signaling.access.roles import Actor
from signaling.access.signing import fingerprint
from signaling.audit.actions import AuditAction
from signaling.audit.log import SYSTEM, AuditLog
from signaling.base.clock import Clock
from signaling.base.errors import NotFound, TooManyRequests
from signaling.base.ids import new_secret
from signaling.base.rate_limit import BucketRule, Buckets, FailureLimiter, LimiterRule
from signaling.identity.events import AccountEnded
from signaling.timetable.feeds.entries import Entry, FeedDigest
from signaling.timetable.feeds.owners import FeedOwner, owner_of
from signaling.timetable.feeds.rendering import Renderer
from signaling.timetable.feeds.shown import ShownLessons, Window
from signaling.timetable.feeds.store import FeedStore, KnownFeed
from signaling.timetable.feeds.words import CALENDAR

PAST = timedelta(days=60)  # how far back a feed goes
AHEAD = timedelta(days=210)  # how far ahead it goes where no term says; a term has 30 weeks at most
DAY = timedelta(days=1)
# A program comes once an hour; a phone, a computer and an impatient person share one URL.
PER_SECRET = BucketRule(rate=1 / 60, burst=20)
# A school of a hundred teachers behind one address comes at the full hour.
PER_ADDRESS = BucketRule(rate=2, burst=240)
# Secrets have 256 bits. Who asks for wrong ones is held off, so that the database has rest.
WRONG = LimiterRule(max_failures=30, window_s=300, longest_s=3600)


@dataclass(frozen=True, slots=True)
class FeedText:
    """A feed as it was asked for; `body` is None where the caller has it already."""

    etag: str
    body: bytes | None


class CalendarFeeds:
    """The actions on calendar feeds."""

    def __init__(
        self,
        *,
        store: FeedStore,
        lessons: ShownLessons,
        renderer: Renderer,
        audit: AuditLog,
        clock: Clock,
    ) -> None:
        self._store = store
        self._lessons = lessons
        self._renderer = renderer
        self._audit = audit
        self._clock = clock
        self._per_secret = Buckets(PER_SECRET)
        self._per_address = Buckets(PER_ADDRESS)
        self._wrong = FailureLimiter(WRONG)

    # --- owners and admins -----------------------------------------------------------------------

    async def made_at(self, actor: Actor, owner: FeedOwner) -> datetime | None:
        """Return when a feed was made; None where there is none. Raises NotFound."""
        await self.demand(actor, owner)
        return await self._store.made_at(owner)

    async def renew(self, actor: Actor, owner: FeedOwner) -> tuple[str, datetime]:
        """Make somebody's feed anew; the URL before is dead. Raises NotFound.

        The secret is returned this once, with the time.
        """
        await self.demand(actor, owner)
        secret, now = new_secret(), self._clock.now()
        branch = await self._store.path_of(owner)
        audited = self._audit.work(actor, AuditAction.CALENDAR_FEED_MAKE, owner.owner_id)
        async with audited as work:
            work.concerns(branch or "")
            await self._store.put(work, owner, fingerprint(secret), now, actor.actor_id)
        return secret, now

    async def revoke(self, actor: Actor, owner: FeedOwner) -> None:
        """End somebody's feed. Raises NotFound."""
        await self.demand(actor, owner)
        await self._drop(actor, owner)

    async def demand(self, actor: Actor, owner: FeedOwner) -> None:
        """Raise NotFound unless the feed is the actor's own, or of the actor's branch."""
        if owner == owner_of(actor):
            return
        demand_somewhere(actor, Action.MANAGE_CALENDAR_FEEDS)
        path = await self._store.path_of(owner)
        branches = () if path is None else (path,)
        if not allows(actor, Action.MANAGE_CALENDAR_FEEDS, branches=branches):
            raise NotFound()

    async def end_with_account(self, event: AccountEnded) -> None:
        """End the feed of a closed account at once: opened again soon, it must not come back."""
        owner = FeedOwner(person_id=event.person_id)
        if await self._store.made_at(owner) is not None:
            await self._drop(SYSTEM, owner)

    async def forget_ended(self) -> None:
        """End the feeds of closed accounts, rooms and schools: opened again, they get new ones."""
        for owner in await self._store.ended(self._clock.now()):
            await self._drop(SYSTEM, owner)

    async def _drop(self, actor: Actor, owner: FeedOwner) -> None:
        branch = await self._store.path_of(owner)
        audited = self._audit.work(actor, AuditAction.CALENDAR_FEED_REVOKE, owner.owner_id)
        async with audited as work:
            work.concerns(branch or "")
            if not await self._store.drop(work, owner):
                work.nothing_to_do()

    # --- programs that read ----------------------------------------------------------------------

    async def read(self, secret: str, origin: str, known: Collection[str]) -> FeedText:
        """Return the feed of a secret.

        Args:
            secret: from the URL.
            origin: the key by which the caller's address is counted.
            known: the entity tags of what the caller has.

        Raises:
            NotFound: the secret is none, or none any more.
            TooManyRequests: too often from this address, or for this feed.
        """
        self._demand_patience(origin)
        secret_hash = fingerprint(secret)
        feed = await self._store.known(secret_hash, self._clock.now())
        if feed is None:
            self._wrong.note_failure(origin, self._clock.monotonic())
            raise NotFound()
        self._take(self._per_secret, secret_hash)
        return await self._text(feed, known)

    async def _text(self, feed: KnownFeed, known: Collection[str]) -> FeedText:
        window = await self._window(feed)
        name = f"{feed.name} {CALENDAR}"
        digest, entries = FeedDigest(name), list[Entry]()
        async for part in self._lessons.parts(feed, window):
            digest.add(part)
            entries += part
        if digest.etag in known:
            return FeedText(digest.etag, None)
        return FeedText(digest.etag, await self._renderer.render(name, entries))

    async def _window(self, feed: KnownFeed) -> Window:
        """Return the span of a feed. It moves by days, so that a feed at rest stays the same."""
        now = self._clock.now()
        start = (now - PAST).replace(hour=0, minute=0, second=0, microsecond=0)
        until = None
        if feed.county_id is not None:
            until = await self._lessons.planned_until(feed.county_id, now)
        return Window(start, now, until or start + PAST + AHEAD)

    def _demand_patience(self, origin: str) -> None:
        wait_s = self._wrong.retry_after(origin, self._clock.monotonic())
        if wait_s is not None:
            raise TooManyRequests(wait_s)
        self._take(self._per_address, origin)

    def _take(self, buckets: Buckets, key: str) -> None:
        wait_s = buckets.take(key, self._clock.monotonic())
        if wait_s is not None:
            raise TooManyRequests(wait_s)

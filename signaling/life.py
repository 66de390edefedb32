"""The life of the services: what a process does while it runs, by its roles."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from signaling.base.upkeep import Upkeep
from signaling.wiring import Services

LINK_POLL_S = 1.0
LINK_WRITE_S = 5.0
FACTS_S = 20.0  # what goes on in a lesson is lost by `kill -9` for so long at most
STILLS_S = 0.25
TICK_S = 1.0
LOGIN_CHECK_S = 5.0  # what a command on the server ends is over within this
HOUSEKEEPING_S = 30.0
RETENTION_S = 60.0  # a deletion comes days after its notice; files go within this
CONSENT_S = 20.0  # what consent no longer covers is off within this, if its event was lost
Chores = list[Callable[[], Awaitable[None]]]


class Life:
    """Starts and stops the services of a process, and keeps up what they look after.

    Attributes:
        housekeeping: what a worker does twice a minute; more may be added.
    """

    def __init__(self, services: Services) -> None:
        self.housekeeping = _database_chores(services)
        self._services = services
        self._upkeep = Upkeep()

    async def start(self) -> None:
        """Begin what this process does. The relay and the recorder run already."""
        self._services.loop_watch.start()
        s, roles = self._services, self._services.config.roles
        s.loop_watch.start()
        if "worker" in roles:
            await self._start_work()
        if "cell" in roles:
            await self._start_rooms()
        if "web" in roles:
            self._upkeep.every(HOUSEKEEPING_S, "uses", [s.resources.uses.write])

    async def join(self) -> None:
        """Tell other processes that this one answers. HTTP is served already."""
        if self._services.cluster is not None:
            await self._services.cluster.join()

    async def drain(self) -> None:
        """Move this cell's lessons to others, as far as there are any. HTTP is still served."""
        if self._services.cluster is not None:
            await self._services.cluster.drain()

    async def leave(self) -> None:
        """Take no new lessons. HTTP is still served."""
        if self._services.cluster is not None:
            await self._services.cluster.leave()

    async def stop(self) -> None:
        """Stop the upkeep and the rooms; the database closes last."""
        self._services.loop_watch.stop()
        s = self._services
        s.loop_watch.stop()
        await self._upkeep.stop()
        await s.supervisor.stop()
        await s.hub.stop()
        await s.ledger.counter.stop()
        await s.drafts.stop()
        s.link_history.close_all()
        await s.link_history.write()
        await s.resources.uses.write()
        if s.cluster is not None:
            await s.cluster.stop()
        await s.tracing.close()
        await s.database.close()

    async def _start_work(self) -> None:
        s = self._services
        await s.drafts.start()
        s.ledger.counter.start()
        await s.file_desk.checked.tidy_all()
        await s.supervisor.start()
        self._upkeep.every(HOUSEKEEPING_S, "housekeeping", self.housekeeping)
        # A round of its own: the first one after a start, and the end of a term, take long.
        consents = [s.consents.desk.tell_over, s.consent_follower.sweep]
        self._upkeep.every(CONSENT_S, "consents", consents)
        self._upkeep.every(RETENTION_S, "retention", [s.resources.deletions.sweep])

    async def _start_rooms(self) -> None:
        s = self._services
        s.hub.start()
        if s.cluster is None:
            await s.hub.take_up_live()
        else:
            s.drafts.listen()
            s.cluster.hold(s.classroom)
        for period_s, name, jobs in (
            (TICK_S, "tick", [s.hub.tick]),
            (LINK_POLL_S, "links", [s.hub.judge_links]),
            (LINK_WRITE_S, "link-history", [s.link_history.write]),
            (FACTS_S, "facts", [s.fact_keeper.beat]),
            (STILLS_S, "stills", [s.hub.deliver_stills]),
            (LOGIN_CHECK_S, "logins", [s.classroom.session_watch.sweep]),
            (HOUSEKEEPING_S, "room-housekeeping", _room_chores(s)),
        ):
            self._upkeep.every(period_s, name, jobs)


def _room_chores(services: Services) -> Chores:
    """Upkeep of the live rooms, in the process that has them."""
    watch = services.classroom.lesson_watch
    return [watch.reconcile, watch.end_forgotten, services.hub.retry_recordings]


def _database_chores(services: Services) -> Chores:
    """Upkeep of what is in the database, by one process of an installation."""
    s = services
    return [
        s.identity_desk.forget_expired,
        s.directory_desk.grants.remove_ended,
        s.link_history.forget_old,
        s.timetable.plans.settle_by_itself,
        s.ledger.counter.catch_up,
        s.jobs.forget_old,
        s.supervisor.take_over_stale,
        s.kept_files.delete_expired,
        lambda: s.file_desk.checks.continue_all(s.files),
        s.timetable.feeds.forget_ended,
        s.timetable.proposals.forget_old,
        s.harvests.submit_due,
        s.resources.publishing.notice_expired,
        s.resources.editions.keep_up,
        s.resources.films.keep_up,
        s.resources.uploads.keep_up,
        s.resources.captions.keep_up,
    ]

"""Everything the HTTP face calls, put together over one relay and one recorder."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

import structlog

from recorder.api import Recorder
from relay.api import Relay
from signaling.clock import Clock, SystemClock
from signaling.config import Config
from signaling.core.room_state import RoomLimits
from signaling.db.audit_log import AuditLog
from signaling.db.engine import Database
from signaling.db.lesson_store import LessonStore
from signaling.db.link_store import LinkStore
from signaling.db.migrate import migrate
from signaling.db.people_store import PeopleStore
from signaling.db.session_store import SessionStore
from signaling.health_check import HealthCheck
from signaling.hub import RoomHub
from signaling.identity import IdentityService
from signaling.lessons import LessonService
from signaling.library import Library
from signaling.link_history import LinkHistory
from signaling.media import MediaDesk
from signaling.media_sessions import MediaSessions
from signaling.passwords import Passwords
from signaling.secret_file import load_keyring
from signaling.session_watch import SessionWatch
from signaling.still_desk import StillDesk

log = structlog.get_logger(__name__)

LINK_POLL_S = 1.0
LINK_WRITE_S = 5.0
STILLS_S = 0.25
TICK_S = 1.0
LOGIN_CHECK_S = 5.0  # what a command on the server ends is over within this
HOUSEKEEPING_S = 30.0


class Services:
    """The signaling service: stores, rules and live rooms, with their upkeep."""

    def __init__(
        self, config: Config, relay: Relay, recorder: Recorder, *, clock: Clock | None = None
    ) -> None:
        self.config = config
        self.relay = relay
        self.recorder = recorder
        self.clock = clock or SystemClock()
        keyring = load_keyring(config.data, self.clock.now().timestamp())
        self.database = Database(config.database)
        self.audit = AuditLog(self.database, self.clock)
        self.people = PeopleStore(self.database)
        self.logins = SessionStore(self.database)
        self.lesson_store = LessonStore(self.database)
        self.passwords = Passwords(config.password_threads)
        self.media_sessions = MediaSessions()
        self.link_history = LinkHistory(
            LinkStore(self.database), self.clock, config.link_history_days
        )
        self.hub = RoomHub(
            relay=relay,
            recorder=recorder,
            lessons=self.lesson_store,
            sessions=self.media_sessions,
            links=self.link_history,
            clock=self.clock,
            limits=RoomLimits(config.max_on_stage, hand_grace_s=config.hand_grace_s),
        )
        self.lessons = LessonService(self.lesson_store, self.audit, self.hub, self.clock, config)
        self.session_watch = SessionWatch(self.logins, self.hub, self.media_sessions, relay)
        self.identity = IdentityService(
            people=self.people,
            sessions=self.logins,
            lessons=self.lesson_store,
            audit=self.audit,
            passwords=self.passwords,
            clock=self.clock,
            config=config,
            keyring=keyring,
            in_use=self.session_watch.in_use,
        )
        self.media = MediaDesk(
            relay=relay,
            hub=self.hub,
            sessions=self.media_sessions,
            audit=self.audit,
            clock=self.clock,
            config=config,
            keyring=keyring,
        )
        self.stills = StillDesk(self.hub, self.clock)
        self.health = HealthCheck(config.data, self.database, relay, recorder, self.clock)
        self.library = Library(recorder, self.lesson_store, self.audit, config.path_prefix)
        self.housekeeping: list[Callable[[], Awaitable[None]]] = [
            self.lessons.reconcile,
            self.lessons.end_forgotten,
            self.hub.retry_recordings,
            self.identity.forget_expired,
            self.link_history.forget_old,
        ]
        self._upkeep: list[asyncio.Task[None]] = []

    async def prepare(self) -> None:
        """Bring the database up to date; before anything else."""
        await migrate(self.database)

    async def start(self) -> None:
        """Take up live lessons and begin the upkeep. The relay and the recorder run already."""
        await self.hub.start()
        self._upkeep = [
            asyncio.create_task(_periodically(period, deed), name=f"upkeep-{name}")
            for name, period, deed in (
                ("tick", TICK_S, self._tick),
                ("links", LINK_POLL_S, self._judge_links),
                ("link-history", LINK_WRITE_S, self.link_history.write),
                ("stills", STILLS_S, self._deliver_stills),
                ("logins", LOGIN_CHECK_S, self.session_watch.sweep),
                ("housekeeping", HOUSEKEEPING_S, self._keep_house),
            )
        ]

    async def stop(self) -> None:
        """Stop the upkeep and the rooms; the database closes last."""
        for task in self._upkeep:
            task.cancel()
        for task in self._upkeep:
            with contextlib.suppress(asyncio.CancelledError):
                await task
        await self.hub.stop()
        self.link_history.close_all()
        await self.link_history.write()
        await self.database.close()

    async def _tick(self) -> None:
        self.hub.tick()

    async def _judge_links(self) -> None:
        self.hub.judge_links()

    async def _deliver_stills(self) -> None:
        self.hub.deliver_stills()

    async def _keep_house(self) -> None:
        for deed in self.housekeeping:
            try:
                await deed()
            except Exception:
                log.exception("upkeep_failed")  # one that fails must not keep the others from it


async def _periodically(period_s: float, deed: Callable[[], Awaitable[None]]) -> None:
    while True:
        await asyncio.sleep(period_s)
        try:
            await deed()
        except Exception:
            log.exception("upkeep_failed")  # the next round may fare better

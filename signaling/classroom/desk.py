"""The live rooms and those who watch over them, put together over one relay and one recorder."""

from __future__ import annotations

from recorder.api import Recorder
from relay.api import Relay
from signaling.audit.log import AuditLog
from signaling.base.clock import Clock
from signaling.base.config import Config
from signaling.base.database import Database
from signaling.base.fences import Fences
from signaling.classroom.entry import ClassroomEntry
from signaling.classroom.fact_keeping import FactKeeper
from signaling.classroom.hub import RoomHub
from signaling.classroom.lesson_watch import LessonWatch
from signaling.classroom.local_lessons import LocalLessons
from signaling.classroom.moving import Drain, LessonMover, Others
from signaling.classroom.parts.part import RoomLimits
from signaling.classroom.seat_watch import SeatWatch
from signaling.classroom.session_watch import SessionWatch
from signaling.classroom.store import RoomStore
from signaling.classroom.taking_up import LessonTaker
from signaling.classroom.tenure import Tenure
from signaling.directory.store import PeopleStore
from signaling.identity.store import SessionStore
from signaling.lessons.service import LessonService
from signaling.lessons.store import LessonStore
from signaling.links.service import LinkHistory
from signaling.media.sessions import MediaSessions


class ClassroomDesk:
    """The live rooms of this process.

    Attributes:
        rooms: what a room keeps over a restart.
        hub: the open rooms.
        entry: lets people into a lesson.
        taker: takes lessons up into this process.
        lesson_watch: ends lessons that everybody has left or forgotten.
        session_watch: ends the seats of logins that have ended.
        seat_watch: ends the seats of people who may no longer be there.
        local: what other wings may ask about these rooms.
    """

    def __init__(
        self,
        *,
        relay: Relay,
        recorder: Recorder,
        database: Database,
        lesson_store: LessonStore,
        lessons: LessonService,
        people: PeopleStore,
        logins: SessionStore,
        sessions: MediaSessions,
        links: LinkHistory,
        facts: FactKeeper,
        audit: AuditLog,
        clock: Clock,
        config: Config,
        tenure: Tenure,
        fences: Fences,
    ) -> None:
        self.rooms = RoomStore(database, fences)
        self.hub = RoomHub(
            relay=relay,
            recorder=recorder,
            lessons=lesson_store,
            store=self.rooms,
            sessions=sessions,
            links=links,
            facts=facts,
            clock=clock,
            limits=RoomLimits(config.max_on_stage, hand_grace_s=config.hand_grace_s),
            tenure=tenure,
        )
        self.entry = ClassroomEntry(lessons, self.hub, audit, fences)
        self.taker = LessonTaker(tenure, self.hub, lesson_store)
        self._tenure, self._lessons, self._clock = tenure, lesson_store, clock
        self.lesson_watch = LessonWatch(
            store=lesson_store,
            lessons=lessons,
            hub=self.hub,
            tenure=tenure,
            clock=clock,
            config=config,
        )
        self.session_watch = SessionWatch(logins, self.hub, sessions, relay)
        self.seat_watch = SeatWatch(
            people=people,
            logins=logins,
            lessons=lessons,
            hub=self.hub,
            sessions=sessions,
            relay=relay,
            clock=clock,
        )
        self.local = LocalLessons(self.hub, lesson_store, self.session_watch, self.seat_watch)

    def drain_to(self, others: Others) -> Drain:
        """Return what empties this process of lessons; it does nothing until it is told to."""
        mover = LessonMover(self.hub, self._lessons, self._tenure, others, self._clock)
        return Drain(mover, self.hub)

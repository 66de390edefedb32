"""The services over one relay and one recorder: who gets what."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from urllib.parse import urlsplit

from recorder.api import Recorder
from relay.api import Relay
from signaling.access.secret_file import load_keyring
from signaling.access.signing import Keyring
from signaling.audit.log import AuditLog
from signaling.base.clock import Clock, SystemClock
from signaling.base.config import Config
from signaling.base.database import Database
from signaling.base.events import Events
from signaling.base.migrate import migrate
from signaling.base.upkeep import Upkeep
from signaling.classroom.api import InTime, LiveLessons
from signaling.classroom.entry import ClassroomEntry
from signaling.classroom.fact_keeping import FactKeeper
from signaling.classroom.hub import RoomHub
from signaling.classroom.lesson_watch import LessonWatch
from signaling.classroom.local_lessons import LocalLessons
from signaling.classroom.media_rooms import MediaRooms
from signaling.classroom.notices.service import NoticeDesk
from signaling.classroom.parts.part import RoomLimits
from signaling.classroom.seat_watch import SeatWatch
from signaling.classroom.session_watch import SessionWatch
from signaling.classroom.stills.intake import StillDesk
from signaling.classroom.store import RoomStore
from signaling.classroom.wire import ByeReason
from signaling.directory.choices import Choices
from signaling.directory.desk import DirectoryDesk
from signaling.directory.events import GrantsEnded
from signaling.directory.service import DirectoryService
from signaling.directory.store import PeopleStore
from signaling.directory.workbooks.service import WorkbookService
from signaling.files.keeping import Files
from signaling.files.service import FileService
from signaling.files.storage import FolderFiles
from signaling.files.store import FileStore
from signaling.identity.accounts.changes import end_sessions
from signaling.identity.desk import Ground, IdentityDesk
from signaling.identity.events import AccountEnded, LoginsEnded
from signaling.identity.passwords import Passwords
from signaling.identity.store import SessionStore
from signaling.jobs.events import JobEnded
from signaling.jobs.process import ProcessWorkers
from signaling.jobs.service import JobService
from signaling.jobs.store import JobStore
from signaling.jobs.supervisor import Supervisor
from signaling.joints.ledger_plans import TimetablePlans
from signaling.joints.live_seats import SeatsNow
from signaling.ledger.amending import Amending
from signaling.ledger.areas import Areas
from signaling.ledger.board import Board
from signaling.ledger.core.formula import FormulaSettings
from signaling.ledger.counter import LedgerCounter
from signaling.ledger.counting import Counting
from signaling.ledger.county_routes import CountyHandlers
from signaling.ledger.deciding import Deciding
from signaling.ledger.duty_keeping import DutyKeeper
from signaling.ledger.evidence import Evidence
from signaling.ledger.months import Months
from signaling.ledger.overview import Overview
from signaling.ledger.questions import Questions
from signaling.ledger.requirement_versions import RequirementVersions
from signaling.ledger.requirements import Requirements
from signaling.ledger.routes import LedgerHandlers
from signaling.ledger.units import UnitReader
from signaling.lessons.ahead import LessonBook
from signaling.lessons.events import LessonChanged, LessonFactsKept
from signaling.lessons.facts import FactStore
from signaling.lessons.service import LessonService
from signaling.lessons.store import LessonStore
from signaling.library.drafts import Drafts
from signaling.library.finding import Finder
from signaling.library.indexing import index_of
from signaling.library.service import Library
from signaling.library.store import ResourceStore
from signaling.links.service import LinkHistory
from signaling.links.store import LinkStore
from signaling.media.service import MediaDesk
from signaling.media.sessions import MediaSessions
from signaling.timetable.bells import BellSchedules
from signaling.timetable.changes import LessonChanges
from signaling.timetable.days import CalendarDays
from signaling.timetable.events import TeachingDaysChanged, TimetableChanged
from signaling.timetable.feeds.rendering import Renderer
from signaling.timetable.feeds.service import CalendarFeeds
from signaling.timetable.feeds.shown import ShownLessons
from signaling.timetable.feeds.store import FeedStore
from signaling.timetable.feeds.writing import CalendarWriter
from signaling.timetable.imports.service import Imports
from signaling.timetable.imports.workbooks import TimetableWorkbooks
from signaling.timetable.judging import Judge
from signaling.timetable.lesson_wishes import LessonWishes
from signaling.timetable.news import ChangeBoard
from signaling.timetable.onward import Onward
from signaling.timetable.planning import Planner
from signaling.timetable.plans import Plans
from signaling.timetable.proposals.events import AdoptionReporter
from signaling.timetable.proposals.service import Proposals
from signaling.timetable.reporting import ChangeReporter
from signaling.timetable.setting_routes import SettingHandlers
from signaling.timetable.settling import Settler
from signaling.timetable.terms import Terms
from signaling.timetable.unwanted import UnwantedPeriods
from signaling.timetable.weeks import WeekPages
from signaling.web.health_check import HealthCheck

LINK_POLL_S = 1.0
LINK_WRITE_S = 5.0
FACTS_S = 20.0  # what goes on in a lesson is lost by `kill -9` for so long at most
STILLS_S = 0.25
TICK_S = 1.0
LOGIN_CHECK_S = 5.0  # what a command on the server ends is over within this
HOUSEKEEPING_S = 30.0
JOB_WORKER = "signaling.command.work"  # the module of the worker process
LOCAL_HOST = "tongke.local"  # in ids of calendar entries, where no public URL names the server


class Services:
    """The signaling service: stores, rules and live rooms, with their upkeep."""

    def __init__(
        self,
        config: Config,
        relay: Relay,
        recorder: Recorder,
        *,
        clock: Clock | None = None,
        live: Callable[[LiveLessons], LiveLessons] = InTime,
    ) -> None:
        """Put them together.

        Args:
            config: the settings.
            relay: forwards the media.
            recorder: keeps the lessons.
            clock: the time; the machine's if None.
            live: makes of the live lessons in this process what the other wings may ask.
        """
        self.config = config
        self.relay = relay
        self.recorder = recorder
        self.clock = clock or SystemClock()
        keyring = load_keyring(config.data, self.clock.now().timestamp())
        self.database = Database(config.database)
        self.events = Events()
        self.audit = AuditLog(self.database, self.clock, self.events)
        self.people = PeopleStore(self.database)
        self.directory = DirectoryService(Choices(self.database), self.clock)
        self.lesson_book = LessonBook()
        self.directory_desk = DirectoryDesk(
            self.database, self.audit, self.clock, self.lesson_book, end_sessions
        )
        self.logins = SessionStore(self.database)
        self.lesson_store = LessonStore(self.database)
        self.room_store = RoomStore(self.database)
        self.passwords = Passwords(config.password_threads)
        self._wire_jobs()
        self._wire_classroom()
        self.live = live(
            LocalLessons(self.hub, self.lesson_store, self.session_watch, self.seat_watch)
        )
        self.events.subscribe(LessonChanged, lambda event: self.live.follow(event.lesson_id))
        self.events.subscribe(LoginsEnded, lambda event: self.live.end_logins(event.session_hashes))
        self.events.subscribe(GrantsEnded, lambda event: self.live.review_seats(event.person_id))
        self.notices = NoticeDesk(self.lessons, self.live, self.audit, self.clock)
        self._wire_ledger()
        self._wire_identity(keyring)
        self._wire_media(keyring)
        self._wire_library()
        self._wire_timetable()
        self._wire_calendar_feeds()
        self.health = HealthCheck(
            config.data,
            self.database,
            {"relay": self._probe_relay, "recorder": self._probe_recorder},
            self.clock,
        )
        self.housekeeping: list[Callable[[], Awaitable[None]]] = [
            self.lesson_watch.reconcile,
            self.lesson_watch.end_forgotten,
            self.hub.retry_recordings,
            self.identity_desk.forget_expired,
            self.directory_desk.grants.remove_ended,
            self.link_history.forget_old,
            self.plans.settle_by_itself,
            self.ledger_counter.catch_up,
            self.jobs.forget_old,
            self.supervisor.take_over_stale,
            self.kept_files.delete_expired,
            self.calendar_feeds.forget_ended,
            self.proposals.forget_old,
        ]
        self._upkeep = Upkeep()

    def _wire_jobs(self) -> None:
        config = self.config
        self.file_store = store = FileStore(self.database)
        storage = FolderFiles(config.files)
        self.files = FileService(store, storage, self.audit, self.clock)
        self.kept_files = Files(store, storage, self.audit, self.clock)
        self.job_store = JobStore(self.database)
        self.jobs = JobService(self.job_store, self.audit, self.clock, config.job_days)
        self.directory_workbooks = WorkbookService(self.database, self.jobs, self.kept_files)
        self.supervisor = Supervisor(
            self.job_store,
            ProcessWorkers(config, JOB_WORKER),
            self.events,
            self.clock,
            at_once=config.job_workers,
        )

    def _wire_classroom(self) -> None:
        config, relay, recorder = self.config, self.relay, self.recorder
        self.media_sessions = MediaSessions()
        self.link_history = LinkHistory(
            LinkStore(self.database), self.clock, config.link_history_days
        )
        self.fact_store = FactStore(self.database)
        self.fact_keeper = FactKeeper(self.fact_store, self.clock, self._tell_facts_kept)
        self.hub = RoomHub(
            relay=relay,
            recorder=recorder,
            lessons=self.lesson_store,
            store=self.room_store,
            sessions=self.media_sessions,
            links=self.link_history,
            facts=self.fact_keeper,
            clock=self.clock,
            limits=RoomLimits(config.max_on_stage, hand_grace_s=config.hand_grace_s),
        )
        self.lessons = LessonService(self.lesson_store, self.audit, self.events, self.clock, config)
        self.entry = ClassroomEntry(self.lessons, self.hub, self.audit)
        self.lesson_watch = LessonWatch(
            store=self.lesson_store,
            lessons=self.lessons,
            hub=self.hub,
            clock=self.clock,
            config=config,
        )
        self.session_watch = SessionWatch(self.logins, self.hub, self.media_sessions, relay)
        self.seat_watch = SeatWatch(
            people=self.people,
            logins=self.logins,
            lessons=self.lessons,
            hub=self.hub,
            sessions=self.media_sessions,
            relay=relay,
            clock=self.clock,
        )

    def _wire_identity(self, keyring: Keyring) -> None:
        ground = Ground(
            self.database,
            self.people,
            self.logins,
            self.passwords,
            self.audit,
            self.clock,
            self.config,
            keyring,
        )
        self.identity_desk = IdentityDesk(
            ground,
            live=self.live,
            inviting=self.lesson_store,
            ahead=self.lesson_book,
            admins=self.directory_desk.admins,
        )
        self.identity = self.identity_desk.identity
        self.terminals = self.identity_desk.terminals

    def _wire_media(self, keyring: Keyring) -> None:
        self.media = MediaDesk(
            relay=self.relay,
            rooms=MediaRooms(self.hub),
            sessions=self.media_sessions,
            audit=self.audit,
            clock=self.clock,
            config=self.config,
            keyring=keyring,
        )
        self.stills = StillDesk(self.hub, self.clock)

    def _wire_library(self) -> None:
        resources = ResourceStore(self.database)
        self.drafts = Drafts(self.recorder, resources, self.clock)
        self.library = Library(
            recorder=self.recorder,
            resources=resources,
            finder=Finder(self.database, index_of(self.database)),
            drafts=self.drafts,
            lessons=self.lesson_store,
            audit=self.audit,
            prefix=self.config.path_prefix,
        )

    def _wire_ledger(self) -> None:
        config, plans = self.config, TimetablePlans()
        settings = FormulaSettings(config.valid_lesson_minutes)
        self.duties = DutyKeeper(self.database, plans)
        database, audit, clock = self.database, self.audit, self.clock
        counting = Counting(database, plans, settings, config.zone)
        self.ledger_counter = LedgerCounter(database, counting, self.duties, clock)
        amending = Amending(database, counting, self.fact_store, audit, clock)
        self.ledger = LedgerHandlers(
            overview=Overview(database, plans),
            units=UnitReader(database),
            evidence=Evidence(database, plans),
            amending=amending,
            deciding=Deciding(amending),
            board=Board(database, self.lesson_store, SeatsNow(self.live), clock, config.zone),
            jobs=self.jobs,
            questions=Questions(clock, config.zone, Areas(database)),
        )
        self.ledger_county = CountyHandlers(
            Requirements(database, self.duties, audit, clock),
            RequirementVersions(database, self.duties, audit, clock),
            Months(database, counting, self.ledger_counter, audit, clock),
        )
        self.events.subscribe(LessonChanged, self.ledger_counter.on_lesson_changed)
        self.events.subscribe(LessonFactsKept, self.ledger_counter.on_facts_kept)

    def _wire_timetable(self) -> None:
        config, zone = self.config, self.config.zone
        longest = timedelta(hours=config.max_lesson_hours)
        settings = (self.database, self.audit)
        self.settings = SettingHandlers(
            Terms(*settings, self.clock, zone),
            BellSchedules(*settings),
            CalendarDays(*settings),
            UnwantedPeriods(*settings),
        )
        judge = Judge(zone, longest, config.relay_mbps)
        self.planner = Planner(self.lesson_store, Settler(zone, judge), zone, longest)
        self.plans = Plans(*settings, self.clock, self.planner)
        self.lesson_changes = LessonChanges(
            database=self.database,
            audit=self.audit,
            clock=self.clock,
            lessons=self.lesson_store,
            wishes=LessonWishes(zone, longest),
            judge=judge,
            onward=Onward(self.planner, zone),
            zone=zone,
        )
        self.board = ChangeBoard()
        self.weeks = WeekPages(self.database, self.clock, self.board, zone)
        reporter = ChangeReporter(self.database, self.board, zone)
        self.events.subscribe(TimetableChanged, reporter.timetable_changed)
        self.events.subscribe(TimetableChanged, self._count_planned)
        self.events.subscribe(TeachingDaysChanged, self._owe_anew)
        self.events.subscribe(LessonChanged, reporter.lesson_changed)
        self.imports = Imports(
            database=self.database,
            audit=self.audit,
            clock=self.clock,
            jobs=self.jobs,
            job_store=self.job_store,
            files=self.kept_files,
            events=self.events,
        )
        self.timetable_workbooks = TimetableWorkbooks(self.database, self.jobs)
        self.events.subscribe(JobEnded, self.imports.job_ended)
        self.proposals = Proposals(*settings, self.clock, self.jobs, zone)
        adoptions = AdoptionReporter(self.database, self.events)
        self.events.subscribe(JobEnded, adoptions.job_ended)

    def _wire_calendar_feeds(self) -> None:
        config = self.config
        host = urlsplit(config.public_url or "").hostname or LOCAL_HOST
        self.calendar_feeds = CalendarFeeds(
            store=FeedStore(self.database),
            lessons=ShownLessons(self.database, config.zone),
            renderer=Renderer(CalendarWriter(config.time_zone, host)),
            audit=self.audit,
            clock=self.clock,
        )
        self.events.subscribe(AccountEnded, self.calendar_feeds.end_with_account)

    async def prepare(self) -> None:
        """Bring the database up to date; before anything else."""
        await migrate(self.database)

    async def start(self) -> None:
        """Take up live lessons and begin the upkeep. The relay and the recorder run already."""
        await self.drafts.start()
        await self.hub.start()
        self.ledger_counter.start()
        await self.supervisor.start()
        for period_s, name, jobs in (
            (TICK_S, "tick", [self.hub.tick]),
            (LINK_POLL_S, "links", [self.hub.judge_links]),
            (LINK_WRITE_S, "link-history", [self.link_history.write]),
            (FACTS_S, "facts", [self.fact_keeper.beat]),
            (STILLS_S, "stills", [self.hub.deliver_stills]),
            (LOGIN_CHECK_S, "logins", [self.session_watch.sweep]),
            (HOUSEKEEPING_S, "housekeeping", self.housekeeping),
        ):
            self._upkeep.every(period_s, name, jobs)

    async def stop(self) -> None:
        """Stop the upkeep and the rooms; the database closes last."""
        await self._upkeep.stop()
        await self.supervisor.stop()
        await self.hub.stop()
        await self.ledger_counter.stop()
        await self.drafts.stop()
        self.link_history.close_all()
        await self.link_history.write()
        await self.database.close()

    def say_goodbye(self) -> None:
        """Tell all channels and waiting pages that the server stops."""
        self.board.close()
        for room in self.hub.rooms:
            room.close(ByeReason.SHUTDOWN)

    async def _count_planned(self, event: TimetableChanged) -> None:
        self.ledger_counter.note(event.lesson_ids)

    async def _owe_anew(self, event: TeachingDaysChanged) -> None:
        """Let upkeep write anew what classes are owed, from the day on that has changed."""
        async with self.database.write() as session:
            await self.duties.rewind(session, (event.county_id,), event.first)

    async def _tell_facts_kept(self, lesson_id: str) -> None:
        await self.events.publish((LessonFactsKept(lesson_id),))

    async def _probe_relay(self) -> None:
        self.relay.counters()

    async def _probe_recorder(self) -> None:
        await self.recorder.entries(limit=1, before=None)

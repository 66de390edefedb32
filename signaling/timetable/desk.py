"""The services of the timetable (课表), put together over one database."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlsplit

from signaling.audit.log import AuditLog
from signaling.base.clock import Clock
from signaling.base.config import Config
from signaling.base.database import Database
from signaling.base.events import Events
from signaling.files.keeping import Files
from signaling.identity.events import AccountEnded
from signaling.jobs.events import JobEnded
from signaling.jobs.service import JobService
from signaling.jobs.store import JobStore
from signaling.lessons.events import LessonChanged
from signaling.lessons.store import LessonStore
from signaling.timetable.bells import BellSchedules
from signaling.timetable.changes import LessonChanges
from signaling.timetable.days import CalendarDays
from signaling.timetable.events import TimetableChanged
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

LOCAL_HOST = "tongke.local"  # in ids of calendar entries, where no public URL names the server


class TimetableDesk:
    """The services of the timetable, with calendar feeds.

    Attributes:
        settings: who answers terms, bell schedules, days off and unwanted periods.
        plans: the plans of a term, and the lessons that they make.
        changes: 停课, 调课, 代课, 补课.
        board: tells waiting pages that a week has changed.
        reporter: tells the board.
        weeks: the weeks that pages show.
        imports: timetables that come as workbooks.
        workbooks: empty and filled workbooks to import from.
        proposals: timetables that the solver proposes.
        feeds: calendars that phones subscribe to.
    """

    def __init__(
        self,
        *,
        database: Database,
        audit: AuditLog,
        clock: Clock,
        events: Events,
        jobs: JobService,
        job_store: JobStore,
        files: Files,
        lessons: LessonStore,
        config: Config,
    ) -> None:
        zone, longest = config.zone, timedelta(hours=config.max_lesson_hours)
        self.settings = SettingHandlers(
            Terms(database, audit, clock, zone),
            BellSchedules(database, audit),
            CalendarDays(database, audit),
            UnwantedPeriods(database, audit),
        )
        judge = Judge(zone, longest, config.relay_mbps)
        planner = Planner(lessons, Settler(zone, judge), zone, longest)
        self.plans = Plans(database, audit, clock, planner)
        self.changes = LessonChanges(
            database=database,
            audit=audit,
            clock=clock,
            lessons=lessons,
            wishes=LessonWishes(zone, longest),
            judge=judge,
            onward=Onward(planner, zone),
            zone=zone,
        )
        self.board = ChangeBoard()
        self.weeks = WeekPages(database, clock, self.board, zone)
        self.imports = Imports(
            database=database,
            audit=audit,
            clock=clock,
            jobs=jobs,
            job_store=job_store,
            files=files,
            events=events,
        )
        self.workbooks = TimetableWorkbooks(database, jobs)
        self.proposals = Proposals(database, audit, clock, jobs, zone)
        self.feeds = CalendarFeeds(
            store=FeedStore(database),
            lessons=ShownLessons(database, zone),
            renderer=Renderer(CalendarWriter(config.time_zone, _host(config))),
            audit=audit,
            clock=clock,
        )
        self.reporter = ChangeReporter(database, self.board, zone)
        self._follow(events)
        events.subscribe(JobEnded, AdoptionReporter(database, events).job_ended)

    def _follow(self, events: Events) -> None:
        events.subscribe(TimetableChanged, self.reporter.timetable_changed)
        events.subscribe(LessonChanged, self.reporter.lesson_changed)
        events.subscribe(JobEnded, self.imports.job_ended)
        events.subscribe(AccountEnded, self.feeds.end_with_account)


def _host(config: Config) -> str:
    return urlsplit(config.public_url or "").hostname or LOCAL_HOST

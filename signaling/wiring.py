"""The services over one relay and one recorder: who gets what."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from recorder.api import Recorder
from relay.api import Cascade, Relay
from signaling.access.roles import Actor
from signaling.access.secret_file import load_keyring
from signaling.access.signing import Keyring
from signaling.audit.log import AuditLog
from signaling.base.clock import Clock, SystemClock
from signaling.base.config import Config
from signaling.base.database import Database
from signaling.base.events import Events
from signaling.base.fences import NO_FENCES, Fences
from signaling.base.limits import LimitStore, OwnLimits
from signaling.base.loop_watch import LoopWatch
from signaling.base.migrate import migrate
from signaling.catalogue.service import Catalogue
from signaling.classroom.api import InTime, LiveLessons
from signaling.classroom.desk import ClassroomDesk
from signaling.classroom.fact_keeping import FactKeeper
from signaling.classroom.media_rooms import MediaRooms
from signaling.classroom.notices.service import NoticeDesk
from signaling.classroom.stills.intake import StillDesk
from signaling.classroom.tenure import EveryLesson
from signaling.classroom.wire import ByeReason
from signaling.cluster import Cluster
from signaling.consent.events import ConsentWithdrawn
from signaling.consent.gate import ConsentGate
from signaling.consent.reading import ConsentReader
from signaling.consent.routes import ConsentHandlers
from signaling.consent.service import ConsentDesk
from signaling.directory.choices import Choices
from signaling.directory.desk import DirectoryDesk
from signaling.directory.events import GrantsEnded
from signaling.directory.service import DirectoryService
from signaling.directory.store import PeopleStore
from signaling.directory.workbooks.service import WorkbookService
from signaling.edges.api import HERE
from signaling.exchange.harvests.service import Harvests
from signaling.exchange.provider import OaiProvider
from signaling.file_checks.desk import FileDesk
from signaling.identity.accounts.changes import end_sessions
from signaling.identity.desk import Ground, IdentityDesk
from signaling.identity.events import LoginsEnded
from signaling.identity.passwords import Passwords
from signaling.identity.store import SessionStore
from signaling.jobs.events import JobEnded
from signaling.jobs.process import ProcessWorkers
from signaling.jobs.service import JobService
from signaling.jobs.store import JobStore
from signaling.jobs.supervisor import Supervisor
from signaling.joints.consent_lessons import LessonConsents
from signaling.joints.consent_terms import TimetableTerms
from signaling.joints.consented_resources import ConsentFollower, ResourceConsents, SpillCheck
from signaling.joints.hinted_events import Followers, tell_others
from signaling.joints.ledger_plans import TimetablePlans
from signaling.joints.ledger_plays import PushedPlays
from signaling.joints.library_records import LibraryRecords
from signaling.joints.live_seats import SeatsNow
from signaling.joints.pushed_resources import PublishedShelf
from signaling.joints.server_nodes import OneProcess
from signaling.ledger.desk import LedgerDesk
from signaling.lessons.ahead import LessonBook
from signaling.lessons.events import LessonChanged, LessonFactsKept
from signaling.lessons.facts import FactStore
from signaling.lessons.service import LessonService
from signaling.lessons.store import LessonStore
from signaling.library.drafts import Drafts
from signaling.library.editions.events import EditionWanted
from signaling.library.finding import Finder
from signaling.library.indexing import index_of
from signaling.library.publishing.events import ResourcePublished, ResourceWithdrawn
from signaling.library.resource_desk import ResourceDesk
from signaling.library.service import Library
from signaling.library.store import ResourceStore
from signaling.links.service import LinkHistory
from signaling.links.store import LinkStore
from signaling.media.service import MediaDesk
from signaling.media.sessions import MediaSessions
from signaling.nodes.service import NodeService
from signaling.resource_push.service import ResourcePushes
from signaling.timetable.desk import TimetableDesk
from signaling.timetable.events import TeachingDaysChanged, TimetableChanged
from signaling.tracing.service import tracing_of
from signaling.web.health_check import HealthCheck

JOB_WORKER = "signaling.command.work"  # the module of the worker process


class Services:
    """The signaling service: stores, rules and live rooms, with their upkeep."""

    def __init__(
        self,
        config: Config,
        relay: Relay,
        recorder: Recorder,
        *,
        clock: Clock | None = None,
        live: Callable[[LiveLessons], LiveLessons] | None = None,
        fences: Fences | None = None,
        cascade: Cascade | None = None,
    ) -> None:
        """Put them together.

        Args:
            config: the settings.
            relay: forwards the media.
            recorder: keeps the lessons.
            clock: the time; the machine's if None.
            live: makes of the live lessons in this process what the other wings may ask. None:
                they ask this process, or the cells if it is no cell itself.
            fences: keep a cell from writing of lessons that it has lost. None: its leases do.
            cascade: the relay's pipes, by which lessons of a cell get edges. None: they get none.
        """
        self.config = config
        self.relay: Relay = relay
        self.recorder = recorder
        self.clock = clock or SystemClock()
        keyring = load_keyring(config.data, self.clock.now().timestamp())
        self.tracing = tracing_of(config)
        self.database = Database(config.database)
        self.cluster: Cluster | None = None
        self.fences: Fences = fences or NO_FENCES
        if not config.is_alone:
            self.cluster = Cluster(config, self.database, self.clock, self.tracing)
            self.fences = fences or self.cluster.fences
            self.relay = self.cluster.spread(relay, cascade)
        self.events = Events()
        self.limits: LimitStore = OwnLimits(self.clock)
        if self.cluster is not None:
            self.limits = self.cluster.desk.limits
            tell_others(self.events, self.cluster.desk.hints)
        self.audit = AuditLog(self.database, self.clock, self.events)
        self.people = PeopleStore(self.database)
        self.directory = DirectoryService(Choices(self.database), self.clock)
        self.lesson_book = LessonBook()
        self.directory_desk = DirectoryDesk(
            self.database, self.audit, self.clock, self.lesson_book, end_sessions
        )
        self.logins = SessionStore(self.database)
        self.lesson_store = LessonStore(self.database, self.fences)
        self.passwords = Passwords(config.password_threads)
        self._wire_jobs()
        self._wire_classroom()
        self.live = (live or self._live_lessons)(self.classroom.local)
        self.events.subscribe(LessonChanged, lambda event: self.live.follow(event.lesson_id))
        self.events.subscribe(LoginsEnded, lambda event: self.live.end_logins(event.session_hashes))
        self.events.subscribe(GrantsEnded, lambda event: self.live.review_seats(event.person_id))
        self.notices = NoticeDesk(self.lessons, self.live, self.audit, self.clock, self.fences)
        one = OneProcess(config, self.live)
        self.nodes = NodeService(self.cluster.seen if self.cluster else one, self.audit)
        self._wire_ledger()
        self._wire_identity(keyring)
        self._wire_media(keyring)
        self._wire_consent()
        self._wire_library(keyring)
        self._wire_consented_resources()
        self._wire_pushes()
        self._wire_exchange(keyring)
        self._wire_timetable()
        if self.cluster is not None:
            followers = Followers(self.timetable, self.ledger.counter, self.supervisor)
            followers.listen(self.cluster.desk.hints, config.roles)
        self.health = HealthCheck(
            config.data,
            self.database,
            self._probes(),
            self.clock,
        )
        self.loop_watch = LoopWatch()

    def _live_lessons(self, local: LiveLessons) -> LiveLessons:
        return InTime(local) if self.cluster is None else self.cluster.live(local)

    def _wire_jobs(self) -> None:
        config = self.config
        self.job_store = JobStore(self.database)
        self.jobs = JobService(self.job_store, self.audit, self.clock, config.job_days)
        self._wire_files()
        self.catalogue = Catalogue(self.database, self.jobs, self.kept_files)
        self.directory_workbooks = WorkbookService(self.database, self.jobs, self.kept_files)
        self.supervisor = Supervisor(
            self.job_store,
            ProcessWorkers(config, JOB_WORKER),
            self.events,
            self.clock,
            at_once=config.job_workers,
            name=config.node_id or "main",
            tracing=self.tracing,
        )

    def _wire_files(self) -> None:
        self.file_desk = FileDesk(
            folder=self.config.files,
            database=self.database,
            jobs=self.jobs,
            job_store=self.job_store,
            owners=self._account,
            audit=self.audit,
            clock=self.clock,
            events=self.events,
        )
        self.files, self.kept_files = self.file_desk.uploads, self.file_desk.kept

    async def _account(self, person_id: str) -> Actor | None:
        person = await self.people.person(person_id)
        return person.actor(self.clock.now()) if person is not None and person.active else None

    def _wire_classroom(self) -> None:
        config, relay, recorder = self.config, self.relay, self.recorder
        self.media_sessions = MediaSessions()
        self.link_history = LinkHistory(
            LinkStore(self.database, self.fences), self.clock, config.link_history_days
        )
        self.fact_store = FactStore(self.database, self.fences)
        self.fact_keeper = FactKeeper(self.fact_store, self.clock, self._tell_facts_kept)
        self.lessons = LessonService(self.lesson_store, self.audit, self.events, self.clock, config)
        self.classroom = ClassroomDesk(
            relay=relay,
            recorder=recorder,
            database=self.database,
            lesson_store=self.lesson_store,
            lessons=self.lessons,
            people=self.people,
            logins=self.logins,
            sessions=self.media_sessions,
            links=self.link_history,
            facts=self.fact_keeper,
            audit=self.audit,
            clock=self.clock,
            config=config,
            tenure=EveryLesson() if self.cluster is None else self.cluster.tenure,
            fences=self.fences,
        )
        self.hub, self.seat_watch = self.classroom.hub, self.classroom.seat_watch

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
            self.limits,
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
            fences=self.fences,
            carriers=HERE if self.cluster is None else self.cluster.carriers,
        )
        self.stills = StillDesk(self.hub, self.clock)

    def _wire_consent(self) -> None:
        database, clock, zone = self.database, self.clock, self.config.zone
        terms, lessons = TimetableTerms(), LessonConsents(zone)
        self.consent_gate = ConsentGate(database, lessons, clock, zone)
        self.consents = ConsentHandlers(
            ConsentReader(
                database=database,
                terms=terms,
                lessons=lessons,
                audit=self.audit,
                clock=clock,
                zone=zone,
            ),
            ConsentDesk(
                database=database,
                terms=terms,
                files=self.kept_files,
                audit=self.audit,
                clock=clock,
                zone=zone,
            ),
            self.kept_files,
            self.jobs,
        )

    def _wire_library(self, keyring: Keyring) -> None:
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
        self.resources = ResourceDesk(
            database=self.database,
            audit=self.audit,
            clock=self.clock,
            recorder=self.recorder,
            editions=self.recorder.editions,
            films=self.recorder.films,
            jobs=self.jobs,
            job_store=self.job_store,
            files=self.file_desk.held,
            drafts=self.drafts,
            passwords=self.passwords,
            keyring=keyring,
            guesses=self.limits,
            config=self.config,
        )
        editions = self.resources.editions
        self.events.subscribe(ResourcePublished, editions.on_published)
        self.events.subscribe(EditionWanted, editions.on_wanted)
        self.events.subscribe(ResourceWithdrawn, editions.on_withdrawn)
        self.events.subscribe(JobEnded, editions.on_job_ended)
        self.events.subscribe(JobEnded, self.resources.uploads.on_job_ended)
        self.events.subscribe(JobEnded, self.resources.captions.on_job_ended)

    def _wire_pushes(self) -> None:
        self.pushes = ResourcePushes(
            database=self.database,
            lessons=self.lessons,
            facts=self.fact_store,
            shelf=PublishedShelf(),
            audit=self.audit,
            events=self.events,
            clock=self.clock,
        )

    def _wire_consented_resources(self) -> None:
        self.resources.checks.gate = ResourceConsents(self.consent_gate)
        self.resources.checks.add(SpillCheck(self.consent_gate))
        self.consent_follower = follower = ConsentFollower(
            self.database, self.consent_gate, self.resources.publishing, self.clock
        )
        self.events.subscribe(ConsentWithdrawn, follower.on_consent_withdrawn)

    def _wire_exchange(self, keyring: Keyring) -> None:
        self.shared_records = LibraryRecords(
            self.resources.records, self.config.public_url, self.config.zone
        )
        self.oai = OaiProvider(self.shared_records, keyring, self.clock)
        self.harvests = Harvests(self.database, self.audit, self.jobs, self.clock)

    def _wire_ledger(self) -> None:
        self.ledger = LedgerDesk(
            database=self.database,
            audit=self.audit,
            clock=self.clock,
            events=self.events,
            jobs=self.jobs,
            lessons=self.lesson_store,
            facts=self.fact_store,
            plans=TimetablePlans(),
            plays=PushedPlays(),
            live=SeatsNow(self.live),
            config=self.config,
        )

    def _wire_timetable(self) -> None:
        self.timetable = TimetableDesk(
            database=self.database,
            audit=self.audit,
            clock=self.clock,
            events=self.events,
            jobs=self.jobs,
            job_store=self.job_store,
            files=self.kept_files,
            lessons=self.lesson_store,
            config=self.config,
        )
        if "worker" in self.config.roles:
            self.events.subscribe(TimetableChanged, self._count_planned)
        self.events.subscribe(TeachingDaysChanged, self._owe_anew)

    async def prepare(self) -> None:
        """Bring the database up to date; before anything else."""
        await migrate(self.database)

    def say_goodbye(self) -> None:
        """Tell all channels, waiting pages and other cells that the server stops."""
        if self.cluster is not None:
            self.cluster.say_goodbye()
        self.timetable.board.close()
        for room in self.hub.rooms:
            room.close(ByeReason.SHUTDOWN)

    async def _count_planned(self, event: TimetableChanged) -> None:
        self.ledger.counter.note(event.lesson_ids)

    async def _owe_anew(self, event: TeachingDaysChanged) -> None:
        """Let upkeep write anew what classes are owed, from the day on that has changed."""
        async with self.database.write() as session:
            await self.ledger.duties.rewind(session, (event.county_id,), event.first)

    async def _tell_facts_kept(self, lesson_id: str) -> None:
        await self.events.publish((LessonFactsKept(lesson_id),))

    def _probes(self) -> dict[str, Callable[[], Awaitable[object]]]:
        probes: dict[str, Callable[[], Awaitable[object]]] = {"recorder": self._probe_recorder}
        if "cell" in self.config.roles:
            probes["relay"] = self._probe_relay
        if self.cluster is not None:
            probes["cells"] = self.cluster.probe
        return probes

    async def _probe_relay(self) -> None:
        self.relay.counters()

    async def _probe_recorder(self) -> None:
        await self.recorder.entries(limit=1, before=None)

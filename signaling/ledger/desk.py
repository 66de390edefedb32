"""The services of the ledger (开课台账), put together over one database."""

from __future__ import annotations

from signaling.audit.log import AuditLog
from signaling.base.clock import Clock
from signaling.base.config import Config
from signaling.base.database import Database
from signaling.base.events import Events
from signaling.jobs.service import JobService
from signaling.ledger.amending import Amending
from signaling.ledger.areas import Areas
from signaling.ledger.board import Board, LiveRooms
from signaling.ledger.core.formula import FormulaSettings
from signaling.ledger.counter import LedgerCounter
from signaling.ledger.counting import Counting
from signaling.ledger.county_routes import CountyHandlers
from signaling.ledger.deciding import Deciding
from signaling.ledger.duty_keeping import DutyKeeper
from signaling.ledger.evidence import Evidence
from signaling.ledger.months import Months
from signaling.ledger.overview import Overview
from signaling.ledger.plans import PlannedLessons
from signaling.ledger.plays import PlayedLessons
from signaling.ledger.questions import Questions
from signaling.ledger.requirement_versions import RequirementVersions
from signaling.ledger.requirements import Requirements
from signaling.ledger.routes import LedgerHandlers
from signaling.ledger.units import UnitReader
from signaling.lessons.events import LessonChanged, LessonFactsKept
from signaling.lessons.facts import FactStore
from signaling.lessons.store import LessonStore


class LedgerDesk:
    """What counts lessons, and the handlers of the ledger's routes.

    Attributes:
        duties: what classes are owed.
        counter: counts lessons after something happened to them.
        pages: who answers 开课率, evidence, corrections and the board of today.
        county: who answers requirements and closed months.
    """

    def __init__(
        self,
        *,
        database: Database,
        audit: AuditLog,
        clock: Clock,
        events: Events,
        jobs: JobService,
        lessons: LessonStore,
        facts: FactStore,
        plans: PlannedLessons,
        plays: PlayedLessons,
        live: LiveRooms,
        config: Config,
    ) -> None:
        settings = FormulaSettings(config.valid_lesson_minutes)
        self.duties = DutyKeeper(database, plans)
        counting = Counting(database, plans, plays, settings, config.zone)
        self.counter = LedgerCounter(database, counting, self.duties, clock)
        amending = Amending(database, counting, facts, audit, clock)
        self.pages = LedgerHandlers(
            overview=Overview(database, plans),
            units=UnitReader(database),
            evidence=Evidence(database, plans, plays, settings),
            amending=amending,
            deciding=Deciding(amending),
            board=Board(
                database=database,
                lessons=lessons,
                live=live,
                plays=plays,
                clock=clock,
                zone=config.zone,
            ),
            jobs=jobs,
            questions=Questions(clock, config.zone, Areas(database)),
        )
        self.county = CountyHandlers(
            Requirements(database, self.duties, audit, clock),
            RequirementVersions(database, self.duties, audit, clock),
            Months(database, counting, self.counter, audit, clock),
        )
        if "worker" in config.roles:  # a web process counts nothing, so nothing may wait there
            events.subscribe(LessonChanged, self.counter.on_lesson_changed)
            events.subscribe(LessonFactsKept, self.counter.on_facts_kept)

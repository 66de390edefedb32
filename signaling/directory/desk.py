"""The services of all nouns of the directory, over one database."""

from __future__ import annotations

from typing import Any

from signaling.audit.log import AuditLog
from signaling.base.clock import Clock
from signaling.base.database import Database
from signaling.directory.classes.store import ClassStore
from signaling.directory.entries.lessons import LessonsAhead
from signaling.directory.entries.service import EntryService
from signaling.directory.entries.store import EntryStore
from signaling.directory.grants.admins import CountyAdmins
from signaling.directory.grants.service import GrantService
from signaling.directory.grants.store import GrantStore
from signaling.directory.nodes.store import NodeStore
from signaling.directory.pairings.store import PairingStore
from signaling.directory.rooms.store import RoomStore
from signaling.directory.schools.store import SchoolStore
from signaling.directory.store import PeopleStore
from signaling.directory.subjects.store import SubjectStore
from signaling.directory.teachers.sessions import EndSessions
from signaling.directory.teachers.store import TeacherStore


class DirectoryDesk:
    """Services that keep 区域, 学校, 教室, 班级, 学科, 结对关系, 教师 and 角色权限."""

    def __init__(
        self,
        database: Database,
        audit: AuditLog,
        clock: Clock,
        lessons: LessonsAhead,
        end_sessions: EndSessions,
    ) -> None:
        """Put the services together.

        Args:
            database: holds the entries.
            audit: opens units of work.
            clock: tells which lessons are ahead.
            lessons: knows the lessons ahead that need an entry.
            end_sessions: ends the logins of a teacher who is disabled.
        """

        def service(store: EntryStore[Any]) -> EntryService[Any]:
            return EntryService(store, audit, lessons, clock)

        self.admins = CountyAdmins(database)
        self.grants = GrantService(
            store=GrantStore(database),
            people=PeopleStore(database),
            admins=self.admins,
            audit=audit,
            clock=clock,
        )
        self.nodes = service(NodeStore(database))
        self.schools = service(SchoolStore(database))
        self.rooms = service(RoomStore(database))
        self.classes = service(ClassStore(database))
        self.subjects = service(SubjectStore(database))
        self.pairings = service(PairingStore(database))
        self.teachers = service(TeacherStore(database, end_sessions))

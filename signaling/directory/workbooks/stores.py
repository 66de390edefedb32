"""The store of each noun, for imports and exports."""

from __future__ import annotations

from typing import Any

from signaling.base.database import Database
from signaling.directory.classes.store import ClassStore
from signaling.directory.entries.store import EntryStore
from signaling.directory.nodes.store import NodeStore
from signaling.directory.pairings.store import PairingStore
from signaling.directory.rooms.store import RoomStore
from signaling.directory.schools.store import SchoolStore
from signaling.directory.subjects.store import SubjectStore
from signaling.directory.teachers.sessions import EndSessions
from signaling.directory.teachers.store import TeacherStore
from signaling.directory.workbooks.wire import DirectoryNoun


def store_of(noun: DirectoryNoun, database: Database, end_sessions: EndSessions) -> EntryStore[Any]:
    """Return the store of a noun."""
    if noun is DirectoryNoun.TEACHERS:
        return TeacherStore(database, end_sessions)
    kinds: dict[DirectoryNoun, type[EntryStore[Any]]] = {
        DirectoryNoun.NODES: NodeStore,
        DirectoryNoun.SCHOOLS: SchoolStore,
        DirectoryNoun.ROOMS: RoomStore,
        DirectoryNoun.CLASSES: ClassStore,
        DirectoryNoun.SUBJECTS: SubjectStore,
        DirectoryNoun.PAIRINGS: PairingStore,
    }
    return kinds[noun](database)

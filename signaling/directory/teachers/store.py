"""Teachers in the database: the people who hold the role of a lead teacher."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any

from sqlalchemy import ColumnElement, func, not_, select
from sqlalchemy.ext.asyncio import AsyncSession

from signaling.access.actions import Action
from signaling.access.grants import branches_granted
from signaling.access.roles import Actor, Role
from signaling.audit.log import Work
from signaling.base.database import Database
from signaling.base.errors import Forbidden, Invalid, Taken
from signaling.base.ids import new_id
from signaling.base.problem_codes import ProblemCode
from signaling.directory.branches import in_branches
from signaling.directory.entries.lessons import LessonUser
from signaling.directory.entries.noun import AT_SCHOOL, AnyRow, Noun
from signaling.directory.entries.pages import breathe
from signaling.directory.entries.store import EntryStore
from signaling.directory.entries.wire import SchoolRef
from signaling.directory.grants.admins import CountyAdmins
from signaling.directory.held import holds_at
from signaling.directory.records import NO_PASSWORD
from signaling.directory.subjects.links import FIELD, OF_TEACHERS, in_order, without_subjects
from signaling.directory.subjects.store import demand_subjects
from signaling.directory.tables import GrantRow, PersonRow, SchoolRow, TeacherSubjectRow
from signaling.directory.teachers.placing import move
from signaling.directory.teachers.sessions import EndSessions
from signaling.directory.teachers.wire import TeacherEntry

_COLUMNS = ("name", "school_id", "staff_no")


def _lies_in(paths: Collection[str]) -> ColumnElement[bool]:
    return in_branches(PersonRow.node_id, paths)


def _teaches(subject_id: str) -> ColumnElement[bool]:
    return PersonRow.person_id.in_(
        select(TeacherSubjectRow.person_id).where(TeacherSubjectRow.subject_id == subject_id)
    )


TEACHERS = Noun(
    name="teachers",
    row=PersonRow,
    key=PersonRow.person_id,
    entry=TeacherEntry,
    query=select(
        PersonRow.person_id,
        PersonRow.name,
        PersonRow.login,
        PersonRow.staff_no,
        PersonRow.school_id,
        SchoolRow.name,
        PersonRow.active,
        PersonRow.version,
    )
    .outerjoin(SchoolRow, SchoolRow.school_id == PersonRow.school_id)
    .where(
        PersonRow.person_id.in_(
            select(GrantRow.person_id).where(GrantRow.role == Role.LEAD_TEACHER)
        )
    ),
    order=(PersonRow.name,),
    searched=(PersonRow.name, PersonRow.staff_no, PersonRow.login, SchoolRow.name),
    usable=PersonRow.active.is_(True),
    lies_in=_lies_in,
    home=PersonRow.node_id,
    fields=(*_COLUMNS, FIELD),
    fixed=("login",),
    places=(AT_SCHOOL,),
    filters=MappingProxyType(
        {
            "school_id": lambda value: PersonRow.school_id == value,
            "county_id": lambda value: SchoolRow.county_id == value,
            "subject_id": _teaches,
        }
    ),
    lessons=LessonUser.TEACHER,
    read=Action.MANAGE_DIRECTORY,
)


class TeacherStore(EntryStore[TeacherEntry]):
    """Teachers."""

    noun = TEACHERS

    def __init__(self, database: Database, end_sessions: EndSessions) -> None:
        super().__init__(database)
        self._admins = CountyAdmins(database)
        self._end_sessions = end_sessions

    async def entries(self, session: AsyncSession, rows: Sequence[AnyRow]) -> list[TeacherEntry]:
        """Make entries of rows, each with its subjects by position."""
        subjects = await OF_TEACHERS.refs(session, [row[0] for row in rows])
        made: list[TeacherEntry] = []
        for number, (key, name, login, staff_no, school_id, school, *rest) in enumerate(rows):
            await breathe(number)
            at = None if school_id is None else SchoolRef(school_id, school)
            given = subjects.get(key, ())
            made.append(TeacherEntry(key, name, login, staff_no, at, given, *rest))
        return made

    def completed(self, values: dict[str, Any]) -> dict[str, Any]:
        """Return wished values; without a login the staff number is one."""
        if "login" in values:
            values = {**values, "login": values["login"] or values["staff_no"]}
        return in_order(values)

    async def present(self, session: AsyncSession, rows: Sequence[Any]) -> list[dict[str, Any]]:
        """Return what is so in each of the rows, by field."""
        return await OF_TEACHERS.present(session, rows, (*_COLUMNS, *self.noun.fixed))

    async def check(
        self, session: AsyncSession, values: Mapping[str, Any], entry_id: str | None
    ) -> None:
        """Raise Invalid or Taken where a teacher with these values cannot be beside the others."""
        if values["login"] is None:
            raise Invalid(code=ProblemCode.LOGIN_MISSING, field="login")
        same_login = func.lower(PersonRow.login) == values["login"].lower()
        await _demand_free(session, "login", same_login, entry_id)
        if values["school_id"] is None:  # an account above schools: nothing but its name is checked
            return
        county_id = (await session.get_one(SchoolRow, values["school_id"])).county_id
        if values["staff_no"] is not None:
            schools = select(SchoolRow.school_id).where(SchoolRow.county_id == county_id)
            same_number = PersonRow.school_id.in_(schools) & (
                PersonRow.staff_no == values["staff_no"]
            )
            await _demand_free(session, "staff_no", same_number, entry_id)
        known = await OF_TEACHERS.ids(session, entry_id)
        await demand_subjects(session, county_id, values[FIELD], known)

    async def add(self, work: Work, entries: Mapping[str, Mapping[str, Any]]) -> None:
        """Create teachers, each with an account that waits for its first password."""
        kept = {
            person_id: {
                **without_subjects(one),
                "node_id": one["school_id"],
                "password_hash": NO_PASSWORD,
                "must_change_password": True,
            }
            for person_id, one in entries.items()
        }
        await super().add(work, kept)
        work.session.add_all(
            GrantRow(
                grant_id=new_id(),
                person_id=person_id,
                role=Role.LEAD_TEACHER,
                node_id=one["school_id"],
            )
            for person_id, one in entries.items()
        )
        await OF_TEACHERS.add(work.session, {key: one[FIELD] for key, one in entries.items()})

    async def put(
        self, work: Work, rows: Mapping[str, Any], changes: Mapping[str, Mapping[str, Any]]
    ) -> None:
        """Write new values into rows; roles of the former school move with a teacher."""
        await OF_TEACHERS.put(work.session, changes)
        await super().put(work, rows, {key: without_subjects(one) for key, one in changes.items()})
        for person_id, values in changes.items():
            if "school_id" in values:
                await move(work.session, rows[person_id], values["school_id"])

    async def demand_idle(self, work: Work, row: Any, actor: Actor, now: datetime) -> None:
        """Raise LastAdmin, or Forbidden for an account that the actor must not close.

        Nobody locks the own account, nor that of one who holds roles beyond the actor's branches.
        """
        if row.person_id == actor.actor_id:
            raise Forbidden(code=ProblemCode.OWN_ACCOUNT)
        await self._admins.lock(work)
        branches = branches_granted(actor, Action.MANAGE_DIRECTORY)
        beyond = select(GrantRow.grant_id).where(
            GrantRow.person_id == row.person_id,
            not_(in_branches(GrantRow.node_id, branches)),
            holds_at(now),
        )
        if await work.session.scalar(beyond.limit(1)) is not None:
            raise Forbidden(code=ProblemCode.BEYOND_BRANCH)
        await self._admins.demand_others(work, now, person_id=row.person_id)

    async def switched(self, work: Work, row: Any) -> None:
        """End the logins of a teacher who is disabled."""
        if not row.active:
            await self._end_sessions(work, row.person_id)


async def _demand_free(
    session: AsyncSession, field: str, same: ColumnElement[bool], entry_id: str | None
) -> None:
    query = select(PersonRow.person_id).where(same, PersonRow.person_id != (entry_id or ""))
    if await session.scalar(query.limit(1)) is not None:
        raise Taken(field=field)

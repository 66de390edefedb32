"""Resources of all states and scopes in two counties, and anybody who may ask for them."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from signaling.access.roles import ROOT_PATH, Actor, BranchRole, Role
from signaling.base.database import Database
from signaling.directory.tree import add_county, add_school
from signaling.library.indexing import index_of, put
from signaling.library.references.tables import ReferenceRow
from signaling.library.references.wire import ReferenceScope, ReferenceState
from signaling.library.tables import ResourceRow
from signaling.library.versions.records import written
from signaling.library.versions.tables import PublicationRow, ResourceVersionRow
from signaling.library.versions.wire import (
    ResourceEdits,
    ResourceMetadata,
    ShareScope,
    VersionState,
)
from signaling.library.wire import ResourceKind, ResourceState
from tests.integration.signaling.library.entries import AT

SCHOOLS = tuple(f"school{n}" for n in range(4))
COUNTIES = ("county0", "county1")
COUNTY_OF = {school: COUNTIES[n % 2] for n, school in enumerate(SCHOOLS)}
PATHS = {
    **{county: f"{ROOT_PATH}{county}/" for county in COUNTIES},
    **{school: f"{ROOT_PATH}{county}/{school}/" for school, county in COUNTY_OF.items()},
    "cn": ROOT_PATH,
}
PEOPLE = tuple(f"person{n}" for n in range(6))
RESOURCES = 120
STATES = (*VersionState, *(VersionState.PUBLISHED,) * 5, None)  # None: nothing was saved yet


async def fill(database: Database, chance: random.Random, now: datetime) -> None:
    """Put both counties and their resources into the database."""
    index = index_of(database)
    async with database.write() as session:
        for county in COUNTIES:
            await add_county(session, county, "县")
        for school, county in COUNTY_OF.items():
            await add_school(session, school, county, school, "x")
        for number in range(RESOURCES):
            node = chance.choice((*SCHOOLS, *SCHOOLS, *COUNTIES, "cn", "gone"))
            row = _resource(f"r{number:03}", chance.choice(PEOPLE), node, chance)
            session.add(row)
            await session.flush()
            state = chance.choice(STATES)
            if state is not None:
                session.add(_version(row, state, chance))
            if state in {VersionState.PUBLISHED, VersionState.WITHDRAWN}:
                row.state = ResourceState(state)
                session.add(_publication(row, chance, now))
            await session.flush()
            if state in {VersionState.PUBLISHED, VersionState.WITHDRAWN}:
                await _refer(session, row, chance, now)
            await put(index, session, row)


def _resource(resource_id: str, owner: str, node_id: str, chance: random.Random) -> ResourceRow:
    return ResourceRow(
        resource_id=resource_id,
        kind=ResourceKind.RECORDING,
        state=ResourceState.DRAFT,
        recording_id=f"of-{resource_id}",
        lesson_id="",
        lead_teacher_id=owner,
        title="浮力",
        subject="物理",
        grade="八年级",
        class_kind="dedicated",
        lead_teacher=owner,
        node_id=node_id,
        started_at=AT + timedelta(minutes=chance.randrange(20)),
        created_at=AT,
        updated_at=AT,
    )


def _version(row: ResourceRow, state: VersionState, chance: random.Random) -> ResourceVersionRow:
    return ResourceVersionRow(
        resource_id=row.resource_id,
        number=1,
        state=state,
        level="first" if state is VersionState.IN_REVIEW else None,
        levels=1,
        revision=1,
        meta=written(ResourceMetadata("浮力", subject=chance.choice(("物理", "化学")))),
        edits=written(ResourceEdits()),
        pledged=True,
        submission=1,
        submitted_at=AT + timedelta(minutes=chance.randrange(20)),
        rejected=False,
        created_at=AT,
        updated_at=AT,
    )


async def _refer(
    session: AsyncSession, row: ResourceRow, chance: random.Random, now: datetime
) -> None:
    """Maybe let nodes above show a copy, or have shown one."""
    path, second = PATHS.get(row.node_id, ROOT_PATH), timedelta(seconds=1)
    for node_id in [part for part in path.split("/") if part][:-1]:
        if chance.random() < 0.5:
            continue
        publication = await session.get_one(PublicationRow, row.resource_id)
        publication.referred = True
        session.add(
            ReferenceRow(
                reference_id=f"{row.resource_id}-{node_id}",
                resource_id=row.resource_id,
                version=1,
                node_id=node_id,
                from_id=row.node_id,
                state=chance.choice((*ReferenceState, *(ReferenceState.PUBLISHED,) * 5)),
                levels=1,
                revision=1,
                note="",
                by_id="x",
                by_name="x",
                submitted_at=AT,
                updated_at=AT,
                scope=chance.choice(tuple(ReferenceScope)),
                shared_as=ShareScope.COUNTY,
                published_at=AT,
                expires_at=chance.choice((None, None, now, now - second, now + second)),
                expired=False,
                withdraw_note="",
                from_below=False,
                shown_s=60,
                has_cover=False,
            )
        )
    await session.flush()


def _publication(row: ResourceRow, chance: random.Random, now: datetime) -> PublicationRow:
    second = timedelta(seconds=1)
    return PublicationRow(
        resource_id=row.resource_id,
        version=1,
        scope=chance.choice(tuple(ShareScope)),
        published_at=AT + timedelta(minutes=chance.randrange(20)),
        expires_at=chance.choice((None, None, None, now, now - second, now + second)),
        expired=False,
        changed_at=AT,
        withdrawn_at=now if row.state == ResourceState.WITHDRAWN else None,
        withdraw_note="",
        was_public=False,
        node_id=row.node_id,
        county_id=COUNTY_OF.get(row.node_id, row.node_id if row.node_id in COUNTIES else ""),
        owner_id=row.lead_teacher_id,
        shown_s=60,
        has_cover=False,
        title="浮力",
        subject="物理",
        grade="八年级",
        edition="",
        volume="",
        school_name="",
    )


def anybody(chance: random.Random) -> Actor:
    """People, terminals, strangers, and some whom no login makes."""
    members = (Role.LEAD_TEACHER, Role.RECEIVE_ROOM, Role.ASSISTANT)
    of = chance.choice((members, tuple(Role), (Role.RESOURCE_ADMIN, Role.LEAD_TEACHER)))
    roles = frozenset(chance.sample(of, chance.randrange(len(of))))
    room = chance.choice((None, None, "room1", PEOPLE[0]))
    who = room or chance.choice((*PEOPLE, "stranger", ""))
    paths = (*PATHS.values(), "/cn/elsewhere/", "/cn/county0/school")
    grants = frozenset(BranchRole(role, chance.choice(paths)) for role in roles if room is None)
    county = chance.choice(("", *(PATHS[one] for one in COUNTIES), "/cn/elsewhere/"))
    school = chance.choice((None, *SCHOOLS, "elsewhere"))
    home = chance.choice(("", county, *PATHS.values()))
    return Actor(who, "x", roles, school, room, grants=grants, county=county, home=home)

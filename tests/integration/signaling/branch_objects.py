"""Objects of a school or county, one maker for each kind of id in a path."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from signaling.access.roles import Role
from signaling.access.signing import fingerprint
from signaling.directory.grants.wire import GrantGive
from signaling.exchange.harvests.wire import HarvestSourceCreate
from signaling.jobs.store import NewJob
from signaling.library.recommending.wire import ResourceRecommend
from signaling.library.series.wire import SeriesCreate, SeriesScope
from signaling.library.sharing.wire import ShareLinkMake
from signaling.timetable.imports.records import ImportRecord
from signaling.timetable.imports.store import add_import
from signaling.timetable.imports.wire import ImportCounts, ImportState
from tests.support.consents import recorded
from tests.support.resources import attached, published
from tests.support.two_counties import (
    OURS,
    THEIRS,
    Place,
    World,
    held_lesson,
)

HERE, NEXT_DOOR, FAR = OURS.school(1), OURS.school(2), THEIRS.school(1)
NOTHING = "none-such"  # the id of nothing

# --- objects --------------------------------------------------------------------------------------

Make = Callable[[World, Place], Awaitable[str]]


@dataclass(frozen=True)
class Maker:
    """How the object behind an id comes to be.

    Attributes:
        make: returns the id of an object of a school, or of its county.
        of_school: the object belongs to the school alone; what holds for the county's is not asked
            of the schools of one county.
        shared: roles that read it in their whole county, though it belongs to one school.
    """

    make: Make
    of_school: bool = True
    shared: frozenset[Role] = frozenset()


def _named(pattern: str) -> Make:
    """An object that the world is furnished with, by its id."""

    async def make(_world: World, place: Place) -> str:
        return pattern.format(county=place.county, school=place.school)

    return make


async def _grant(world: World, place: Place) -> str:
    admin = await world.actor(f"{place.county}-{Role.COUNTY_ADMIN}")
    wish = GrantGive(Role.ASSISTANT, place.school)
    grants = world.services.directory_desk.grants
    shown = await grants.give(admin, place.teacher, wish)
    return next(one.grant_id for one in shown.grants if one.role is Role.ASSISTANT)


async def _terminal(_world: World, place: Place) -> str:
    return fingerprint(place.room)


async def _recording(world: World, place: Place) -> str:
    record = await world.services.lesson_store.lesson(await _lesson(world, place))
    assert record is not None
    assert record.recording_id is not None
    await world.services.drafts.settled()
    return record.recording_id


async def _resource(world: World, place: Place) -> str:
    """A resource of the school that is published to nobody but the school."""
    kept: dict[Place, str] = world.__dict__.setdefault("resources", {})
    if place not in kept:
        kept[place] = await published(world, place)
    return kept[place]


async def _share_link(world: World, place: Place) -> str:
    admin = await world.actor(place.person(Role.RESOURCE_ADMIN))
    links = world.services.resources.sharing.links
    made = await links.make(admin, await _resource(world, place), ShareLinkMake())
    return made.link.link_id


async def _attachment(world: World, place: Place) -> str:
    kept: dict[Place, str] = world.__dict__.setdefault("attachments", {})
    if place not in kept:
        owner = await world.actor(place.teacher)
        kept[place] = await attached(world.services, await _resource(world, place), owner)
    return kept[place]


async def _reference(world: World, place: Place) -> str:
    """A recommendation of the school to its county."""
    kept: dict[Place, str] = world.__dict__.setdefault("references", {})
    if place not in kept:
        admin = await world.actor(place.person(Role.RESOURCE_ADMIN))
        resource_id, desk = await _resource(world, place), world.services.resources
        wish = ResourceRecommend(place.school, 1, f"{place.school}-note")
        await desk.recommending.recommend(admin, resource_id, wish)
        chain = await desk.recommendations.recommendations.chain(admin, resource_id)
        kept[place] = next(one.reference_id for one in chain.steps if one.reference_id)
    return kept[place]


async def _series(world: World, place: Place) -> str:
    teacher = await world.actor(place.teacher)
    wish = SeriesCreate(f"{place.school}-series", scope=SeriesScope.SCHOOL)
    return await world.services.resources.series.desk.create(teacher, wish)


async def _lesson(world: World, place: Place) -> str:
    kept: dict[Place, str] = world.__dict__.setdefault("lessons", {})
    if place not in kept:
        kept[place] = await held_lesson(world, place)
    return kept[place]


async def _job(world: World, place: Place) -> str:
    owner = await world.actor(place.person(Role.COUNTY_ADMIN))
    (path,) = {grant.path for grant in owner.grants}
    services = world.services
    async with services.audit.work(owner, "test") as work:
        job = NewJob("test", b"{}", path)
        record = await services.job_store.add(work, owner, job, services.clock.now())
    return record.job_id


async def _import(world: World, place: Place) -> str:
    owner = await world.actor(place.person(Role.COUNTY_ADMIN))
    services = world.services
    record = ImportRecord(
        import_id=f"{place.school}-import",
        county_id=place.county,
        term_id=f"{place.county}-term",
        school_id=None,
        owner_id=owner.actor_id,
        owner_name=owner.name,
        file_id=NOTHING,
        file_name="x.csv",
        remove_missing=False,
        state=ImportState.READY,
        job_id=NOTHING,
        digest="",
        counts=ImportCounts(),
        version=1,
        created_at=services.clock.now(),
    )
    async with services.audit.work(owner, "test") as work:
        await add_import(work, record)
    return record.import_id


async def _consent(world: World, place: Place) -> str:
    kept: dict[Place, str] = world.__dict__.setdefault("consents", {})
    if place not in kept:
        kept[place] = (await recorded(world, place)).consent_id
    return kept[place]


async def _consent_page(world: World, place: Place) -> str:
    consent_id = await _consent(world, place)
    admin = await world.actor(place.person(Role.COUNTY_ADMIN))
    return (await world.services.consents.reader.get(admin, consent_id)).files[0].file_id


async def _source(world: World, place: Place) -> str:
    admin = await world.actor(f"{place.county}-{Role.COUNTY_ADMIN}")
    url = f"https://{place.school}.example/oai"
    wish = HarvestSourceCreate(place.county, f"{place.county} library", url)
    return (await world.services.harvests.add(admin, wish)).source_id


_TEACHERS = frozenset({Role.LEAD_TEACHER})  # they read the directory of their county

# The path up to and including its id → how there is such an object.
MAKERS: dict[str, Maker] = {
    "/api/lessons/{lesson_id}": Maker(_lesson),
    "/api/lessons/{lesson_id}/stills/{source_id}": Maker(_named("lead.courseware")),
    "/api/recordings/{recording_id}": Maker(_recording),
    "/media/recordings/{recording_id}": Maker(_recording),
    "/media/recordings/{recording_id}/{file}": Maker(_named("thumbnail.jpg")),
    "/api/resources/{resource_id}": Maker(_resource),
    "/api/resources/{resource_id}/share-links/{link_id}": Maker(_share_link),
    "/api/caption-policies/{node_id}": Maker(_named("{school}")),
    "/api/library/{resource_id}": Maker(_resource),
    "/api/recommendations/{reference_id}": Maker(_reference),
    "/api/series/{series_id}": Maker(_series),
    "/api/coverage/schools/{school_id}": Maker(_named("{school}")),
    "/media/resources/{resource_id}": Maker(_resource),
    "/media/resources/{resource_id}/{version}": Maker(_named("1")),
    "/media/resources/{resource_id}/{version}/{file}": Maker(_named("camera.webm")),
    "/media/resources/{resource_id}/{version}/{edition_id}": Maker(_named("0" * 32)),
    "/media/resources/{resource_id}/{version}/{edition_id}/{file}": Maker(_named("a.mp4")),
    "/api/resources/{resource_id}/attachments/{file_id}": Maker(_attachment),
    "/api/resources/{resource_id}/versions/{version}": Maker(_named("1")),
    "/api/resources/{resource_id}/versions/{version}/attachments/{file_id}": Maker(_attachment),
    "/media/downloads/{resource_id}": Maker(_resource),
    "/media/downloads/{resource_id}/{version}": Maker(_named("1")),
    "/media/downloads/{resource_id}/{version}/{file}": Maker(_named("camera.webm")),
    "/media/attachments/{resource_id}": Maker(_resource),
    "/media/attachments/{resource_id}/{version}": Maker(_named("1")),
    "/media/attachments/{resource_id}/{version}/{file_id}": Maker(_attachment),
    "/api/rooms/{room_id}": Maker(_named("{school}-room")),
    "/api/rooms/{room_id}/terminals/{terminal_id}": Maker(_terminal),
    "/api/accounts/{person_id}": Maker(_named("{school}-lead_teacher")),
    "/api/people/{person_id}": Maker(_named("{school}-lead_teacher")),
    "/api/people/{person_id}/grants/{grant_id}": Maker(_grant),
    "/api/directory/nodes/{entry_id}": Maker(_named("{county}"), of_school=False),
    "/api/directory/schools/{entry_id}": Maker(_named("{school}"), shared=_TEACHERS),
    "/api/directory/rooms/{entry_id}": Maker(_named("{school}-room"), shared=_TEACHERS),
    "/api/directory/classes/{entry_id}": Maker(_named("{school}-class"), shared=_TEACHERS),
    "/api/directory/subjects/{entry_id}": Maker(_named("{county}-subject"), of_school=False),
    "/api/directory/pairings/{entry_id}": Maker(_named("{county}-pairing"), of_school=False),
    "/api/directory/teachers/{entry_id}": Maker(_named("{school}-lead_teacher")),
    "/api/counties/{county_id}": Maker(_named("{county}"), of_school=False),
    "/api/timetable/counties/{county_id}": Maker(_named("{county}"), of_school=False),
    "/api/timetable/terms/{term_id}": Maker(_named("{county}-term"), of_school=False),
    "/api/timetable/bells/{schedule_id}": Maker(_named("{county}-bells"), of_school=False),
    "/api/timetable/unwanted-periods/{wish_id}": Maker(
        _named("{county}-unwanted"), of_school=False
    ),
    "/api/timetable/plans/{plan_id}": Maker(_named("{school}-plan")),
    "/api/timetable/imports/{import_id}": Maker(_import, of_school=False),
    "/api/timetable/lessons/{lesson_id}": Maker(_lesson),
    "/api/timetable/proposals/{proposal_id}": Maker(_named("{school}-proposal")),
    "/api/ledger/units/{lesson_id}": Maker(_lesson),
    "/api/ledger/units/{lesson_id}/{room_id}": Maker(_named("{school}-room")),
    "/api/ledger/requirements/{requirement_id}": Maker(
        _named("{county}-requirement"), of_school=False
    ),
    "/api/consents/{consent_id}": Maker(_consent),
    "/api/consents/{consent_id}/files/{file_id}": Maker(_consent_page),
    "/api/consents/classes/{class_id}": Maker(_named("{school}-class")),
    "/api/harvest-sources/{source_id}": Maker(_source, of_school=False),
    "/api/jobs/{job_id}": Maker(_job),
    "/api/nodes/{node_id}": Maker(_named(NOTHING)),  # processes belong to no branch
    "/api/files/{file_id}": Maker(_named(NOTHING)),  # a file is its owner's alone
}
# Values in paths that are no ids: the object is named by the query `county`.
VALUES = {"/api/timetable/calendar/{year}": "2026", "/api/ledger/months/{month}": "2026-11"}
# Objects that nobody but the owner is told of: no admin of the own branch either.
OWNERS_ONLY = {"/api/files/{file_id}"}
# Parameters of lists that name an object, with an id of the other county.
FILTERS = {
    "node": FAR.county,
    "county_id": FAR.county,
    "county": FAR.county,
    "parent_id": FAR.county,
    "school_id": FAR.school,
    "school": FAR.school,
    "subject": f"{FAR.school}-resource",
    "center_school_id": FAR.school,
    "point_school_id": THEIRS.school(2).school,
    "subject_id": f"{FAR.county}-subject",
    "room": FAR.room,
    "teacher": FAR.teacher,
    "point": FAR.school,
    "class": f"{FAR.school}-class",
    "term": f"{FAR.county}-term",
    "whose": "branch",
}
# Lists that would wait for something new.
AT_ONCE_QUERIES = {"/api/timetable/changes": "?since=0"}
# Lists that take an object by two parameters.
MORE_QUERIES = {
    "/api/timetable/weeks": (
        f"by=teacher&id={FAR.teacher}",
        f"by=room&id={FAR.room}",
        f"by=school&id={FAR.school}",
    )
}

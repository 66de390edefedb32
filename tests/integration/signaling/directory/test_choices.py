"""Schools, rooms and teachers for a new lesson: so many at once, the others by their names."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import insert, update

from signaling.access.roles import Role
from signaling.directory.choices import MOST_ROOMS, MOST_SCHOOLS, MOST_TEACHERS
from signaling.directory.tables import GrantRow, OrgNodeRow, PersonRow, RoomRow, SchoolRow
from tests.support.server import Client
from tests.support.two_counties import OURS, THEIRS, World, two_counties

MANY = 1000


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with two_counties(tmp_path) as made:
        await _fill(made)
        yield made


@pytest.fixture
async def admin(world: World) -> Client:
    return await world.sign_in(OURS.person(Role.COUNTY_ADMIN))


async def _fill(world: World) -> None:
    """Give our county many schools, each with a room and a teacher."""
    ids = [f"many-{number:04}" for number in range(MANY)]
    nodes = [
        {
            "node_id": one,
            "parent_id": OURS.mark,
            "level": "school",
            "name": f"学校{one}",
            "path": f"/cn/{OURS.mark}/{one}/",
        }
        for one in ids
    ]
    schools = [
        {"school_id": one, "county_id": OURS.mark, "name": f"学校{one}", "kind": "teaching_point"}
        for one in ids
    ]
    rooms = [{"room_id": f"{one}-r", "school_id": one, "name": f"教室{one[-4:]}号"} for one in ids]
    people = [
        {"person_id": one, "login": one, "name": f"教师{one}", "password_hash": "!", "node_id": one}
        for one in ids
    ]
    grants = [
        {"grant_id": one, "person_id": one, "role": Role.LEAD_TEACHER, "node_id": one}
        for one in ids
    ]
    async with world.services.database.write() as session:
        for table, rows in (
            (OrgNodeRow, nodes),
            (SchoolRow, schools),
            (RoomRow, rooms),
            (PersonRow, people),
            (GrantRow, grants),
        ):
            await session.execute(insert(table), rows)


async def test_a_large_county_is_shown_in_part_and_says_so(admin: Client) -> None:
    found = await admin.call("GET", "/api/directory")
    assert found["more"] is True
    assert len(found["schools"]) == MOST_SCHOOLS
    assert sum(len(one["rooms"]) for one in found["schools"]) <= MOST_ROOMS
    assert len(found["lead_teachers"]) == MOST_TEACHERS


async def test_what_was_left_out_is_found_by_name(admin: Client) -> None:
    for words in ("many-0999", "学校 0999", "教室0999"):
        found = await admin.call("GET", f"/api/directory?q={words}")
        assert [one["school_id"] for one in found["schools"]] == ["many-0999"], words
        assert found["more"] is False
    found = await admin.call("GET", "/api/directory?q=教师many-0999")
    assert [one["person_id"] for one in found["lead_teachers"]] == ["many-0999"]
    assert (await admin.call("GET", f"/api/directory?q={THEIRS.mark}"))["schools"] == []
    assert (await admin.call("GET", "/api/directory?q=100%25"))["schools"] == []


async def test_no_lesson_can_be_made_of_what_is_disabled(world: World, admin: Client) -> None:
    async with world.services.database.write() as session:
        shut = SchoolRow.school_id == "many-0001"
        await session.execute(update(SchoolRow).where(shut).values(active=False))
        shut = RoomRow.school_id == "many-0002"
        await session.execute(update(RoomRow).where(shut).values(active=False))
    assert (await admin.call("GET", "/api/directory?q=many-0001"))["schools"] == []
    (school,) = (await admin.call("GET", "/api/directory?q=many-0002"))["schools"]
    assert school["rooms"] == []
    assert (await admin.call("GET", "/api/directory?q=教室0002"))["schools"] == []

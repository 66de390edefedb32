"""The org tree above schools: what may stand where, and what cannot be disabled."""

import pytest

from signaling.access.roles import Actor
from signaling.base.errors import Forbidden, InUse, Invalid, NotFound, Taken
from signaling.directory.entries.pages import Search
from signaling.directory.entries.wire import EntryDisable
from signaling.directory.nodes.wire import NodeChange, NodeCreate
from signaling.directory.schools.wire import SchoolCreate
from signaling.directory.wire import OrgLevel, SchoolKind
from tests.integration.signaling.directory.counties import ADMIN, ROOT, Counties, admin_of


async def test_a_county_below_a_city_below_a_province(both_counties: Counties) -> None:
    nodes = both_counties.desk.nodes
    province = await nodes.create(
        ROOT, NodeCreate(name="某省", level=OrgLevel.PROVINCE, parent_id="cn", code="450000")
    )
    city = await nodes.create(
        ROOT, NodeCreate(name="某市", level=OrgLevel.CITY, parent_id=province.node_id)
    )
    county = await nodes.create(
        ROOT, NodeCreate(name="某县", level=OrgLevel.COUNTY, parent_id=city.node_id)
    )
    assert county.path == f"/cn/{province.node_id}/{city.node_id}/{county.node_id}/"
    there = admin_of(province.path)
    found, _, _ = await nodes.listed(there, Search())
    assert [one.name for one in found] == ["某省", "某市", "某县"]
    school = await both_counties.desk.schools.create(
        there, SchoolCreate(name="校", kind=SchoolKind.SCHOOL, county_id=county.node_id)
    )
    with pytest.raises(InUse) as refused:
        await nodes.disable(there, county.node_id, EntryDisable(1))
    assert refused.value.facts == {"count": 1}
    await both_counties.desk.schools.disable(there, school.school_id, EntryDisable(1))
    done = await nodes.disable(there, county.node_id, EntryDisable(1))
    assert done.disabled
    with pytest.raises(Invalid):
        await both_counties.desk.schools.create(
            there, SchoolCreate(name="校2", kind=SchoolKind.SCHOOL, county_id=county.node_id)
        )


async def test_a_node_that_cannot_stand_there_is_refused(counties: Counties) -> None:
    nodes = counties.desk.nodes
    for level, parent, field in (
        (OrgLevel.SCHOOL, "cn", "level"),
        (OrgLevel.COUNTRY, "cn", "level"),
        (OrgLevel.COUNTY, "c1", "parent_id"),
        (OrgLevel.COUNTY, "nowhere", "parent_id"),
    ):
        with pytest.raises(Invalid) as refused:
            await nodes.create(ROOT, NodeCreate(name="甲", level=level, parent_id=parent))
        assert refused.value.field == field
    with pytest.raises(Invalid):  # above the admin's branch
        await nodes.create(ADMIN, NodeCreate(name="甲", level=OrgLevel.COUNTY, parent_id="cn"))
    with pytest.raises(Taken):
        await nodes.create(ROOT, NodeCreate(name="青山县", level=OrgLevel.COUNTY, parent_id="cn"))


async def test_a_countys_name_is_one_wherever_it_stands(counties: Counties) -> None:
    await counties.desk.nodes.change(ADMIN, "c1", NodeChange(name="青山区", version=1), 1)
    assert (await counties.desk.schools.get(ADMIN, counties.center)).county == "青山区"


async def test_schools_are_no_nodes_of_this_list_and_the_country_stays(counties: Counties) -> None:
    nodes = counties.desk.nodes
    with pytest.raises(NotFound):
        await nodes.get(ROOT, counties.center)
    with pytest.raises(InUse):
        await nodes.disable(ROOT, "cn", EntryDisable(1))
    with pytest.raises(NotFound):
        await nodes.disable(ADMIN, "cn", EntryDisable(1))
    with pytest.raises(Forbidden):
        nodes.demand_may_create(Actor("x", "x"))

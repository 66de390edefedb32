"""Pairings: whose they can be, for which subjects and days, with which textbook."""

from datetime import date
from typing import Any

import pytest

from signaling.access.roles import ROOT_PATH
from signaling.base.errors import SignalingError
from signaling.base.problem_codes import ProblemCode
from signaling.directory.entries.pages import Search
from signaling.directory.entries.wire import EntryDisable
from signaling.directory.pairings.wire import PairingChange, PairingCreate, PairingEntry
from signaling.directory.schools.wire import SchoolCreate
from signaling.directory.subjects.wire import SubjectCreate
from signaling.directory.wire import SchoolKind
from tests.integration.signaling.directory.counties import (
    ADMIN,
    OTHER,
    ROOT,
    Counties,
    admin_of,
)

FIRST, LAST = date(2026, 9, 1), date(2027, 1, 15)


async def _pair(counties: Counties, **change: Any) -> PairingEntry:
    fields: dict[str, Any] = {
        "center_school_id": counties.center,
        "point_school_id": counties.point,
        "subject_ids": (counties.subject,),
        "valid_from": FIRST,
        "valid_to": LAST,
        "textbook": "人教版",
    }
    return await counties.desk.pairings.create(ROOT, PairingCreate(**{**fields, **change}))


async def test_a_pairing_shows_both_schools_and_its_subjects_by_position(
    both_counties: Counties,
) -> None:
    art = await both_counties.desk.subjects.create(
        ADMIN, SubjectCreate(name="美术", county_id="c1")
    )
    first = await both_counties.desk.subjects.create(
        ADMIN, SubjectCreate(name="音乐", position=3, county_id="c1")
    )
    ids = (first.subject_id, both_counties.subject, art.subject_id, art.subject_id)
    made = await _pair(both_counties, subject_ids=ids, max_points=3)
    assert (made.center.name, made.point.name) == ("中心小学", "山泉教学点")
    assert [one.name for one in made.subjects] == ["美术", "语文", "音乐"]
    found, total, _ = await both_counties.desk.pairings.listed(
        ADMIN, Search("山泉", True, {"subject_id": art.subject_id})
    )
    assert (found, total) == ((made,), 1)
    changed = await both_counties.desk.pairings.change(
        ADMIN,
        made.pairing_id,
        PairingChange(subject_ids=(art.subject_id,), valid_from=FIRST, version=1),
        1,
    )
    assert [one.name for one in changed.subjects] == ["美术"]
    assert (changed.valid_to, changed.textbook, changed.version) == (None, None, 2)


@pytest.mark.parametrize(
    ("change", "field", "code"),
    [
        ({"point_school_id": "center"}, "point_school_id", ProblemCode.SAME_SCHOOL),
        ({"point_school_id": "far"}, "point_school_id", ProblemCode.OTHER_COUNTY),
        ({"center_school_id": "point"}, "center_school_id", ProblemCode.NOT_A_CENTER),
        ({"center_school_id": "none"}, "center_school_id", ProblemCode.UNKNOWN_SCHOOL),
        ({"subject_ids": ("none",)}, "subject_ids[0]", ProblemCode.UNKNOWN_SUBJECT),
        ({"valid_to": date(2026, 8, 31)}, "valid_to", ProblemCode.ENDS_BEFORE_START),
    ],
)
async def test_a_pairing_that_cannot_be_is_refused_by_the_field(
    counties: Counties, change: dict[str, Any], field: str, code: ProblemCode
) -> None:
    named = {
        name: getattr(counties, value, value)
        for name, value in change.items()
        if isinstance(value, str)
    }
    if change.get("center_school_id") == "point":
        named["point_school_id"] = counties.center
    with pytest.raises(SignalingError) as refused:
        await _pair(counties, **{**change, **named})
    assert (refused.value.field, refused.value.code) == (field, code)


async def test_one_textbook_for_all_who_share_lessons(counties: Counties) -> None:
    second = await counties.desk.schools.create(
        ADMIN, SchoolCreate(name="云岭", kind=SchoolKind.TEACHING_POINT, county_id="c1")
    )
    first = await _pair(counties)
    with pytest.raises(SignalingError) as refused:
        await _pair(counties, point_school_id=second.school_id, textbook="北师大版")
    assert (refused.value.field, refused.value.code) == ("textbook", ProblemCode.TEXTBOOK_DIFFERS)
    assert refused.value.facts == {
        "center": "中心小学",
        "point": "山泉教学点",
        "textbook": "人教版",
    }
    await counties.desk.pairings.disable(ADMIN, first.pairing_id, EntryDisable(1))
    await _pair(counties, point_school_id=second.school_id, textbook="北师大版")
    with pytest.raises(SignalingError) as refused:  # it cannot come back beside the new one
        await counties.desk.pairings.enable(ADMIN, first.pairing_id, 2)
    assert refused.value.code is ProblemCode.TEXTBOOK_DIFFERS


async def test_two_schools_are_paired_once_at_a_time_for_a_subject(counties: Counties) -> None:
    await _pair(counties)
    with pytest.raises(SignalingError) as refused:
        await _pair(counties, valid_from=LAST, valid_to=None)
    assert refused.value.code is ProblemCode.PAIRING_OVERLAPS
    await _pair(counties, valid_from=date(2027, 1, 16), valid_to=None)


async def test_only_who_manages_both_schools_manages_their_pairing(counties: Counties) -> None:
    made = await _pair(counties)
    school = admin_of(f"{ROOT_PATH}c1/{counties.center}/")
    for who in (OTHER, school):
        assert (await counties.desk.pairings.listed(who, Search()))[1] == 0
    assert (await counties.desk.pairings.listed(ADMIN, Search()))[0] == (made,)

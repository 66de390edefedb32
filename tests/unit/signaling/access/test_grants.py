"""The permission table, read from the outside: what each role may and may not."""

import itertools
from dataclasses import replace

import pytest

from signaling.access.actions import Action
from signaling.access.grants import GRANTS, allows, demand, granted, own_actions, standing
from signaling.access.relations import Relation
from signaling.access.roles import Actor, Role, held_in
from signaling.base.errors import Forbidden
from signaling.lessons.parties import standing_in
from tests.unit.signaling.classroom.rooms import COUNTY, PARTIES, subject

LEAD = subject("wang", Role.LEAD_TEACHER)
OTHER_LEAD = subject("li", Role.LEAD_TEACHER)
ROOM = subject("a", Role.RECEIVE_ROOM, room=True)
OTHER_ROOM = subject("z", Role.RECEIVE_ROOM, room=True)
ADMIN = subject("admin", Role.COUNTY_ADMIN)
RESEARCHER = subject("chen", Role.RESEARCHER)
ASSISTANT = subject("zhu", Role.ASSISTANT, school="school-a")
FAR_ASSISTANT = subject("far", Role.ASSISTANT, school="school-z")


def test_every_action_is_granted_to_somebody() -> None:
    assert set(GRANTS) == set(Action)
    assert all(GRANTS.values())


@pytest.mark.parametrize(
    ("action", "who"),
    [
        (Action.START_LESSON, [LEAD]),
        (Action.END_LESSON, [LEAD, ADMIN]),
        (Action.CANCEL_LESSON, [LEAD, ADMIN]),
        (Action.CREATE_LESSON, [LEAD, ADMIN]),
        (Action.SEE_JOIN_CODE, [LEAD, ADMIN]),
        (Action.ISSUE_EXTERNAL_ACCESS, [LEAD, ADMIN]),
        (Action.ISSUE_DEVICE_TOKEN, [ADMIN]),
        (Action.READ_DIRECTORY, [LEAD, OTHER_LEAD, ADMIN]),
        (Action.READ_LESSON, [LEAD, ROOM, ASSISTANT, ADMIN, RESEARCHER]),
        (Action.TAKE_PART, [LEAD, ROOM, ASSISTANT]),
        (Action.OBSERVE, [ADMIN, RESEARCHER]),
        (Action.PUBLISH_CAMERA, [LEAD, ROOM]),
        (Action.PUBLISH_COURSEWARE, [LEAD]),
        (Action.COMMAND_STAGE, [LEAD]),
        (Action.MUTE_ALL, [LEAD]),
        (Action.RAISE_HAND, [ROOM]),
        (Action.SEND_NOTICE, [LEAD, ADMIN]),
        (Action.SET_HEADCOUNT, [ROOM]),
        (Action.CORRECT_HEADCOUNT, [LEAD, ADMIN]),
        (Action.READ_LEDGER, [ADMIN, RESEARCHER]),
        (Action.READ_LEDGER_UNIT, [LEAD, ROOM, ASSISTANT, ADMIN, RESEARCHER]),
        (Action.EXPLAIN_MISSED, [LEAD, ROOM, ASSISTANT, ADMIN]),
        (Action.CONFIRM_MISSED, [ADMIN]),
        (Action.AMEND_HEADCOUNT, [LEAD, ROOM, ASSISTANT, ADMIN]),
        (Action.EDIT_REQUIREMENTS, [ADMIN]),
        (Action.FREEZE_MONTH, [ADMIN]),
        (Action.MANAGE_NODES, [ADMIN]),
        (Action.READ_RECORDING, [LEAD, ROOM, ASSISTANT, ADMIN, RESEARCHER]),
        (Action.READ_ALL_RECORDINGS, [ADMIN, RESEARCHER]),
        (Action.READ_CONSENT, [ADMIN, RESEARCHER, ASSISTANT]),
        (Action.KEEP_CONSENT, [ADMIN, ASSISTANT]),
    ],
)
def test_who_may(action: Action, who: list[Actor]) -> None:
    everybody = [
        LEAD,
        OTHER_LEAD,
        ROOM,
        OTHER_ROOM,
        ADMIN,
        RESEARCHER,
        ASSISTANT,
        FAR_ASSISTANT,
    ]
    assert [s for s in everybody if granted(action, standing_in(s, PARTIES))] == [
        s for s in everybody if s in who
    ]


def test_no_role_is_enough_where_a_relation_is_asked_for() -> None:
    for action, role in itertools.product(Action, Role):
        needs = {relation for r, relation in GRANTS[action] if r is role}
        assert granted(action, frozenset()) is False
        if Relation.NONE not in needs:
            assert granted(action, standing(subject("x", role))) is False


def test_what_is_not_allowed_cannot_be_demanded() -> None:
    here = (f"{COUNTY}school-a/",)
    demand(ADMIN, Action.ISSUE_DEVICE_TOKEN, branches=here)
    for who, where in ((LEAD, here), (ADMIN, ()), (ADMIN, ("/cn/county-b/school-b/",))):
        with pytest.raises(Forbidden):
            demand(who, Action.ISSUE_DEVICE_TOKEN, branches=where)
    demand(LEAD, Action.START_LESSON, {Relation.LEADS})
    with pytest.raises(Forbidden):
        demand(LEAD, Action.START_LESSON, {Relation.AT_SCHOOL})


@pytest.mark.parametrize(
    ("who", "own"),
    [
        (
            LEAD,
            "create_lesson choose_resources read_directory read_terms edit_resource "
            "share_resource keep_series explain_missed upload_material read_federated",
        ),
        (ROOM, "read_terms explain_missed read_federated"),
        (ASSISTANT, "read_terms explain_missed read_consent keep_consent read_federated"),
        (
            ADMIN,
            "list_all_lessons create_lesson choose_resources read_directory manage_directory "
            "manage_timetable read_terms observe read_all_recordings set_review_policy "
            "share_resource keep_series read_resource_figures read_retention set_retention "
            "read_all_links issue_device_token manage_accounts manage_grants read_audit "
            "read_ledger explain_missed confirm_missed edit_requirements freeze_month "
            "read_consent keep_consent upload_material manage_harvests read_federated "
            "manage_nodes",
        ),
        (
            RESEARCHER,
            "list_all_lessons read_terms observe read_all_recordings read_resource_figures "
            "read_all_links read_ledger read_consent upload_material read_federated",
        ),
        (
            subject("du", Role.INSPECTOR),
            "list_all_lessons read_terms observe read_all_recordings read_resource_figures "
            "read_all_links read_ledger read_consent read_federated",
        ),
        (
            subject("zhao", Role.RESOURCE_ADMIN),
            "list_all_lessons read_terms read_all_recordings review_resource publish_resource "
            "share_resource keep_series read_resource_figures read_retention read_consent "
            "upload_material manage_harvests read_federated",
        ),
    ],
)
def test_what_each_page_may_offer(who: Actor, own: str) -> None:
    assert " ".join(own_actions(who)) == own


def test_a_role_counts_in_its_own_branch_and_lends_nothing_to_another_role() -> None:
    both = Actor(
        "both",
        "both",
        frozenset({Role.COUNTY_ADMIN, Role.RESEARCHER}),
        grants=held_in("/cn/a/", [Role.COUNTY_ADMIN]) | held_in("/cn/b/", [Role.RESEARCHER]),
    )
    in_a, in_b = ("/cn/a/s/",), ("/cn/b/s/",)
    assert allows(both, Action.CANCEL_LESSON, branches=in_a)
    assert not allows(both, Action.CANCEL_LESSON, branches=in_b)
    assert allows(both, Action.OBSERVE, branches=in_b)
    assert not allows(both, Action.OBSERVE, branches=("/cn/ab/s/",))


def test_a_teacher_reads_the_directory_of_the_own_county() -> None:
    assert allows(LEAD, Action.READ_DIRECTORY, branches=(f"{COUNTY}school-z/",))
    assert not allows(LEAD, Action.READ_DIRECTORY, branches=("/cn/county-b/school-b/",))


def test_processes_serve_all_so_an_admin_of_one_school_is_not_offered_them() -> None:
    school = replace(ADMIN, grants=held_in(f"{COUNTY}school/", ADMIN.roles), county=COUNTY)
    county = replace(school, grants=held_in(COUNTY, ADMIN.roles))
    city = replace(school, grants=held_in("", ADMIN.roles))
    offered = [Action.MANAGE_NODES in own_actions(who) for who in (school, county, city)]
    assert offered == [False, True, True]
    assert Action.MANAGE_DIRECTORY in own_actions(school)
